//! Uploads through the API, and their runs.

use super::fixture::Fixture;
use super::service::Service;
use super::wait::wait_until;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::Duration;

pub const IMPORT: &str = "mutation($file: Upload!, $dryRun: Boolean!) {
    importInventory(input: {file: $file, dryRun: $dryRun}) {
        run { id jobName status requestedBy } userErrors { code field message } } }";

pub async fn send(
    service: &Service,
    name: &str,
    content: impl Into<Vec<u8>>,
    dry_run: bool,
) -> reqwest::Response {
    let operations = json!({"query": IMPORT, "variables": {"file": null, "dryRun": dry_run}});
    let form = Form::new()
        .text("operations", operations.to_string())
        .text("map", json!({"0": ["variables.file"]}).to_string())
        .part("0", Part::bytes(content.into()).file_name(name.to_owned()));
    let request = service.client.post(service.url("/graphql"));
    let request = request
        .header("apollo-require-preflight", "true")
        .header("x-actor", "ada");
    request.multipart(form).send().await.unwrap()
}

/// Uploads a file that must be taken, with a mutation that calls its field `import`; gives its run once it has ended.
pub async fn import_with(service: &Service, mutation: &str, file: &str, variables: Value) -> Value {
    import_as(service, None, mutation, file, variables).await
}

/// The same with a token.
pub async fn import_as(
    service: &Service,
    token: Option<&str>,
    mutation: &str,
    file: &str,
    mut variables: Value,
) -> Value {
    variables["file"] = Value::Null;
    let operations = json!({"query": mutation, "variables": variables});
    let form = Form::new()
        .text("operations", operations.to_string())
        .text("map", json!({"0": ["variables.file"]}).to_string())
        .part("0", Part::text(file.to_owned()).file_name("file.csv"));
    let request = service.client.post(service.url("/graphql"));
    let request = request.header("apollo-require-preflight", "true");
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request.header("x-actor", "ada"),
    };
    let response = request.multipart(form).send().await.unwrap();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    let payload = &answer["data"]["import"];
    assert_eq!(payload["userErrors"], json!([]));
    match token {
        Some(_) => payload["run"].clone(),
        None => service.ended_run(&payload["run"]["id"]).await,
    }
}

/// Uploads a file that must be taken; gives the id of its run.
pub async fn upload(service: &Service, name: &str, content: impl Into<Vec<u8>>) -> Value {
    let answer: Value = send(service, name, content, false).await.json().await.unwrap();
    let payload = &answer["data"]["importInventory"];
    assert_eq!(payload["userErrors"], json!([]), "{answer}");
    payload["run"]["id"].clone()
}

pub fn counts(inserted: u32, updated: u32, unchanged: u32, rejected: u32) -> Value {
    json!({"inserted": inserted, "updated": updated, "unchanged": unchanged, "rejected": rejected})
}

/// A number that any change of any row of these tables changes.
pub async fn versions(fixture: &Fixture) -> i64 {
    let versions = "SELECT (SELECT coalesce(sum(xmin::text::bigint), 0) FROM resources)::bigint
         + (SELECT coalesce(sum(xmin::text::bigint), 0) FROM virtual_tags)::bigint + (SELECT count(*) FROM tag_audit)";
    fixture.number(versions, []).await
}

/// Waits for the evaluation that follows imports and discoveries by itself, and changes rows, too.
pub async fn until_idle(fixture: &Fixture) {
    wait_until(Duration::from_mins(1), "the end of all runs", async || {
        fixture.count("scheduler_jobs WHERE finished_at IS NULL").await == 0
    })
    .await;
}
