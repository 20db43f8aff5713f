//! Answers of `GetResources` of the AWS Resource Groups Tagging API.

use super::aws_names::{name_by_tag, resource_of_arn};
use super::cloud_format::{CloudFormat, RawEntry, add_tag_list, is_token, object, text};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use serde_json::Value;

pub(super) struct TaggingApi {
    /// Account of ARNs that name none.
    account: Option<String>,
    has_more: bool,
}

impl TaggingApi {
    pub fn new(account: Option<String>) -> Self {
        Self {
            account,
            has_more: false,
        }
    }

    fn resource(&self, json: &[u8]) -> RawEntry {
        let map = object(json)?;
        let Some(arn) = text(&map, "ResourceARN") else {
            return Err(Rejection::new("has no ResourceARN"));
        };
        let mut raw = resource_of_arn(&arn, self.account.as_deref(), None)?;
        add_tag_list(
            &mut raw,
            map.get("Tags").unwrap_or(&Value::Null),
            ["Key", "Value"],
        );
        name_by_tag(&mut raw);
        Ok(raw)
    }
}

impl CloudFormat for TaggingApi {
    fn format(&self) -> FileFormat {
        FileFormat::AwsTaggingApi
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            "" => PathRole::Inside,
            "ResourceTagMappingList" => PathRole::Entries,
            "PaginationToken" | "NextToken" => PathRole::Value,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        entries.push(self.resource(json));
    }

    fn value(&mut self, _path: &str, value: &Value) {
        self.has_more = is_token(value);
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = vec!["GetResources lists only resources that have or had tags".to_owned()];
        if self.has_more {
            gaps.push("the answer has a PaginationToken: there are more pages".to_owned());
        }
        gaps
    }
}
