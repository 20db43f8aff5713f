//! `gcloud asset search-all-resources`, and the answers of `searchAllResources` of Cloud Asset Inventory.

use super::cloud_format::{CloudFormat, RawEntry, is_token, object, text};
use super::file_format::FileFormat;
use super::gcp_names::{account_of_ancestor, container, last_part, project};
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;
use serde_json::Value;

pub(super) struct AssetSearch {
    /// Path of the list: empty for a list by itself, `results` for an answer of the API.
    list: &'static str,
    has_more: bool,
}

impl AssetSearch {
    pub fn new(list: &'static str) -> Self {
        Self {
            list,
            has_more: false,
        }
    }
}

fn resource(json: &[u8]) -> RawEntry {
    let map = object(json)?;
    let Some(name) = text(&map, "name") else {
        return Err(Rejection::new("has no name"));
    };
    let parent = text(&map, "parentFullResourceName");
    let account = project(&name)
        .or_else(|| parent.as_deref().and_then(project))
        .map(str::to_owned)
        .or_else(|| text(&map, "project").map(|number| account_of_ancestor(&number).to_owned()))
        .or_else(|| container(&name))
        .or_else(|| text(&map, "organization"));
    let mut raw = RawResource {
        cloud: Some("gcp".to_owned()),
        account_id: account,
        resource_type: text(&map, "assetType"),
        name: Some(last_part(
            &text(&map, "displayName").unwrap_or_else(|| name.clone()),
        )),
        region: text(&map, "location"),
        created_at: text(&map, "createTime"),
        resource_id: Some(name),
        ..RawResource::default()
    };
    raw.add_tag_values(map.get("labels").unwrap_or(&Value::Null));
    Ok(raw)
}

impl CloudFormat for AssetSearch {
    fn format(&self) -> FileFormat {
        FileFormat::GcpAssetSearch
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            _ if path == self.list => PathRole::Entries,
            "" => PathRole::Inside,
            "nextPageToken" => PathRole::Value,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        entries.push(resource(json));
    }

    fn value(&mut self, _path: &str, value: &Value) {
        self.has_more = is_token(value);
    }

    fn gaps(&self) -> Vec<String> {
        let more = "the answer has a nextPageToken: there are more pages".to_owned();
        self.has_more.then_some(more).into_iter().collect()
    }
}
