//! Answers of `Search` and `ListResources` of AWS Resource Explorer.

use super::aws_names::{name_by_tag, region, resource_of_arn, slashed_type};
use super::cloud_format::{CloudFormat, RawEntry, add_tag_list, is_token, object, text};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use serde_json::Value;

/// Number of resources at which both operations end without a token, whether there are more or not.
const LAST_RESULT: u64 = 1000;

#[derive(Default)]
pub(super) struct ResourceExplorer {
    account: Option<String>,
    resources: u64,
    has_tags: bool,
    total: Option<u64>,
    has_more: bool,
    is_cut: bool,
}

impl ResourceExplorer {
    pub fn new(account: Option<String>) -> Self {
        Self {
            account,
            ..Self::default()
        }
    }

    fn resource(&mut self, json: &[u8]) -> RawEntry {
        let map = object(json)?;
        let Some(arn) = text(&map, "Arn") else {
            return Err(Rejection::new("has no Arn"));
        };
        let stated = text(&map, "ResourceType").map(|stated| slashed_type(&stated));
        let owner = text(&map, "OwningAccountId").or_else(|| self.account.clone());
        let mut raw = resource_of_arn(&arn, owner.as_deref(), stated)?;
        raw.region = region(text(&map, "Region"));
        let properties = map.get("Properties").and_then(Value::as_array);
        for property in properties.into_iter().flatten() {
            if property.get("Name").and_then(Value::as_str) == Some("tags") {
                self.has_tags = true;
                add_tag_list(
                    &mut raw,
                    property.get("Data").unwrap_or(&Value::Null),
                    ["Key", "Value"],
                );
            }
        }
        name_by_tag(&mut raw);
        Ok(raw)
    }
}

impl CloudFormat for ResourceExplorer {
    fn format(&self) -> FileFormat {
        FileFormat::AwsResourceExplorer
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            "" | "Count" => PathRole::Inside,
            "Resources" => PathRole::Entries,
            "NextToken" | "Count.Complete" | "Count.TotalResources" => PathRole::Value,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        self.resources += 1;
        entries.push(self.resource(json));
    }

    fn value(&mut self, path: &str, value: &Value) {
        match path {
            "NextToken" => self.has_more = is_token(value),
            "Count.Complete" => self.is_cut = value == &Value::Bool(false),
            _ => self.total = value.as_u64(),
        }
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.has_more {
            gaps.push("the answer has a NextToken: there are more pages".to_owned());
        }
        if self.is_cut {
            gaps.push("Count.Complete is false: the search found more than it counted".to_owned());
        }
        if let Some(total) = self.total.filter(|total| *total > self.resources) {
            gaps.push(format!("the answer has {} of {total} resources", self.resources));
        } else if self.resources > 0 && self.resources.is_multiple_of(LAST_RESULT) && !self.has_more {
            gaps.push("Resource Explorer ends at 1,000 resources, whether there are more or not".to_owned());
        }
        if self.resources > 0 && !self.has_tags {
            gaps.push("no resource has tags: the view does not include them".to_owned());
        }
        gaps
    }
}
