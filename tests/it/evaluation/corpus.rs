//! A real inventory of 23,774 resources from end to end. `CORPUS_DIR` names it: `cargo test corpus -- --ignored`.

use crate::support::fixture::Fixture;
use crate::support::process::run;
use crate::support::service::Service;
use crate::support::socket::{Socket, before_all_events};
use crate::support::wait::wait_until;
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

/// The counts of the line that `import` prints: inserted, updated, unchanged, rejected.
fn counts(line: &str) -> [usize; 4] {
    let numbers = line
        .split(|c: char| !c.is_ascii_digit())
        .filter(|word| !word.is_empty());
    let numbers: Vec<usize> = numbers.map(|word| word.parse().unwrap()).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{line:?}"))
}

async fn import(service: &Service, file: &str) -> [usize; 4] {
    let ended = run(&[("DATABASE_URL", &service.db.url())], &["import", file]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    counts(&ended.stdout)
}

/// Evaluates everything, by two runs at the same time.
async fn auto_tag(service: &Service) {
    let ask = "mutation { runAutoTagging { run { id status } } }";
    let mut runs: Vec<Value> = Vec::new();
    // One that still waits is not doubled.
    wait_until(Duration::from_mins(1), "two runs beside each other", async || {
        let run = service.data(ask, json!({})).await["runAutoTagging"]["run"]["id"].take();
        if !runs.contains(&run) {
            runs.push(run);
        }
        runs.len() == 2
    })
    .await;
    for run in runs {
        let ended = service.ended_run(&run).await;
        assert_eq!(
            (&ended["status"], &ended["error"]),
            (&json!("SUCCEEDED"), &Value::Null),
            "{ended}"
        );
    }
    // The helpers that they asked for may have the last chunks still.
    let open = "{ queued: jobRuns(first: 1, filter: {jobName: AUTO_TAG, status: QUEUED}) { nodes { id } }
        running: jobRuns(first: 1, filter: {jobName: AUTO_TAG, status: RUNNING}) { nodes { id } } }";
    let none = json!({"queued": {"nodes": []}, "running": {"nodes": []}});
    wait_until(Duration::from_mins(1), "the end of all helpers", async || {
        service.data(open, json!({})).await == none
    })
    .await;
}

/// Actions of all events from the first on, by a subscription; each must come once, behind the one before.
async fn read_events(service: &Service, count: i64) -> BTreeMap<String, i64> {
    let mut socket = Socket::ready(service).await;
    let events = "subscription($after: String) { approvalEvents(after: $after) { cursor events { change { id action } } } }";
    socket
        .subscribe_with("1", events, json!({"after": before_all_events()}))
        .await;
    let (mut actions, mut ids) = (BTreeMap::new(), std::collections::BTreeSet::new());
    for _ in 0..count {
        let event = socket.next_event().await;
        *actions
            .entry(event["change"]["action"].as_str().unwrap().to_owned())
            .or_default() += 1;
        assert!(
            ids.insert(event["change"]["id"].as_str().unwrap().to_owned()),
            "twice: {event}"
        );
    }
    socket.stays_silent(Duration::from_millis(1500)).await;
    actions
}

async fn queue(service: &Service) -> i64 {
    let answer = service
        .data(
            "{ approvals(first: 1) { totalCount } approvalStats { pending } }",
            json!({}),
        )
        .await;
    assert_eq!(
        answer["approvals"]["totalCount"],
        answer["approvalStats"]["pending"]
    );
    answer["approvals"]["totalCount"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs CORPUS_DIR"]
async fn a_real_inventory_is_imported_evaluated_and_decided_and_all_accounts_agree() {
    let directory = std::env::var("CORPUS_DIR").expect("CORPUS_DIR names the inventory");
    let started = Instant::now();
    let say = |what: &str| println!("{:6.1} s  {what}", started.elapsed().as_secs_f64());
    let file = format!("{directory}/shared.jsonl.gz");
    let lines = BufReader::new(MultiGzDecoder::new(File::open(&file).unwrap()))
        .lines()
        .count();
    let service =
        Service::start_with(&[("ENABLE_WORKERS", "true"), ("DATABASE_MAX_CONNECTIONS", "12")]).await;
    let fixture = Fixture::on(service.db.clone()).await;

    let [inserted, updated, unchanged, rejected] = import(&service, &file).await;
    say(&format!(
        "{inserted} inserted, {rejected} rejected of {lines} lines"
    ));
    assert_eq!(inserted + updated + unchanged + rejected, lines);
    assert_eq!((updated, unchanged), (0, 0));
    let resources = fixture.count("resources").await;
    assert_eq!(resources as usize, inserted);

    auto_tag(&service).await;
    let evaluated = fixture
        .count("(SELECT DISTINCT resource_id FROM ml_inferences) i")
        .await;
    say(&format!("{evaluated} evaluated"));
    assert_eq!(evaluated, resources);
    let tags = fixture.count("virtual_tags").await;
    assert!(tags > 0);
    assert_eq!(fixture.count("tag_audit WHERE action = 'PROPOSED'").await, tags);
    assert_eq!(
        queue(&service).await,
        fixture
            .count("virtual_tags WHERE approval_status = 'PENDING'")
            .await
    );

    // Again: nothing is written, neither by the import nor by an evaluation after it.
    let versions = "SELECT (SELECT sum(changed_xid::text::bigint) FROM resources)::bigint
        + (SELECT sum(xmin::text::bigint) FROM virtual_tags)::bigint + (SELECT count(*) FROM ml_inferences)";
    let (before, audited) = (
        fixture.number(versions, []).await,
        fixture.count("tag_audit").await,
    );
    assert_eq!(import(&service, &file).await, [0, 0, inserted, rejected]);
    auto_tag(&service).await;
    assert_eq!(fixture.number(versions, []).await, before);
    assert_eq!(fixture.count("tag_audit").await, audited);
    say("imported and evaluated again, nothing changed");

    let (approved, denied) = decide_by_filter(&service, &fixture).await;
    say(&format!("{approved} approved, {denied} denied"));
    let audited = fixture.count("tag_audit").await;
    let by_status = async |status: &str| {
        fixture
            .count(&format!("virtual_tags WHERE approval_status = '{status}'"))
            .await
    };
    assert_eq!(
        (by_status("APPROVED").await, by_status("DENIED").await),
        (approved, denied)
    );
    assert_eq!(queue(&service).await, by_status("PENDING").await);
    fixture.assert_trail_leads_to_tags().await;

    let events = read_events(&service, audited).await;
    say(&format!("{audited} events: {events:?}"));
    for (action, count) in &events {
        assert_eq!(
            fixture
                .count(&format!("tag_audit WHERE action = '{action}'"))
                .await,
            *count
        );
    }
    assert_eq!(events["PROPOSED"], tags);
    assert_eq!((events["APPROVED"], events["DENIED"]), (approved, denied));
    assert_eq!(
        tags - approved - denied - by_status("SUPERSEDED").await,
        by_status("PENDING").await
    );
}

/// Decides some hundreds of tags by filters; gives how many were approved and denied.
async fn decide_by_filter(service: &Service, fixture: &Fixture) -> (i64, i64) {
    let approve =
        "mutation($filter: ApprovalFilter!) { approveTags(input: {filter: $filter, reason: \"seen\"}) {
        decided refused userErrors { code } results { outcome } } }";
    let deny = &approve.replace("approveTags", "denyTags");
    let mut decided = [0, 0];
    for (n, (field, mutation)) in [("approveTags", approve), ("denyTags", deny)]
        .into_iter()
        .enumerate()
    {
        let account = fixture.account_of_most_pending(1000).await;
        let filter = match n {
            0 => json!({"accountId": account, "minConfidence": 0.9}),
            _ => json!({"accountId": account}),
        };
        let pending =
            "query($filter: ApprovalFilter!) { approvals(filter: $filter, first: 1) { totalCount } }";
        let expected =
            service.data(pending, json!({"filter": filter})).await["approvals"]["totalCount"].take();
        let payload = service.data_for("ann", mutation, json!({"filter": filter})).await[field].take();
        assert_eq!(payload["userErrors"], json!([]));
        let all = payload["decided"].as_i64().unwrap() + payload["refused"].as_i64().unwrap();
        assert_eq!(json!(all), expected);
        decided[n] = payload["decided"].as_i64().unwrap();
    }
    assert!(decided[0] > 100 && decided[1] > 10, "{decided:?}");
    (decided[0], decided[1])
}
