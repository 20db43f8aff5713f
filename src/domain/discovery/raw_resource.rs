//! Fields of an entry as they were read, whatever the format of the file.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::Value;

use super::{Rejection, ResourceReport};
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
    /// Faults that were found while reading.
    pub faults: Vec<Rejection>,
}

impl RawResource {
    /// Adds tags of a JSON object: numbers and booleans become text, null the empty text.
    pub fn add_tags(&mut self, tags: Value) {
        let map = match tags {
            Value::Null => return,
            Value::Object(map) => map,
            other => {
                let fault = Rejection::of(
                    "native_tags",
                    &other.to_string(),
                    "is not an object of key and value",
                );
                return self.faults.push(fault);
            }
        };
        for (key, value) in map {
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    let reason = format!("the value of tag {key:?} is not a text");
                    self.faults
                        .push(Rejection::of("native_tags", &value.to_string(), reason));
                    continue;
                }
            };
            self.add_tag(key, text);
        }
    }

    /// Adds one tag; the same key with another value is a fault.
    pub fn add_tag(&mut self, key: String, value: String) {
        match self.native_tags.get(&key) {
            Some(other) if *other != value => {
                let reason = format!("the tag is given twice, also as {other:?}");
                self.faults
                    .push(Rejection::of(format!("tag:{key}"), &value, reason));
            }
            _ => {
                self.native_tags.insert(key, value);
            }
        }
    }

    /// Validates the fields; the error has all faults.
    pub fn finish(self) -> Result<ResourceReport, Vec<Rejection>> {
        let mut faults = self.faults;
        let cloud = required("cloud", self.cloud, &mut faults).and_then(|text| {
            let cloud = parse_cloud(&text);
            if cloud.is_none() {
                faults.push(Rejection::of("cloud", &text, "is none of aws, gcp, azure"));
            }
            cloud
        });
        let account_id = required("account_id", self.account_id, &mut faults);
        let resource_type = required("resource_type", self.resource_type, &mut faults);
        let resource_id = required("resource_id", self.resource_id, &mut faults);
        let created_at = trimmed(self.created_at).and_then(|text| {
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
        let report = ResourceReport {
            name: trimmed(self.name).unwrap_or_else(|| name_from_id(&resource_id)),
            region: trimmed(self.region).or_else(|| region_from_id(&resource_id)),
            resource_id,
            cloud,
            account_id,
            resource_type,
            native_tags: self.native_tags,
            created_at,
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

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
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
mod tests {
    use serde_json::json;

    use super::{RawResource, name_from_id, parse_time, region_from_id};
    use crate::domain::Cloud;

    fn raw() -> RawResource {
        RawResource {
            cloud: Some(" AWS ".into()),
            account_id: Some("123".into()),
            resource_type: Some("sqs/queue".into()),
            resource_id: Some("arn:aws:sqs:eu-west-2:123:orders".into()),
            ..RawResource::default()
        }
    }

    #[test]
    fn absent_fields_are_derived() {
        let report = raw().finish().unwrap();
        assert_eq!((report.cloud, report.name.as_str()), (Cloud::Aws, "orders"));
        assert_eq!(report.region.as_deref(), Some("eu-west-2"));
        assert_eq!(region_from_id("arn:aws:s3:::bucket"), None);
        assert_eq!(region_from_id("arn:aws:x:eu-west-1"), None);
        assert_eq!(region_from_id("/subscriptions/a:b:c:d:e"), None);
        assert_eq!(name_from_id("a/b/"), "b");
        assert_eq!(name_from_id("://"), "://");
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut raw = RawResource {
            cloud: Some("ibm".into()),
            created_at: Some("soon".into()),
            ..RawResource::default()
        };
        raw.add_tags(json!({"ok": 1, "nested": {"a": 1}}));
        let columns: Vec<_> = raw
            .finish()
            .unwrap_err()
            .into_iter()
            .map(|f| f.column.unwrap())
            .collect();
        let expected = [
            "native_tags",
            "cloud",
            "account_id",
            "resource_type",
            "resource_id",
            "created_at",
        ];
        assert_eq!(columns, expected);
    }

    #[test]
    fn tag_values_become_text() {
        let mut raw = raw();
        raw.add_tags(json!({"n": 7, "b": true, "z": null, "s": " kept "}));
        raw.add_tag("n".into(), "7".into());
        let tags = raw.finish().unwrap().native_tags;
        let pairs: Vec<_> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("b", "true"), ("n", "7"), ("s", " kept "), ("z", "")]);
    }

    #[test]
    fn a_tag_given_twice_must_agree() {
        let mut raw = raw();
        raw.add_tag("env".into(), "prod".into());
        raw.add_tag("env".into(), "dev".into());
        assert_eq!(raw.finish().unwrap_err()[0].column.as_deref(), Some("tag:env"));
    }

    #[test]
    fn times() {
        let iso = |text: &str| parse_time(text).map(|t| t.to_rfc3339());
        assert_eq!(
            iso("2019-06-06T00:20:10.885-07:00").unwrap(),
            "2019-06-06T07:20:10.885+00:00"
        );
        assert_eq!(
            iso("2021-06-02T20:47:49.227281396Z").unwrap(),
            "2021-06-02T20:47:49.227281+00:00"
        );
        assert_eq!(iso("2024-02-29").unwrap(), "2024-02-29T00:00:00+00:00");
        assert_eq!(iso("2024-02-29 13:05").unwrap(), "2024-02-29T13:05:00+00:00");
        assert_eq!(iso("2023-02-29"), None);
        assert_eq!(iso("1700000000"), None);
    }
}
