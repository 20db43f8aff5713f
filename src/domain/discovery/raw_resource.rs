//! Fields of an entry as they were read, whatever the format of the file.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

use super::{Rejection, ResourceReport, UnstatedFields, identity};
use crate::domain::Cloud;

const MAX_NAME: usize = 512;

/// Resource as it was read. Blanks around texts are dropped, and an empty text counts as missing.
#[derive(Debug, Default)]
pub(super) struct RawResource {
    pub cloud: Option<String>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
    pub resource_id: Option<String>,
    pub name: Option<String>,
    pub region: Option<String>,
    pub created_at: Option<String>,
    pub native_tags: BTreeMap<String, String>,
    /// The entry has a field of all native tags.
    pub states_tags: bool,
    /// Tags of fields of their own, which edit the native ones.
    pub edited_tags: BTreeMap<String, String>,
    /// Keys whose field is blank.
    pub cleared_tags: Vec<String>,
    /// Faults that were found while reading.
    pub faults: Vec<Rejection>,
}

impl RawResource {
    /// Adds tags of a JSON object, as it is written: numbers and booleans become the text that they are, null the empty text.
    pub fn add_tags(&mut self, json: &str) {
        self.states_tags = true;
        if matches!(json.trim(), "" | "null") {
            return;
        }
        let tags = match serde_json::from_str(json) {
            Ok(JsonTags(tags)) => tags,
            Err(error) => {
                let reason = if error.is_data() {
                    "is not an object of key and value"
                } else {
                    "is not a JSON object"
                };
                return self.faults.push(Rejection::of("native_tags", json, reason));
            }
        };
        for (key, value) in tags {
            let written = value.get();
            let text = match written.as_bytes().first() {
                Some(b'"') => serde_json::from_str(written).ok(),
                Some(b'n') => Some(String::new()),
                Some(b'[' | b'{') | None => None,
                Some(_) => Some(written.to_owned()),
            };
            if let Some(text) = text {
                self.add_tag(key, text);
            } else {
                let reason = format!("the value of tag {key:?} is not a text");
                self.faults.push(Rejection::of("native_tags", written, reason));
            }
        }
    }

    /// Adds tags of a JSON value that was read, as [`Self::add_tags`] does.
    pub fn add_tag_values(&mut self, tags: &Value) {
        self.add_tags(&tags.to_string());
    }

    /// Adds one native tag; the same key with another value is a fault.
    pub fn add_tag(&mut self, key: String, value: String) {
        add(&mut self.native_tags, key, value, &mut self.faults);
    }

    /// Adds a tag that comes before a native one of its key; the same key with another value is a fault.
    pub fn edit_tag(&mut self, key: String, value: String) {
        add(&mut self.edited_tags, key, value, &mut self.faults);
    }

    /// Native tags with the edited ones; keys of Azure have no case.
    fn tags(&mut self, cloud: Cloud) -> BTreeMap<String, String> {
        let mut tags = std::mem::take(&mut self.native_tags);
        if cloud == Cloud::Azure {
            let twice = without_case(&tags).or_else(|| without_case(&self.edited_tags));
            self.faults.extend(twice);
            tags.retain(|key, _| {
                !self
                    .edited_tags
                    .keys()
                    .any(|edited| edited.eq_ignore_ascii_case(key))
            });
        }
        tags.extend(std::mem::take(&mut self.edited_tags));
        tags
    }

    /// Validates the fields; the error has all faults.
    pub fn finish(mut self) -> Result<ResourceReport, Vec<Rejection>> {
        let mut faults = std::mem::take(&mut self.faults);
        let unstated = UnstatedFields {
            name: self.name.is_none(),
            region: self.region.is_none(),
            native_tags: !self.states_tags,
            cleared_tags: if self.states_tags {
                Vec::new()
            } else {
                std::mem::take(&mut self.cleared_tags)
            },
        };
        let cloud = required("cloud", self.cloud.take(), &mut faults).and_then(|text| {
            let cloud = parse_cloud(&text);
            if cloud.is_none() {
                faults.push(Rejection::of("cloud", &text, "is none of aws, gcp, azure"));
            }
            cloud
        });
        let account_id = required("account_id", self.account_id.take(), &mut faults);
        let resource_type = required("resource_type", self.resource_type.take(), &mut faults);
        let resource_id = required("resource_id", self.resource_id.take(), &mut faults);
        let created_at = trimmed(self.created_at.take()).and_then(|text| {
            let time = parse_time(&text);
            if time.is_none() {
                faults.push(Rejection::of(
                    "created_at",
                    &text,
                    "is neither an RFC 3339 time nor a date",
                ));
            }
            time
        });
        let (Some(cloud), Some(account_id), Some(resource_type), Some(resource_id)) =
            (cloud, account_id, resource_type, resource_id)
        else {
            return Err(faults);
        };
        let account_id = match identity::mended_account(cloud, &account_id, &resource_id) {
            Ok(mended) => mended.unwrap_or(account_id),
            Err(reason) => {
                faults.push(Rejection::of("account_id", &account_id, reason));
                return Err(faults);
            }
        };
        let native_tags = self.tags(cloud);
        faults.append(&mut self.faults);
        let name = trimmed(self.name).or_else(|| name_from_tags(&native_tags));
        let report = ResourceReport {
            name: name.unwrap_or_else(|| name_from_id(&resource_id)),
            region: trimmed(self.region).or_else(|| region_from_id(&resource_id)),
            resource_id,
            cloud,
            account_id,
            resource_type: identity::type_of(cloud, resource_type),
            native_tags,
            created_at,
            unstated,
        };
        if let Err(more) = report.validate() {
            faults.extend(more);
        }
        if faults.is_empty() {
            Ok(report)
        } else {
            Err(faults)
        }
    }
}

fn add(tags: &mut BTreeMap<String, String>, key: String, value: String, faults: &mut Vec<Rejection>) {
    match tags.get(&key) {
        Some(other) if *other != value => {
            let reason = format!("the tag is given twice, also as {other:?}");
            faults.push(Rejection::of(format!("tag:{key}"), &value, reason));
        }
        _ => {
            tags.insert(key, value);
        }
    }
}

/// Fault of tags whose keys differ in case only, and whose values differ.
fn without_case(tags: &BTreeMap<String, String>) -> Option<Rejection> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    tags.iter().find_map(|(key, value)| {
        let other = *seen.entry(key.to_lowercase()).or_insert(value);
        let reason = || format!("the tag is given twice, also as {other:?}: keys of Azure have no case");
        (other != value).then(|| Rejection::of(format!("tag:{key}"), value, reason()))
    })
}

/// Name that the resource's own tags give it, as consoles show it.
fn name_from_tags(tags: &BTreeMap<String, String>) -> Option<String> {
    let named = tags.get("Name").or_else(|| {
        let mut tags = tags.iter();
        tags.find(|(key, _)| key.eq_ignore_ascii_case("name"))
            .map(|(_, value)| value)
    });
    let name = trimmed(named.cloned())?;
    (name.chars().count() <= MAX_NAME && !name.contains('\0')).then_some(name)
}

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Members of a JSON object as they are written, those that come twice included.
struct JsonTags(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for JsonTags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TagVisitor;
        impl<'de> Visitor<'de> for TagVisitor {
            type Value = JsonTags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of key and value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonTags, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonTags(members))
            }
        }
        deserializer.deserialize_map(TagVisitor)
    }
}

fn required(column: &str, text: Option<String>, faults: &mut Vec<Rejection>) -> Option<String> {
    let text = trimmed(text);
    // A fault of the same field (not a text, not UTF-8) says more than that it is missing.
    if text.is_none() && !faults.iter().any(|f| f.column.as_deref() == Some(column)) {
        faults.push(Rejection {
            column: Some(column.into()),
            ..Rejection::new("is missing or empty")
        });
    }
    text
}

fn parse_cloud(text: &str) -> Option<Cloud> {
    [("aws", Cloud::Aws), ("gcp", Cloud::Gcp), ("azure", Cloud::Azure)]
        .into_iter()
        .find_map(|(name, cloud)| text.eq_ignore_ascii_case(name).then_some(cloud))
}

/// Parses RFC 3339, or a date with or without a time, taken as UTC (spreadsheets drop the zone). Cut to microseconds,
/// or the same file would change the resource at each import.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let naive = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| {
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .ok()
                    .map(|d| d.and_time(NaiveTime::MIN))
            })
            .map(|t| t.and_utc())
    };
    let time = DateTime::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .ok()
        .or_else(naive)?;
    DateTime::from_timestamp_micros(time.timestamp_micros())
}

/// Name that consoles show for a nameless resource: the last part of its id.
fn name_from_id(id: &str) -> String {
    let last = id
        .rsplit(['/', ':'])
        .find(|part| !part.trim().is_empty())
        .unwrap_or(id);
    last.trim().chars().take(MAX_NAME).collect()
}

/// Region that an ARN (`arn:partition:service:region:...`) names.
fn region_from_id(id: &str) -> Option<String> {
    let mut parts = id.strip_prefix("arn:")?.split(':');
    let region = parts.nth(2)?;
    // Service, region, account and resource: an id with fewer parts is no ARN.
    parts.nth(1)?;
    let plausible = region
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (!region.is_empty() && plausible).then(|| region.to_owned())
}

#[cfg(test)]
mod tests;
