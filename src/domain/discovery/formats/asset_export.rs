//! Exports of Cloud Asset Inventory: a resource per line, `gcloud asset list`, and answers that list assets.

use super::cloud_format::{CloudFormat, RawEntry, is_token, object, text};
use super::file_format::FileFormat;
use super::gcp_names::{
    account_of_ancestor, add_labels, container, creation_time, data_name, last_part, location, project,
};
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;
use serde_json::{Map, Value};

/// Reason for which assets without their data say nothing of labels.
const NO_DATA: &str = "assets lack their data, and with it labels: export with the content type RESOURCE";

#[derive(Default)]
pub(in crate::domain::discovery) struct AssetExport {
    /// Path of the list: empty for a list by itself, `assets` for an answer of the API.
    list: &'static str,
    has_more: bool,
    lacks_data: bool,
}

impl AssetExport {
    pub fn new(list: &'static str) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// Reads an asset by itself, such as a line of an export.
    pub fn asset(&mut self, json: &[u8]) -> RawEntry {
        let map = object(json)?;
        self.lacks_data |= !map.contains_key("asset") && !map.contains_key("resource");
        asset(&map)
    }
}

fn asset(map: &Map<String, Value>) -> RawEntry {
    // A history wraps each state of an asset.
    let map = map.get("asset").and_then(Value::as_object).unwrap_or(map);
    let Some(name) = text(map, "name") else {
        return Err(Rejection::new("has no name"));
    };
    let ancestor = map
        .get("ancestors")
        .and_then(|ancestors| ancestors.get(0))
        .and_then(Value::as_str)
        .map(|ancestor| account_of_ancestor(ancestor).to_owned());
    let resource = map.get("resource").and_then(Value::as_object);
    let data = resource.and_then(|resource| resource.get("data")?.as_object());
    let account = project(&name)
        .map(str::to_owned)
        .or(ancestor)
        .or_else(|| container(&name));
    let mut raw = RawResource {
        cloud: Some("gcp".to_owned()),
        account_id: account,
        resource_type: text(map, "assetType").or_else(|| text(map, "asset_type")),
        name: data.map(|data| data_name(data).unwrap_or_else(|| last_part(&name))),
        region: resource
            .and_then(|resource| text(resource, "location"))
            .or_else(|| location(data?)),
        created_at: data.and_then(creation_time),
        resource_id: Some(name),
        ..RawResource::default()
    };
    if let Some(data) = data {
        add_labels(&mut raw, data);
    }
    Ok(raw)
}

impl CloudFormat for AssetExport {
    fn format(&self) -> FileFormat {
        FileFormat::GcpAssetExport
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
        entries.push(self.asset(json));
    }

    fn value(&mut self, _path: &str, value: &Value) {
        self.has_more = is_token(value);
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.has_more {
            gaps.push("the answer has a nextPageToken: there are more pages".to_owned());
        }
        if self.lacks_data {
            gaps.push(NO_DATA.to_owned());
        }
        gaps
    }
}
