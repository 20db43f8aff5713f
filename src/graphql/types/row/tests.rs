//! Fields that are resolved at once beside the library's way, on random selections.

use crate::graphql::error::Nullable;
use crate::graphql::relay::row_fields::RowObject;
use crate::graphql::scalars::id::ResourceKind;
use crate::graphql::types::row::is_column;
use async_graphql::{EmptyMutation, EmptySubscription, Json, Object, Request, Schema, Variables};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

#[derive(Clone)]
struct ProbeRow {
    id: i64,
    some_name: String,
    score: f64,
    remark: Option<String>,
    at: DateTime<Utc>,
    native_tags: serde_json::Value,
}

row_object! {
    /// Probe.
    pub struct ProbeObject("Probe", ResourceKind) of ProbeRow {
        /// Name.
        some_name: &str,
        /// Score.
        score: f64,
        /// Remark.
        remark: Option<&str>,
        /// Time.
        at: DateTime<Utc>,
        /// Tags.
        native_tags: Json<&serde_json::Value>,
    }

    /// Probe after this one; null after the last one.
    async fn next(&self) -> Option<RowObject<ProbeObject>> {
        (self.0.id < 3).then(|| RowObject(probe(self.0.id + 1)))
    }

    /// Text.
    async fn echo(&self, text: Option<String>) -> String {
        tokio::task::yield_now().await;
        format!("{} {}", self.0.id, text.unwrap_or_default())
    }

    /// Error of the whole object.
    async fn fail(&self) -> async_graphql::Result<i32> {
        Err(async_graphql::Error::new(format!("{} fails", self.0.id)))
    }

    /// Error of the field alone.
    async fn fail_alone(&self) -> Nullable<i32> {
        Some(Err(async_graphql::Error::new("fails alone")))
    }
}

fn probe(id: i64) -> ProbeObject {
    ProbeRow {
        id,
        some_name: format!("name \"{id}\""),
        score: if id == 2 { f64::NAN } else { 0.1 * id as f64 },
        remark: (id == 1).then(|| "remark".to_owned()),
        at: DateTime::UNIX_EPOCH,
        native_tags: json!({ "a": [1, null] }),
    }
    .into()
}

struct ProbeQuery;

#[Object]
impl ProbeQuery {
    async fn slow(&self) -> Option<ProbeObject> {
        Some(probe(1))
    }

    /// Uses the variables, whatever else does.
    async fn used(&self, text: Option<String>) -> bool {
        text.is_some()
    }

    async fn fast(&self) -> Option<RowObject<ProbeObject>> {
        Some(RowObject(probe(1)))
    }
}

/// Random selections: columns and other fields, aliases, directives, arguments, objects within, and fragments.
fn selection() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        8 => prop::sample::select(vec!["id", "someName", "score", "remark", "at", "nativeTags", "__typename"]),
        3 => prop::sample::select(vec!["echo", "echo(text: \"x\")", "echo(text: $text)", "failAlone"]),
        1 => prop::sample::select(vec!["fail", "echo(text: 7)", "unknown", "...Part"]),
    ];
    let alias = prop_oneof![4 => Just(""), 1 => Just("a: "), 1 => Just("b: ")];
    let directive = prop_oneof![
        6 => Just(""),
        1 => Just(" @include(if: $yes)"),
        1 => Just(" @skip(if: $yes)"),
    ];
    let field = (alias.clone(), name, directive).prop_map(|(alias, name, directive)| {
        let alias = if name.starts_with("...") { "" } else { alias };
        format!("{alias}{name}{directive}")
    });
    field.prop_recursive(3, 24, 6, move |inner| {
        let fields = prop::collection::vec(inner, 1..6).prop_map(|fields| fields.join(" "));
        prop_oneof![
            (alias.clone(), fields.clone()).prop_map(|(alias, fields)| format!("{alias}next {{ {fields} }}")),
            fields.clone().prop_map(|fields| format!("... {{ {fields} }}")),
            fields
                .clone()
                .prop_map(|fields| format!("... on Probe {{ {fields} }}")),
            fields,
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn fields_resolved_at_once_are_the_same(selection in selection()) {
        let schema = Schema::new(ProbeQuery, EmptyMutation, EmptySubscription);
        let [slow, fast] = ["slow", "fast"].map(|root| {
            let part = if selection.contains("...Part") {
                "fragment Part on Probe { at someName next { id score echo } }"
            } else {
                ""
            };
            let document = format!(
                "query($yes: Boolean = true, $text: String) {{
                    used(text: $text) @include(if: $yes) it: {root} {{ {selection} }} }} {part}"
            );
            let request = Request::new(document).variables(Variables::from_json(json!({ "text": "v" })));
            let response = futures::executor::block_on(schema.execute(request));
            serde_json::to_string(&response).unwrap()
        });
        prop_assert_eq!(slow, fast);
    }
}

#[test]
fn fields_have_the_names_of_columns_in_camel_case() {
    for (field, column) in [
        ("tagKey", "tag_key"),
        ("id", "id"),
        ("auditSample", "audit_sample"),
    ] {
        assert!(is_column(field, column), "{field}");
    }
    for (field, column) in [
        ("tagkey", "tag_key"),
        ("tag_key", "tag_key"),
        ("tagKeys", "tag_key"),
        ("tag", "tag_key"),
    ] {
        assert!(!is_column(field, column), "{field}");
    }
}
