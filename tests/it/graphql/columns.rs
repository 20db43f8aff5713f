//! Statements read the columns that an operation selects: whatever else it selects, a field is the same.

use crate::support::api::Api;
use serde_json::{Map, Value, json};

/// Ways to objects of a type; `$f` stands for their fields.
const WAYS: [(&str, &str); 16] = [
    ("VirtualTag", "virtualTags(first: 20) { nodes { $f } }"),
    (
        "VirtualTag",
        "approvals(first: 20, order: NEWEST) { edges { cursor node { $f } } }",
    ),
    (
        "VirtualTag",
        "resources(first: 5) { nodes { virtualTags(first: 2) { nodes { $f } pageInfo { endCursor } } } }",
    ),
    (
        "VirtualTag",
        "resources(last: 5) { nodes { virtualTags(last: 2, tagKey: \"team\") { edges { node { $f } } } } }",
    ),
    (
        "VirtualTag",
        "resources(first: 5) { nodes { virtualTags { nodes { id } } more: virtualTags(first: 1) { nodes { $f } } } }",
    ),
    (
        "VirtualTag",
        "resource(id: $resource) { virtualTags { nodes { $f } } }",
    ),
    (
        "VirtualTag",
        "tagAudit(first: 20) { nodes { virtualTag { $f } } }",
    ),
    ("VirtualTag", "node(id: $tag) { ... on VirtualTag { $f } }"),
    ("VirtualTag", "nodes(ids: [$tag]) { ... on VirtualTag { $f } }"),
    (
        "Resource",
        "resources(first: 20, order: NEWEST) { edges { cursor node { $f } } }",
    ),
    ("Resource", "resource(id: $resource) { $f }"),
    ("Resource", "virtualTags(first: 20) { nodes { resource { $f } } }"),
    ("Resource", "tagAudit(first: 20) { nodes { resource { $f } } }"),
    (
        "Resource",
        "mlInferences(first: 20) { nodes { resource { $f } } }",
    ),
    ("Resource", "node(id: $resource) { ... on Resource { $f } }"),
    (
        "Resource",
        "virtualTags(first: 3) { nodes { resource { virtualTags(first: 1) { nodes { resource { $f } } } } } }",
    ),
];

/// Selections of the fields that are objects.
const OBJECTS: [(&str, &str); 9] = [
    ("evidence", "evidence { reason }"),
    ("changedSinceDenial", "changedSinceDenial { reason }"),
    ("resource", "resource { id nativeTags region serviceCategory }"),
    ("rule", "rule { ruleName }"),
    ("virtualTags", "virtualTags(first: 3) { nodes { tagValue } }"),
    ("effectiveTags", "effectiveTags { key value rawKey contradicts }"),
    ("inferences", "inferences(first: 1) { nodes { id revision } }"),
    ("audit", "audit(first: 2) { nodes { id action } }"),
    ("cost", "cost { amount }"),
];

/// Selections of all fields of a type.
async fn fields(api: &Api, of_type: &str) -> Vec<(String, String)> {
    let kinds = "kind ofType { kind ofType { kind ofType { kind } } }";
    let asked = format!("{{ __type(name: \"{of_type}\") {{ fields {{ name type {{ {kinds} }} }} }} }}");
    let found = api.ask(&asked).await;
    let fields = found["__type"]["fields"].as_array().unwrap().clone();
    let selection = |field: Value| {
        let name = field["name"].as_str().unwrap().to_owned();
        let is_object = field["type"].to_string().contains("\"OBJECT\"");
        let object = OBJECTS.iter().find(|(object, _)| *object == name);
        assert_eq!(is_object, object.is_some(), "{name}");
        let selection = object
            .map_or(name.as_str(), |(_, selection)| selection)
            .to_owned();
        (name, selection)
    };
    fields.into_iter().map(selection).collect()
}

/// The response with one field of each object that has the mark.
fn only(value: &Value, field: &str) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| only(item, field)).collect(),
        Value::Object(object) if object.contains_key("mark") => {
            json!({ "mark": object["mark"], field: object[field] })
        }
        Value::Object(object) => {
            let fields = object
                .iter()
                .map(|(name, value)| (name.clone(), only(value, field)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn each_field_alone_is_as_it_is_among_all() {
    let api = Api::with_rows(30).await;
    let first = api
        .ask("{ resources(last: 1) { nodes { id virtualTags(first: 1) { nodes { id } } } } }")
        .await;
    let resource = &first["resources"]["nodes"][0];
    let ids = json!({ "resource": resource["id"], "tag": resource["virtualTags"]["nodes"][0]["id"] });
    for (of_type, way) in WAYS {
        let fields = fields(&api, of_type).await;
        let ask = async |selected: &str| {
            let selection = way.replace("$f", &format!("mark: __typename {selected}"));
            let variables = [("$resource", "$resource: ID!"), ("$tag", "$tag: ID!")];
            let declared: Vec<_> = variables
                .iter()
                .filter(|(name, _)| selection.contains(name))
                .map(|(_, declared)| *declared)
                .collect();
            let head = match declared.as_slice() {
                [] => String::new(),
                declared => format!("query({})", declared.join(", ")),
            };
            api.data(&format!("{head} {{ {selection} }}"), ids.clone()).await
        };
        let selections: Vec<_> = fields.iter().map(|(_, selection)| selection.as_str()).collect();
        let all = ask(&selections.join(" ")).await;
        assert!(all.to_string().contains("\"mark\""), "{way}: {all}");
        for (name, selection) in &fields {
            assert_eq!(ask(selection).await, only(&all, name), "{way}: {selection}");
        }
    }
}
