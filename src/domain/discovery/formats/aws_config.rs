//! Answers of `SelectResourceConfig` and `SelectAggregateResourceConfig` of AWS Config: each result is JSON in a text.

use super::aws_names::{name_by_tag, region, resource_of_arn};
use super::cloud_format::{CloudFormat, RawEntry, add_tag_list, is_token, object, text};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use serde_json::Value;

#[derive(Default)]
pub(super) struct AwsConfig {
    account: Option<String>,
    results: u64,
    has_tags: bool,
    has_more: bool,
}

impl AwsConfig {
    pub fn new(account: Option<String>) -> Self {
        Self {
            account,
            ..Self::default()
        }
    }

    fn result(&mut self, json: &[u8]) -> RawEntry {
        let inner: String =
            serde_json::from_slice(json).map_err(|_| Rejection::new("is not a result in a text"))?;
        self.item(&inner)
    }

    /// Reads the object that a result holds.
    pub fn item(&mut self, inner: &str) -> RawEntry {
        let map = object(inner.as_bytes())?;
        let Some(arn) = text(&map, "arn") else {
            return Err(Rejection::new(
                "has no arn: the query has to select arn, accountId, awsRegion, resourceType, resourceName, \
                 resourceCreationTime and tags",
            ));
        };
        let account = text(&map, "accountId").or_else(|| self.account.clone());
        let mut raw = resource_of_arn(&arn, account.as_deref(), text(&map, "resourceType"))?;
        raw.name = text(&map, "resourceName");
        raw.region = region(text(&map, "awsRegion"));
        raw.created_at = text(&map, "resourceCreationTime");
        if let Some(tags) = map.get("tags") {
            self.has_tags = true;
            add_tag_list(&mut raw, tags, ["key", "value"]);
        }
        name_by_tag(&mut raw);
        Ok(raw)
    }
}

impl CloudFormat for AwsConfig {
    fn format(&self) -> FileFormat {
        FileFormat::AwsConfig
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            "" => PathRole::Inside,
            "Results" => PathRole::Entries,
            "NextToken" => PathRole::Value,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        self.results += 1;
        entries.push(self.result(json));
    }

    fn value(&mut self, _path: &str, value: &Value) {
        self.has_more = is_token(value);
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.has_more {
            gaps.push("the answer has a NextToken: there are more pages".to_owned());
        }
        if self.results > 0 && !self.has_tags {
            gaps.push("no result has tags: the query does not select them".to_owned());
        }
        gaps
    }
}
