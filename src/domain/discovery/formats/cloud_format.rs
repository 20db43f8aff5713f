//! Interface between the document reader and the formats.

use super::file_format::FileFormat;
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;
use serde_json::{Map, Value};

/// Entry as it was read: the fields of a resource, or the fault for which there are none.
pub(in crate::domain::discovery) type RawEntry = Result<RawResource, Rejection>;

/// Format of JSON documents: it names the lists of entries, reads an entry, and tells at the end what a document lacks.
pub(in crate::domain::discovery) trait CloudFormat: Send {
    fn format(&self) -> FileFormat;

    /// Role of the value at a path.
    fn role(&self, path: &str) -> PathRole;

    /// Reads one entry, which may hold any number of resources.
    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>);

    /// Takes a value with the role [`PathRole::Value`].
    fn value(&mut self, _path: &str, _value: &Value) {}

    /// Reasons for which the document may lack resources of its accounts; empty if it is complete. To be called at the end
    /// of the document.
    fn gaps(&self) -> Vec<String>;
}

/// Parses an entry that has to be an object. A rejection never has the text: it may hold secrets.
pub(in crate::domain::discovery) fn object(json: &[u8]) -> Result<Map<String, Value>, Rejection> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Rejection::new("is not a JSON object")),
        Err(error) => {
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or(&text);
            Err(Rejection::new(format!("is not a JSON object: {reason}")))
        }
    }
}

/// Text of a key, without blanks around it; `None` if it is absent, null or empty.
pub(in crate::domain::discovery) fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key).and_then(as_text)
}

/// Text at a path of keys.
pub(in crate::domain::discovery) fn text_at(map: &Map<String, Value>, path: &[&str]) -> Option<String> {
    at(map, path).and_then(as_text)
}

/// Value at a path of keys.
pub(in crate::domain::discovery) fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let start = map.get(*first)?;
    rest.iter().try_fold(start, |value, key| value.get(key))
}

fn as_text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// True if a value says that there are more pages: a token or a link that is not empty.
pub(super) fn is_token(value: &Value) -> bool {
    as_text(value).is_some()
}

/// Adds tags of a list of objects, each with a key and a value under these names.
pub(super) fn add_tag_list(raw: &mut RawResource, tags: &Value, [key_name, value_name]: [&str; 2]) {
    raw.states_tags = true;
    let Value::Array(tags) = tags else {
        if !tags.is_null() {
            raw.faults.push(Rejection::of(
                "native_tags",
                &tags.to_string(),
                "is not a list of tags",
            ));
        }
        return;
    };
    for tag in tags {
        let value = match tag.get(value_name) {
            None | Some(Value::Null) => Some(""),
            Some(value) => value.as_str(),
        };
        match (tag.get(key_name).and_then(Value::as_str), value) {
            (Some(key), Some(value)) => raw.add_tag(key.to_owned(), value.to_owned()),
            _ => raw.faults.push(Rejection::of(
                "native_tags",
                &tag.to_string(),
                "is not a tag with a key and a value",
            )),
        }
    }
}
