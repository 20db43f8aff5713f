//! Imports at size and of tags: plans, all or nothing, refusals as a file, parts that workers share, and the way there
//! and back.

use crate::support::decisions::decide;
use crate::support::fixture::{Fixture, approver, resource};
use crate::support::service::{SECRET, Service};
use crate::support::uploads::{counts, import_as, import_with, until_idle, upload, versions};
use crate::support::wait::wait_until;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::domain::ApprovalStatus;
use virtual_tagging::domain::approvals::Decision;

const INVENTORY: &str = "mutation($file: Upload!, $dryRun: Boolean!, $mode: ImportMode!) {
    import: importInventory(input: {file: $file, dryRun: $dryRun, mode: $mode}) {
        run { id } userErrors { code field message } } }";
const TAGS: &str = "mutation($file: Upload!, $dryRun: Boolean!, $status: ImportedTagStatus!) {
    import: importVirtualTags(input: {file: $file, dryRun: $dryRun, status: $status}) {
        run { id } userErrors { code field message } } }";
const PLAN: &str = "query($id: ID!) { jobRun(id: $id) { importPlan { inserted updated unchanged rejected
    samples { action line resourceId changes { column oldValue newValue } } } } }";

async fn start() -> (Service, Fixture) {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    (service, fixture)
}

async fn inventory(service: &Service, file: &str, dry_run: bool, mode: &str) -> Value {
    import_with(service, INVENTORY, file, json!({"dryRun": dry_run, "mode": mode})).await
}

async fn tags(service: &Service, file: &str, dry_run: bool, status: &str) -> Value {
    import_with(service, TAGS, file, json!({"dryRun": dry_run, "status": status})).await
}

async fn plan(service: &Service, run: &Value) -> Value {
    let answer = service.data(PLAN, json!({"id": run["id"]})).await;
    answer["jobRun"]["importPlan"].clone()
}

const HEADER: &str = "cloud;account_id;resource_type;resource_id;name;region;tag:env;tag:team\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_examples_and_is_what_the_import_then_does() {
    let (service, fixture) = start().await;
    let first = format!("{HEADER}aws;1;t;a;one;r;prod;x\r\naws;1;t;b;two;r;prod;x\r\n");
    inventory(&service, &first, false, "GOOD_ROWS").await;
    let second = format!(
        "{HEADER}aws;1;t;a;one;r;prod;x\r\naws;1;t;b;\"2\n\";s;dev;\r\naws;1;t;c;three;;;\r\n;;;;;;;x\r\n"
    );
    until_idle(&fixture).await;
    let before = versions(&fixture).await;
    let planned = inventory(&service, &second, true, "ALL_OR_NOTHING").await;
    assert_eq!(planned["counts"], counts(1, 1, 1, 1));
    assert_eq!(versions(&fixture).await, before);
    let shown = plan(&service, &planned).await;
    let expected = json!({"inserted": 1, "updated": 1, "unchanged": 1, "rejected": 1, "samples": [
        {"action": "INSERT", "line": 5, "resourceId": "c", "changes": []},
        {"action": "UNCHANGED", "line": 2, "resourceId": "a", "changes": []},
        {"action": "UPDATE", "line": 3, "resourceId": "b", "changes": [
            {"column": "name", "oldValue": "two", "newValue": "2"},
            {"column": "region", "oldValue": "r", "newValue": "s"},
            {"column": "tag:env", "oldValue": "prod", "newValue": "dev"},
            {"column": "tag:team", "oldValue": "x", "newValue": null},
        ]},
    ]});
    assert_eq!(shown, expected);
    let refused = inventory(&service, &second, false, "ALL_OR_NOTHING").await;
    assert_eq!(refused["status"], "FAILED");
    let error = refused["error"].as_str().unwrap();
    assert!(error.contains("1 of 4 entries were rejected"), "{error}");
    assert_eq!(versions(&fixture).await, before);
    assert_eq!(fixture.count("import_rows").await, 0);
    let done = inventory(&service, &second, false, "GOOD_ROWS").await;
    assert_eq!(done["counts"], planned["counts"]);
    assert_eq!(plan(&service, &done).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rejected_comes_as_a_file_to_those_who_may_see_all() {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true"), ("JWT_SECRET", SECRET)]).await;
    let ada = service.token("ada", Role::Approver, None, Duration::from_mins(1));
    let bob = service.token("bob", Role::Viewer, Some(&["1"]), Duration::from_mins(1));
    let file = format!(
        "{HEADER}moon;1;t;a;\"=cmd()\";;;\r\naws;1;t;b;;;;\r\naws;1;t;b;;;;\r\naws;1;t;b;other;;;\r\n"
    );
    let run = import_as(
        &service,
        Some(&ada),
        INVENTORY,
        &file,
        json!({"dryRun": false, "mode": "GOOD_ROWS"}),
    )
    .await;
    let id = run["id"].as_str().unwrap();
    let fixture = Fixture::on(service.db.clone()).await;
    until_idle(&fixture).await;
    let get = async |token: &str, id: &str| {
        let url = service.url(&format!("/csv/rejections?run={id}"));
        let answer = service.client.get(url).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let expected = "line,column,value,reason\r\n2,cloud,moon,\"is none of aws, gcp, azure\"\r\n\
                    5,resource_id,b,\"is a duplicate of line 3, with other values\"\r\n";
    assert_eq!(get(&ada, id).await, (200, expected.to_owned()));
    assert_eq!(get(&bob, id).await.0, 403);
    assert_eq!(get("x", id).await.0, 401);
    assert_eq!(get(&ada, "UnVsZTox").await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_shared_and_counted_once_and_duplicates_are_found_across_them() {
    let (service, fixture) = start().await;
    let mut file = HEADER.to_owned();
    for n in 0..12_000 {
        file += &format!("aws;1;t;i-{n};web-{n};;;\r\n");
    }
    file += "aws;1;t;i-0;again;;;\r\n";
    let run = inventory(&service, &file, false, "GOOD_ROWS").await;
    assert_eq!(run["counts"], counts(12_000, 0, 0, 1), "{run}");
    assert_eq!(run["progressDone"], 12_001);
    assert_eq!(fixture.count("resources").await, 12_000);
    assert_eq!(fixture.count("resources WHERE name = 'again'").await, 0);
    assert_eq!(
        fixture.count("import_rows").await + fixture.count("import_parts").await,
        0
    );
    let export = async || service.get("/csv/export").await.bytes().await.unwrap();
    let first = export().await;
    until_idle(&fixture).await;
    let before = versions(&fixture).await;
    let again = inventory(
        &service,
        std::str::from_utf8(&first).unwrap(),
        false,
        "ALL_OR_NOTHING",
    )
    .await;
    assert_eq!(again["counts"], counts(0, 0, 12_000, 0), "{again}");
    assert_eq!(versions(&fixture).await, before);
    assert!(export().await == first, "a second export differs");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_come_in_as_approved_or_pending_and_an_export_of_them_changes_nothing() {
    let service = Service::start().await;
    let fixture = Fixture::on(service.db.clone()).await;
    let (a, b) = (fixture.resource("a").await, fixture.resource("b").await);
    let ids = [resource("a").resource_id, resource("b").resource_id];
    let proposed = fixture.tag(a, "environment", "dev", 0.8).await;
    let denied = fixture.tag(b, "team", "x", 0.8).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied]).await;
    // Only now does anybody work: the engine is not to interfere before.
    let worker = Service::start_on(service.db.clone(), &[("ENABLE_WORKERS", "true")]).await;
    let file = format!(
        "resource_id,tag_key,tag_value,reason\r\n{a},env,prod,audit\r\n{a},owner,'=ops,\r\n{b},team,y,\r\n\
         {b},team,z,\r\nnowhere,env,prod,\r\n{a},env,prod,\r\n{b},,v,\r\n",
        a = ids[0],
        b = ids[1]
    );
    let planned = tags(&worker, &file, true, "APPROVED").await;
    assert_eq!(planned["counts"], counts(3, 0, 0, 4), "{planned}");
    assert_eq!(fixture.count("virtual_tags").await, 2);
    let done = tags(&worker, &file, false, "APPROVED").await;
    assert_eq!(done["counts"], planned["counts"], "{done}");
    assert_eq!(fixture.status(proposed).await, ApprovalStatus::Superseded);
    assert_eq!(fixture.status(denied).await, ApprovalStatus::Denied);
    let held = "virtual_tags WHERE approval_status = 'APPROVED' AND source = 'CSV' AND decided_by = 'ada'";
    assert_eq!(
        fixture
            .count(&format!("{held} AND evidence_signature = 'CSV'"))
            .await,
        3
    );
    assert_eq!(
        fixture
            .count(&format!(
                "{held} AND decision_reason = 'audit' AND tag_key = 'environment' AND tag_value = 'production'"
            ))
            .await,
        1
    );
    assert_eq!(
        fixture
            .count("tag_audit WHERE action = 'CREATED' AND actor = 'ada' AND run_id IS NOT NULL")
            .await,
        3
    );
    fixture.assert_trail_leads_to_tags().await;
    let pending = format!(
        "resource_id,tag_key,tag_value\r\n{},team,x\r\n{},team,w\r\n",
        ids[1], ids[1]
    );
    let done = tags(&worker, &pending, false, "PENDING").await;
    assert_eq!(
        done["counts"],
        counts(1, 0, 1, 0),
        "what was denied stays denied: {done}"
    );
    until_idle(&fixture).await;
    let before = versions(&fixture).await;
    let export = worker.get("/csv/export?what=tags").await.text().await.unwrap();
    for status in ["APPROVED", "PENDING"] {
        let again = tags(&worker, &export, false, status).await;
        let all = fixture.count("virtual_tags").await as u32;
        assert_eq!(again["counts"], counts(0, 0, all, 0), "{again}");
    }
    assert_eq!(versions(&fixture).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_or_too_large_tags_are_refused_and_the_others_taken() {
    let (service, fixture) = start().await;
    let large = "x".repeat(4_000);
    let native: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!(large))).collect();
    let quoted = json!(native).to_string().replace('"', "\"\"");
    let header = "cloud,account_id,resource_type,resource_id,name,native_tags\r\n";
    let file = format!("{header}aws,1,t,a,one,\"{quoted}\"\r\naws,1,t,b,two,\r\naws,1,t,c,three,\r\n");
    let run = inventory(&service, &file, false, "GOOD_ROWS").await;
    assert_eq!(run["counts"], counts(2, 0, 0, 1));
    assert!(last_reason(&fixture).await.contains("at most 65536"));
    let create = "mutation($tags: JSON!) { createResource(input: {resourceId: \"d\", name: \"d\", cloud: AWS,
        accountId: \"1\", resourceType: \"t\", nativeTags: $tags}) { userErrors { code field } } }";
    let refused = service.data(create, json!({ "tags": native })).await;
    let expected = json!([{"code": "INVALID", "field": "nativeTags"}]);
    assert_eq!(refused["createResource"]["userErrors"], expected);

    let full = fixture
        .number("SELECT id FROM resources WHERE resource_id = 'b'", [])
        .await;
    fixture.add_tags(full, 1_000).await;
    let mut file = "resource_id,tag_key,tag_value\r\nb,key7,value\r\nb,one more,value\r\n".to_owned();
    for n in 0..1_003 {
        file += &format!("c,key{n},value\r\n");
    }
    let run = tags(&service, &file, false, "APPROVED").await;
    assert_eq!(run["counts"], counts(1_000, 1, 0, 4));
    assert!(last_reason(&fixture).await.contains("cannot have more"));
    let run = tags(&service, &file, false, "APPROVED").await;
    assert_eq!(run["counts"], counts(0, 0, 1_001, 4));
}

/// Why the last line was refused that was.
async fn last_reason(fixture: &Fixture) -> String {
    #[derive(sea_orm::FromQueryResult)]
    struct Last {
        reason: String,
    }
    let last = "SELECT reason FROM import_rejections ORDER BY id DESC LIMIT 1";
    let last: Option<Last> = virtual_tagging::db::sql::row(&fixture.pool, last, [])
        .await
        .unwrap();
    last.unwrap().reason
}

/// A gzip file of so many megabytes of blank lines, which is a thousand times smaller.
fn blank_lines(megabytes: usize) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    member.finish().unwrap().repeat(megabytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_blank_lines_is_left_when_its_import_is_cancelled() {
    let service = Service::start_with(&[
        ("ENABLE_WORKERS", "true"),
        ("UNPACK_MAX_BYTES", "17592186044416"),
        ("UNPACK_MAX_RATIO", "100000"),
    ])
    .await;
    // Hours of reading.
    let id = upload(&service, "blank.jsonl.gz", blank_lines(8_000)).await;
    let query = "query($id: ID!) { jobRun(id: $id) { status } }";
    wait_until(Duration::from_secs(20), "the import to run", async || {
        service.data(query, json!({ "id": id })).await["jobRun"]["status"] == "RUNNING"
    })
    .await;
    let cancel = "mutation($id: ID!) { cancelRun(input: {id: $id}) { userErrors { message } } }";
    let cancelled = service.data(cancel, json!({ "id": id })).await;
    assert_eq!(cancelled["cancelRun"]["userErrors"], json!([]));
    assert_eq!(service.ended_run(&id).await["status"], "CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_unpacks_to_too_much_is_refused() {
    let (service, _fixture) = start().await;
    let id = upload(&service, "blank.jsonl.gz", blank_lines(64)).await;
    let run = service.ended_run(&id).await;
    let error = run["error"].as_str().unwrap_or_default();
    assert_eq!(run["status"], "FAILED");
    assert!(
        error.contains("unpacks to more than 200 times its size"),
        "{error}"
    );
}
