//! Report of a resource, and the limits that it must satisfy.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;

use super::{Rejection, identity};
use crate::domain::Cloud;

const MAX_NATIVE_TAGS: usize = 256;
const MAX_TAG_KEY: usize = 256;
const MAX_TAG_VALUE: usize = 4096;
/// Bytes of all keys and values. Azure has the highest limit: 50 tags with 768 characters, most of them of one byte.
const MAX_TAG_BYTES: usize = 64 << 10;

/// Resource as a provider reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceReport {
    /// Provider's own id: an ARN, a full resource name, an Azure resource id. Unique. 1 to 2048 bytes.
    pub resource_id: String,
    /// 1 to 512 characters.
    pub name: String,
    pub cloud: Cloud,
    /// Account, project or subscription; the one that the id names, if it names one. 1 to 256 characters.
    pub account_id: String,
    /// 1 to 256 characters.
    pub resource_type: String,
    /// 1 to 128 characters.
    pub region: Option<String>,
    /// At most 256; keys of 1 to 256 characters, values of at most 4096, and 64 KiB of all of them in UTF-8.
    pub native_tags: BTreeMap<String, String>,
    /// Whole microseconds, the precision of the database; years 1 to 9999.
    pub created_at: Option<DateTime<Utc>>,
    /// Fields of which the report says nothing.
    #[serde(flatten)]
    pub unstated: UnstatedFields,
}

/// Fields of which a report says nothing, such as a file without their columns: a resource that is there keeps what it has,
/// and a new one takes what the report has in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnstatedFields {
    #[serde(rename = "keeps_name")]
    pub name: bool,
    #[serde(rename = "keeps_region")]
    pub region: bool,
    /// The tags of the report are added to those that are there.
    #[serde(rename = "keeps_tags")]
    pub native_tags: bool,
    /// Keys of tags that the report says the resource does not have, where it says nothing of others.
    pub cleared_tags: Vec<String>,
}

impl ResourceReport {
    /// Checks the limits of all fields, and that the id belongs to the account.
    ///
    /// # Errors
    /// Every field that breaks a limit, holds a NUL character, or as an id holds a control character; an id that names
    /// another account.
    pub fn validate(&self) -> Result<(), Vec<Rejection>> {
        let mut faults = Vec::new();
        // Bytes, not characters: the unique index holds no longer keys.
        check(
            &mut faults,
            "resource_id",
            &self.resource_id,
            2048,
            str::len,
            "bytes",
        );
        check(
            &mut faults,
            "account_id",
            &self.account_id,
            256,
            characters,
            "characters",
        );
        check(
            &mut faults,
            "resource_type",
            &self.resource_type,
            256,
            characters,
            "characters",
        );
        if let Some(region) = &self.region {
            check(&mut faults, "region", region, 128, characters, "characters");
        }
        for (column, id) in [
            ("resource_id", &self.resource_id),
            ("account_id", &self.account_id),
            ("resource_type", &self.resource_type),
            ("region", self.region.as_ref().unwrap_or(&String::new())),
        ] {
            if id.contains(char::is_control) {
                faults.push(Rejection::of(column, id, "holds a control character"));
            }
        }
        let foreign = identity::foreign_account(self.cloud, &self.account_id, &self.resource_id);
        faults.extend(foreign.map(|reason| Rejection::of("resource_id", &self.resource_id, reason)));
        check(&mut faults, "name", &self.name, 512, characters, "characters");
        if self.name.contains('\0') {
            faults.push(Rejection::of("name", &self.name, "holds a NUL character"));
        }
        if let Some(at) = self.created_at
            && !(1..=9999).contains(&at.year())
        {
            faults.push(Rejection::of(
                "created_at",
                &at.to_rfc3339(),
                "the year is not within 1 to 9999",
            ));
        }
        self.check_tags(&mut faults);
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn check_tags(&self, faults: &mut Vec<Rejection>) {
        if self.native_tags.len() > MAX_NATIVE_TAGS {
            let reason = format!(
                "{} tags, at most {MAX_NATIVE_TAGS} are taken",
                self.native_tags.len()
            );
            faults.push(Rejection {
                column: Some("native_tags".into()),
                ..Rejection::new(reason)
            });
            return;
        }
        let bytes: usize = self
            .native_tags
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        if bytes > MAX_TAG_BYTES {
            let reason = format!("{bytes} bytes of keys and values, at most {MAX_TAG_BYTES} are taken");
            faults.push(Rejection {
                column: Some("native_tags".into()),
                ..Rejection::new(reason)
            });
        }
        for (key, value) in &self.native_tags {
            check(
                faults,
                "native_tags",
                key,
                MAX_TAG_KEY,
                characters,
                "characters as a key",
            );
            if characters(value) > MAX_TAG_VALUE {
                let reason = format!("tag {}: longer than {MAX_TAG_VALUE} characters", short(key));
                faults.push(Rejection::of("native_tags", value, reason));
            }
            if key.contains('\0') || value.contains('\0') {
                let reason = format!("tag {}: holds a NUL character", short(key));
                faults.push(Rejection::of("native_tags", value, reason));
            }
        }
    }
}

fn check(
    faults: &mut Vec<Rejection>,
    column: &str,
    value: &str,
    max: usize,
    measure: fn(&str) -> usize,
    unit: &str,
) {
    let length = measure(value);
    if length == 0 {
        faults.push(Rejection::of(column, value, "is empty"));
    } else if length > max {
        faults.push(Rejection::of(
            column,
            value,
            format!("has {length} {unit}, at most {max} are taken"),
        ));
    }
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn short(key: &str) -> String {
    let cut: String = key.chars().take(40).collect();
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::{ResourceReport, UnstatedFields};
    use crate::domain::Cloud;

    fn report() -> ResourceReport {
        ResourceReport {
            unstated: UnstatedFields::default(),
            resource_id: "i-1".into(),
            name: "web".into(),
            cloud: Cloud::Aws,
            account_id: "1".into(),
            resource_type: "ec2/instance".into(),
            region: None,
            native_tags: [("Env".into(), "prod".into())].into(),
            created_at: None,
        }
    }

    fn columns(change: impl FnOnce(&mut ResourceReport)) -> Vec<String> {
        let mut report = report();
        change(&mut report);
        let faults = report.validate().err().unwrap_or_default();
        faults.into_iter().map(|f| f.column.unwrap()).collect()
    }

    #[test]
    fn limits_hold_at_their_borders() {
        assert!(columns(|_| ()).is_empty());
        assert!(columns(|r| r.resource_id = "x".repeat(2048)).is_empty());
        assert_eq!(columns(|r| r.resource_id = "é".repeat(1025)), ["resource_id"]);
        assert!(columns(|r| r.name = "é".repeat(512)).is_empty());
        assert_eq!(columns(|r| r.name = "é".repeat(513)), ["name"]);
        assert_eq!(columns(|r| r.account_id.clear()), ["account_id"]);
        assert_eq!(columns(|r| r.region = Some(String::new())), ["region"]);
        assert_eq!(columns(|r| r.resource_type = "a\tb".into()), ["resource_type"]);
        assert_eq!(columns(|r| r.name = "a\0".into()), ["name"]);
        assert!(columns(|r| r.name = "two\nlines".into()).is_empty());
        assert_eq!(
            columns(|r| r.native_tags = [(String::new(), "v".into())].into()),
            ["native_tags"]
        );
        assert_eq!(
            columns(|r| r.native_tags = [("k".into(), "v\0".into())].into()),
            ["native_tags"]
        );
        assert_eq!(
            columns(|r| r.native_tags = [("k".into(), "v".repeat(4097))].into()),
            ["native_tags"]
        );
        let tags = |n: u32| {
            move |r: &mut ResourceReport| {
                r.native_tags = (0..n).map(|i| (i.to_string(), String::new())).collect();
            }
        };
        assert!(columns(tags(256)).is_empty());
        assert_eq!(columns(tags(257)), ["native_tags"]);
        let large = |last: usize| {
            move |r: &mut ResourceReport| {
                let long = (0..16).map(|i| (format!("{i:>6}"), "é".repeat(2040)));
                r.native_tags = long.chain([("last".into(), "x".repeat(last))]).collect();
            }
        };
        assert!(columns(large((64 << 10) - 16 * 4086 - 4)).is_empty());
        assert_eq!(columns(large((64 << 10) - 16 * 4086 - 3)), ["native_tags"]);
    }
}
