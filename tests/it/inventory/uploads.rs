//! Inventories through the API: the template filled in and uploaded, refusals, plans, and the way back by an export.

use crate::support::db::TestDb;
use crate::support::fixture::Fixture;
use crate::support::process::Serving;
use crate::support::service::Service;
use crate::support::uploads::{IMPORT, counts, send, until_idle, versions};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

/// A service that works on runs.
async fn start() -> (Service, Fixture) {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    (service, fixture)
}

/// Uploads a file that must be taken; gives its run once it has ended.
async fn import(service: &Service, name: &str, content: impl Into<Vec<u8>>, dry_run: bool) -> Value {
    let response = send(service, name, content, dry_run).await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    let payload = &answer["data"]["importInventory"];
    assert_eq!(payload["userErrors"], json!([]));
    assert_eq!(
        (&payload["run"]["jobName"], &payload["run"]["requestedBy"]),
        (&json!("IMPORT"), &json!("ada"))
    );
    service.ended_run(&payload["run"]["id"]).await
}

async fn template(service: &Service) -> String {
    service.get("/csv/template").await.text().await.unwrap()
}

/// Lines for the template: five to take, and four to refuse, one of them for two reasons.
const LINES: &str = "\
aws,111,ec2/instance,i-1,web-prod,eu-west-1,2024-05-06T07:08:09Z,,prd,team-a\r\n\
moon,111,ec2/instance,i-2,web,,,,,\r\n\
gcp,222,compute.instance,i-3,\"two\r\nlines\",,,\"{\"\"a\"\":\"\"1\"\"}\",,\r\n\
azure,333,vm,,nameless,,yesterday,,,\r\n\
AWS, 111 ,ec2/instance,i-4,,,2024-05-06,,,\r\n\
aws,111,ec2/instance,i-1,again,,,,,\r\n\
\r\n\
aws,111,ec2/instance,i-5,long,,,,,,more\r\n\
gcp,222,compute.instance,i-6,\"=SUM(A1)\",,,,,\r\n\
gcp,222,compute.instance,i-7,tags,,,not json,,\r\n\
gcp,222,compute.instance,i-8,last,,,,,\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_in_template_is_imported_and_each_refusal_is_told() {
    let (service, fixture) = start().await;
    let file = template(&service).await + LINES;
    let run = import(&service, "filled.csv", file, false).await;
    assert_eq!(
        (&run["status"], &run["error"]),
        (&json!("SUCCEEDED"), &Value::Null)
    );
    assert_eq!(run["counts"], counts(5, 0, 0, 5));
    assert_eq!(run["progressDone"], 10);
    let first = service
        .data(
            "{ resource(resourceId: \"i-1\") { name cloud accountId region createdAt nativeTags } }",
            json!({}),
        )
        .await;
    let expected = json!({"name": "web-prod", "cloud": "AWS", "accountId": "111", "region": "eu-west-1",
        "createdAt": "2024-05-06T07:08:09+00:00", "nativeTags": {"environment": "prd", "owner": "team-a"}});
    assert_eq!(first["resource"], expected);
    assert_eq!(fixture.count("resources WHERE name = E'two\\r\\nlines'").await, 1);

    // By pages of two, as a client would.
    let page = "query($id: ID!, $after: String) { jobRun(id: $id) { rejections(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { line column value reason } } } }";
    let (mut after, mut refused) = (Value::Null, Vec::new());
    loop {
        let answer = service.data(page, json!({"id": run["id"], "after": after})).await;
        let list = &answer["jobRun"]["rejections"];
        assert_eq!(list["totalCount"], 6);
        refused.extend(list["nodes"].as_array().unwrap().clone());
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
    insta::assert_json_snapshot!(refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_the_plan_and_changes_nothing() {
    let (service, fixture) = start().await;
    let template = template(&service).await;
    let line = |id: &str, name: &str| format!("aws,111,ec2/instance,{id},{name},eu-west-1,,,,\r\n");
    let first = template.clone() + &line("i-1", "one") + &line("i-2", "two");
    import(&service, "first.csv", first, false).await;
    let second =
        template + &line("i-1", "one") + &line("i-2", "other") + &line("i-3", "three") + "moon,,,,\r\n";
    until_idle(&fixture).await;
    let before = versions(&fixture).await;
    let plan = import(&service, "second.csv", second.clone(), true).await;
    assert_eq!(
        (&plan["status"], &plan["counts"]),
        (&json!("SUCCEEDED"), &counts(1, 1, 1, 1))
    );
    assert_eq!(versions(&fixture).await, before);
    assert_eq!(fixture.count("resources").await, 2);
    let done = import(&service, "second.csv", second, false).await;
    assert_eq!(done["counts"], plan["counts"]);
    assert_eq!(fixture.count("resources").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_imported_again_changes_nothing() {
    let (service, fixture) = start().await;
    let found = service
        .data("mutation { runDiscovery { run { id } } }", json!({}))
        .await;
    let run = service.ended_run(&found["runDiscovery"]["run"]["id"]).await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    let odd = r#"{"cloud":"gcp","account_id":"0042","resource_type":"t","resource_id":"=1+1","name":"+a,\"b\"\n'c","native_tags":{"@k":"-1","":"","n":"é"},"created_at":"2024-01-02T03:04:05.678901+02:00"}"#;
    let odd = odd.replace(r#""":"","#, "");
    import(&service, "odd.jsonl", odd, false).await;
    until_idle(&fixture).await;
    let resources = fixture.count("resources").await as u32;
    assert_eq!(resources, 21);
    let before = versions(&fixture).await;
    let export = service.get("/csv/export").await.bytes().await.unwrap();
    for (name, content) in [("export.csv", export.to_vec()), ("no ending", export.to_vec())] {
        let run = import(&service, name, content, false).await;
        assert_eq!(run["counts"], counts(0, 0, resources, 0), "{run}");
    }
    assert_eq!(versions(&fixture).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_inventory_is_refused_with_its_reason() {
    let (service, fixture) = start().await;
    for (name, content, reason) in [
        (
            "picture.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec(),
            "not UTF-8",
        ),
        ("list.csv", b"name,size\r\na,1\r\n".to_vec(), "lacks the columns"),
        ("list.json", b"[{\"cloud\":\"aws\"}]".to_vec(), "JSON array"),
        (
            "wide.csv",
            b"\xff\xfec\0l\0o\0u\0d\0".to_vec(),
            "lacks the columns",
        ),
        ("book.xlsx", b"PK\x03\x04\x14\0".to_vec(), "save the sheet as CSV"),
        ("broken.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "broke off"),
    ] {
        let run = import(&service, name, content, false).await;
        assert_eq!(run["status"], "FAILED", "{name}: {run}");
        let error = run["error"].as_str().unwrap();
        assert!(error.contains(reason), "{name}: {error}");
    }
    let empty: Value = send(&service, "empty.csv", "", false).await.json().await.unwrap();
    let payload = &empty["data"]["importInventory"];
    assert_eq!(payload["run"], Value::Null);
    let refused = json!([{"code": "INVALID", "field": "file", "message": "the file is empty"}]);
    assert_eq!(payload["userErrors"], refused);
    assert_eq!(fixture.count("resources").await, 0);
    assert_eq!(
        fixture.count("import_files WHERE file_name = 'empty.csv'").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_too_large_is_refused_and_leaves_nothing() {
    let limit = 2 << 20;
    let service = Service::start_with(&[("UPLOAD_MAX_BYTES", &limit.to_string())]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    let template = template(&service).await;
    let file = |bytes: usize| {
        let line = b"aws,111,ec2/instance,i-1,web,eu-west-1,,,,\r\n".repeat(bytes / 44 + 1);
        [template.as_bytes(), &line[..bytes - template.len()]].concat()
    };
    let refused = send(&service, "large.csv", file(limit), false).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["message"], "the upload is too large");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    assert_eq!(
        fixture.count("import_files").await + fixture.count("scheduler_jobs").await,
        0
    );
    // The form around the file takes some bytes of its own.
    let taken = send(&service, "large.csv", file(limit - 2048), false).await;
    assert_eq!(taken.status(), StatusCode::OK);
    let taken: Value = taken.json().await.unwrap();
    assert_eq!(
        taken["data"]["importInventory"]["run"]["status"], "QUEUED",
        "{taken}"
    );
}

#[tokio::test]
async fn an_upload_that_cannot_be_stored_is_a_fault_that_is_logged_and_not_the_callers() {
    let database = TestDb::create().await;
    let url = database.url();
    let serving = Serving::start(&[("DATABASE_URL", &url), ("TMPDIR", "/nowhere/at/all")]).await;
    let operations = json!({"query": IMPORT, "variables": {"file": null, "dryRun": false}});
    let form = Form::new()
        .text("operations", operations.to_string())
        .text("map", json!({"0": ["variables.file"]}).to_string())
        .part("0", Part::text("cloud").file_name("file.csv"));
    let request = crate::support::service::client().post(format!("{}/graphql", serving.url));
    let request = request.header("apollo-require-preflight", "true").multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer: Value = answer.json().await.unwrap();
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("upload") && !message.contains("nowhere") && !message.contains("os error"),
        "{message}"
    );
    let (_, log) = serving.end("-TERM").await;
    let line = log
        .lines()
        .find(|line| line.contains("ERROR") && line.contains("/nowhere/at/all"));
    assert!(line.is_some(), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_two_fields_take_is_whole_for_both() {
    let service = Service::start().await;
    let mutation = "mutation($file: Upload!) {
        one: importInventory(input: {file: $file, dryRun: true}) { run { id } userErrors { message } }
        two: importInventory(input: {file: $file}) { run { id } userErrors { message } } }";
    let form = Form::new()
        .text(
            "operations",
            json!({"query": mutation, "variables": {"file": null}}).to_string(),
        )
        .text("map", json!({"0": ["variables.file"]}).to_string())
        .part("0", Part::text("cloud\r\n").file_name("a.csv"));
    let request = service.client.post(service.url("/graphql"));
    let request = request.header("apollo-require-preflight", "true");
    let answer: Value = request
        .multipart(form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for field in ["one", "two"] {
        assert_eq!(answer["data"][field]["userErrors"], json!([]), "{answer}");
    }
}
