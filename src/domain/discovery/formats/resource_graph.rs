//! Answers of `az graph query` and of the API of Azure Resource Graph.

use super::azure_names::azure_resource;
use super::cloud_format::{CloudFormat, RawEntry, is_token, object};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use serde_json::{Map, Value};

pub(super) struct ResourceGraph {
    /// Path of the list: empty for a list by itself.
    list: &'static str,
    /// Names of the columns, where rows come as lists.
    columns: Vec<String>,
    rows: u64,
    has_tags: bool,
    total: Option<u64>,
    has_more: bool,
}

impl ResourceGraph {
    pub fn new(list: &'static str) -> Self {
        Self {
            list,
            columns: Vec::new(),
            rows: 0,
            has_tags: false,
            total: None,
            has_more: false,
        }
    }

    fn row(&mut self, json: &[u8]) -> RawEntry {
        let map = if json.starts_with(b"[") {
            self.named_cells(json)?
        } else {
            object(json)?
        };
        self.has_tags |= map.contains_key("tags");
        azure_resource(&map)
    }

    /// Row that comes as a list of cells, by the names of the columns.
    fn named_cells(&self, json: &[u8]) -> Result<Map<String, Value>, Rejection> {
        let cells: Vec<Value> =
            serde_json::from_slice(json).map_err(|_| Rejection::new("is not a list of cells"))?;
        if cells.len() != self.columns.len() {
            return Err(Rejection::new("has not one cell for each column"));
        }
        Ok(self.columns.iter().cloned().zip(cells).collect())
    }
}

impl CloudFormat for ResourceGraph {
    fn format(&self) -> FileFormat {
        FileFormat::AzureResourceGraph
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            "data" if self.list == "data.rows" => PathRole::Inside,
            _ if path == self.list => PathRole::Entries,
            "" => PathRole::Inside,
            "data.columns" | "total_records" | "totalRecords" | "skip_token" | "skipToken" | "$skipToken" => {
                PathRole::Value
            }
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        self.rows += 1;
        entries.push(self.row(json));
    }

    fn value(&mut self, path: &str, value: &Value) {
        match path {
            "data.columns" => {
                let columns = value.as_array().into_iter().flatten();
                let names = columns.filter_map(|column| column.get("name").and_then(Value::as_str));
                self.columns = names.map(str::to_owned).collect();
            }
            "total_records" | "totalRecords" => self.total = value.as_u64(),
            _ => self.has_more |= is_token(value),
        }
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.has_more {
            gaps.push("the answer has a skip token: there are more pages".to_owned());
        }
        match self.total {
            Some(total) if total > self.rows => {
                gaps.push(format!("the answer has {} of {total} records", self.rows));
            }
            Some(_) => {}
            None => gaps.push("the answer does not tell the total number of records".to_owned()),
        }
        if self.rows > 0 && !self.has_tags {
            gaps.push("no record has tags: the query does not project them".to_owned());
        }
        gaps
    }
}
