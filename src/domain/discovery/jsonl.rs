//! Parser of a line of JSON Lines.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Rejection;
use super::raw_resource::RawResource;

/// Fields that are read; all others are skipped without being kept.
#[derive(Deserialize)]
struct JsonRecord<'a> {
    cloud: Option<Value>,
    account_id: Option<Value>,
    resource_type: Option<Value>,
    resource_id: Option<Value>,
    name: Option<Value>,
    region: Option<Value>,
    created_at: Option<Value>,
    /// As it is written: numbers would lose digits.
    #[serde(borrow)]
    native_tags: Option<&'a RawValue>,
}

/// Parses a line that is not blank.
pub(super) fn parse(line: &str) -> Result<RawResource, Rejection> {
    let line = line.trim();
    let record: JsonRecord<'_> = serde_json::from_str(line).map_err(|e| refusal(&e).found(line))?;
    let mut raw = RawResource::default();
    raw.cloud = text("cloud", record.cloud, &mut raw.faults);
    raw.account_id = text("account_id", record.account_id, &mut raw.faults);
    raw.resource_type = text("resource_type", record.resource_type, &mut raw.faults);
    raw.resource_id = text("resource_id", record.resource_id, &mut raw.faults);
    raw.name = text("name", record.name, &mut raw.faults);
    raw.region = text("region", record.region, &mut raw.faults);
    raw.created_at = text("created_at", record.created_at, &mut raw.faults);
    if let Some(tags) = record.native_tags {
        raw.add_tags(tags.get());
    }
    Ok(raw)
}

fn text(column: &str, value: Option<Value>, faults: &mut Vec<Rejection>) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        // Not turned into text: a number has lost the leading zeros of an account.
        Some(other) => {
            faults.push(Rejection::of(
                column,
                &other.to_string(),
                "is not a text in quotes",
            ));
            None
        }
    }
}

fn refusal(error: &serde_json::Error) -> Rejection {
    let text = error.to_string();
    // The line that serde counts is always 1; its column is the position within ours.
    let what = text.split(" at line ").next().unwrap_or(&text);
    Rejection::new(format!(
        "is not a JSON object: {what} (character {})",
        error.column()
    ))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn syntax_errors_name_the_place() {
        let refusal = parse(r#"{"cloud": aws}"#).unwrap_err();
        assert_eq!(
            refusal.reason,
            "is not a JSON object: expected value (character 11)"
        );
        assert_eq!(refusal.value.unwrap(), r#"{"cloud": aws}"#);
        assert!(parse("[]").is_err());
        assert!(
            parse(r#"{"name": "a", "name": "b"}"#)
                .unwrap_err()
                .reason
                .contains("duplicate field `name`")
        );
        assert!(parse(&format!("{{\"x\":{}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn other_fields_are_ignored_and_numbers_refused() {
        let raw =
            parse(r#"{"cloud":"aws","account_id":12,"extra":{"a":[1]},"native_tags":{"k":1.5}}"#).unwrap();
        assert_eq!(raw.native_tags["k"], "1.5");
        assert_eq!(raw.faults[0].column.as_deref(), Some("account_id"));
    }
}
