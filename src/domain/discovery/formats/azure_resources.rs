//! `az resource list`, lists of Azure Resource Manager, and single resources of it.

use super::azure_names::azure_resource;
use super::cloud_format::{CloudFormat, RawEntry, is_token, object, text};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use serde_json::{Map, Value};

pub(super) struct AzureResources {
    /// Path of the list: empty for a list by itself or one resource, `value` for an answer of the API.
    list: &'static str,
    has_more: bool,
}

impl AzureResources {
    pub fn new(list: &'static str) -> Self {
        Self {
            list,
            has_more: false,
        }
    }
}

/// Resource of a list, which leaves tags out where there are none.
fn listed(map: &Map<String, Value>) -> RawEntry {
    let mut raw = azure_resource(map)?;
    raw.states_tags = true;
    Ok(raw)
}

impl CloudFormat for AzureResources {
    fn format(&self) -> FileFormat {
        FileFormat::AzureResourceList
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            _ if path == self.list => PathRole::Entries,
            "" => PathRole::Inside,
            "nextLink" => PathRole::Value,
            _ => PathRole::Skipped,
        }
    }

    /// Reads a resource, and the resources below it that the answer embeds.
    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        let map = match object(json) {
            Ok(map) => map,
            Err(fault) => return entries.push(Err(fault)),
        };
        entries.push(listed(&map));
        let embedded = map.get("resources").and_then(Value::as_array);
        let embedded = embedded.into_iter().flatten().filter_map(Value::as_object);
        // References have an id alone.
        let embedded = embedded.filter(|below| text(below, "type").is_some());
        entries.extend(embedded.map(listed));
    }

    fn value(&mut self, _path: &str, value: &Value) {
        self.has_more = is_token(value);
    }

    fn gaps(&self) -> Vec<String> {
        let more = "the answer has a nextLink: there are more pages".to_owned();
        self.has_more.then_some(more).into_iter().collect()
    }
}
