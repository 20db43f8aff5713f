//! Rights are looked at when work is done: runs of those who have lost theirs since they asked.

use crate::support::api_tokens::{CREATE, ask, in_an_hour};
use crate::support::decisions::fill;
use crate::support::fixture::{Fixture, actor, approver, limited};
use crate::support::process::Serving;
use crate::support::runs::{DISCOVER, claim, execute, failure, run_of};
use crate::support::service::{SECRET, Service};
use crate::support::uploads::{import_as, until_idle};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use virtual_tagging::auth::{Actor, Role};
use virtual_tagging::clock::SystemClock;
use virtual_tagging::domain::RunStatus;
use virtual_tagging::domain::approvals::{self, DecideJob, Decision, DecisionOutcome, Selection, TagFilter};
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::tokens::{self, TokenDraft};
use virtual_tagging::error::{Error, Result};
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, ControlFlow, Job, Progress, Run, RunEnd, RunHandle};

const APPROVE: &str =
    "mutation { approveTags(input: {filter: {minConfidence: 0}}) { run { id } userErrors { message } } }";
const RETRY: &str =
    "mutation($id: ID!) { retryRun(input: {id: $id}) { run { status } userErrors { message } } }";

/// A service that wants tokens and does not work on runs, and so many resources with two tags each.
async fn idle(resources: i64) -> (Service, Fixture) {
    let service = Service::start_authenticated().await;
    let fixture = Fixture::on(Arc::clone(&service.db)).await;
    fill(&fixture, resources).await;
    (service, fixture)
}

/// The secret of a new API token for an approver, and its id.
async fn script(service: &Service, accounts: Option<&[&str]>) -> (String, Value) {
    let admin = service.token("root", Role::Admin, None, Duration::from_mins(5));
    let mut input = json!({"name": "nightly", "role": "APPROVER", "expiresAt": in_an_hour()});
    if let Some(accounts) = accounts {
        input["accounts"] = json!(accounts);
    }
    let (_, mut answer) = ask(service, &admin, CREATE, json!({ "input": input })).await;
    let made = answer["data"]["createApiToken"].take();
    let secret = made["secret"].as_str().unwrap_or_else(|| panic!("{made}"));
    (secret.to_owned(), made["apiToken"]["id"].clone())
}

async fn revoke(service: &Service, id: &Value) {
    let admin = service.token("root", Role::Admin, None, Duration::from_mins(5));
    let revoke = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { revokedBy } } }";
    let (_, answer) = ask(service, &admin, revoke, json!({ "id": id })).await;
    assert_eq!(
        answer["data"]["revokeApiToken"]["apiToken"]["revokedBy"], "root",
        "{answer}"
    );
}

/// A process of its own that works on runs and shares the database.
async fn worker(service: &Service) -> Serving {
    Serving::start(&[
        ("DATABASE_URL", &service.db.url()),
        ("JWT_SECRET", SECRET),
        ("ENABLE_SCHEDULER", "false"),
        ("DISCOVERY_SOURCES", ""),
        ("DATABASE_MAX_CONNECTIONS", "6"),
    ])
    .await
}

async fn ended(fixture: &Fixture) -> Run {
    until_idle(fixture).await;
    let last = fixture.number("SELECT max(id) FROM scheduler_jobs", []).await;
    run_of(&fixture.pool, last).await
}

#[tokio::test]
async fn a_queued_run_of_a_revoked_token_does_nothing_and_others_may_take_it_over() {
    let (service, fixture) = idle(700).await;
    let (secret, id) = script(&service, None).await;
    let (_, answer) = ask(&service, &secret, APPROVE, json!({})).await;
    let run = answer["data"]["approveTags"]["run"]["id"].clone();
    assert!(run.is_string(), "{answer}");
    revoke(&service, &id).await;
    let worker = worker(&service).await;
    let failed = ended(&fixture).await;
    assert_eq!((failed.status, failed.progress_done), (RunStatus::Failed, 0));
    assert!(
        failed
            .error
            .as_ref()
            .is_some_and(|error| error.contains("was revoked")),
        "{failed:?}"
    );
    assert_eq!(fixture.trail().await, []);

    let bob = service.token("bob", Role::Approver, None, Duration::from_mins(5));
    let (_, answer) = ask(&service, &bob, RETRY, json!({ "id": run })).await;
    assert_eq!(answer["data"]["retryRun"]["run"]["status"], "QUEUED", "{answer}");
    let ended = ended(&fixture).await;
    assert_eq!(
        (ended.status, ended.counts),
        (RunStatus::Succeeded, json!({ "approved": 1_400 }))
    );
    assert!(ended.requested_by.starts_with("token:"));
    // It was bob who had it done.
    let trail = fixture.trail().await;
    assert!(trail.len() == 1_400 && trail.iter().all(|row| row.actor == "bob"));
    worker.end("-TERM").await;
}

#[tokio::test]
async fn a_run_tried_again_stays_within_the_accounts_that_are_left() {
    let (service, fixture) = idle(1_200).await;
    let token =
        |accounts: &[&str]| service.token("ann", Role::Approver, Some(accounts), Duration::from_mins(5));
    let (_, answer) = ask(&service, &token(&["account-0", "account-1"]), APPROVE, json!({})).await;
    let run = json!({ "id": answer["data"]["approveTags"]["run"]["id"] });
    let cancel = "mutation($id: ID!) { cancelRun(input: {id: $id}) { run { status } } }";
    let (_, answer) = ask(&service, &token(&["account-1"]), cancel, run.clone()).await;
    assert_eq!(
        answer["data"]["cancelRun"]["run"]["status"], "CANCELLED",
        "{answer}"
    );
    let stranger = service.token(
        "eve",
        Role::Approver,
        Some(&["account-0"]),
        Duration::from_mins(5),
    );
    for steer in [cancel, RETRY] {
        let (_, answer) = ask(&service, &stranger, steer, run.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    // Now with one account, and another that the run was never for.
    let (_, answer) = ask(&service, &token(&["account-1", "account-2"]), RETRY, run.clone()).await;
    assert_eq!(answer["data"]["retryRun"]["run"]["status"], "QUEUED", "{answer}");
    let worker = worker(&service).await;
    let ended = ended(&fixture).await;
    assert_eq!(ended.status, RunStatus::Succeeded, "{ended:?}");
    assert_eq!(ended.counts, json!({"approved": 1_200, "forbidden": 1_200}));
    let untouched = "virtual_tags WHERE account_id = 'account-0' AND approval_status = 'PENDING'";
    assert_eq!(fixture.count(untouched).await, 1_200);
    let decisions = "query($id: ID!) { jobRun(id: $id) { decisions(first: 1, outcome: FORBIDDEN) {
        totalCount nodes { outcome decidedAt userError { code } } } } }";
    let admin = service.token("root", Role::Admin, None, Duration::from_mins(5));
    let (_, answer) = ask(&service, &admin, decisions, run).await;
    let expected = json!({"totalCount": 1_200, "nodes": [
        {"outcome": "FORBIDDEN", "decidedAt": null, "userError": {"code": "FORBIDDEN"}}]});
    assert_eq!(answer["data"]["jobRun"]["decisions"], expected, "{answer}");
    fixture.assert_trail_leads_to_tags().await;
    worker.end("-TERM").await;
}

#[tokio::test]
async fn imports_and_discoveries_of_a_revoked_token_do_nothing_and_hold_up_nobody() {
    let service = Service::start_authenticated().await;
    let fixture = Fixture::on(Arc::clone(&service.db)).await;
    let (secret, id) = script(&service, None).await;
    let resources = "mutation($file: Upload!) { import: importInventory(input: {file: $file}) { run { id } userErrors { code } } }";
    let tags =
        "mutation($file: Upload!) { import: importVirtualTags(input: {file: $file, status: APPROVED}) {
        run { id } userErrors { code } } }";
    fixture.resource("a").await;
    let file = "cloud,account_id,resource_type,resource_id,name\naws,1,t,new,n\n";
    import_as(&service, Some(&secret), resources, file, json!({})).await;
    let file = "resource_id,tag_key,tag_value\narn:aws:sqs:eu-west-1:111122223333:a,team,x\n";
    import_as(&service, Some(&secret), tags, file, json!({})).await;
    let discover = "mutation { runDiscovery { run { id } } }";
    let (_, answer) = ask(&service, &secret, discover, json!({})).await;
    let of_script = answer["data"]["runDiscovery"]["run"]["id"].clone();
    let (_, again) = ask(&service, &secret, discover, json!({})).await;
    assert_eq!(again["data"]["runDiscovery"]["run"]["id"], of_script);
    revoke(&service, &id).await;
    let bob = service.token("bob", Role::Approver, None, Duration::from_mins(5));
    let (_, answer) = ask(&service, &bob, discover, json!({})).await;
    assert_ne!(
        answer["data"]["runDiscovery"]["run"]["id"], of_script,
        "bob would lose his"
    );

    let worker = worker(&service).await;
    ended(&fixture).await;
    let of = async |who: &str, status: &str| {
        let runs = format!("scheduler_jobs WHERE requested_by LIKE '{who}' AND status = '{status}'");
        fixture.count(&runs).await
    };
    assert_eq!(
        (of("token:%", "FAILED").await, of("token:%", "SUCCEEDED").await),
        (3, 0)
    );
    assert_eq!((of("bob", "SUCCEEDED").await, of("bob", "FAILED").await), (1, 0));
    assert_eq!(fixture.count("resources").await, 1);
    assert_eq!(fixture.count("virtual_tags WHERE source = 'CSV'").await, 0);
    worker.end("-TERM").await;
}

async fn queued(fixture: &Fixture, actor: &Actor) -> Run {
    let all = Selection::Filter(TagFilter::default());
    let answer = approvals::decide(&fixture.pool, actor, Decision::Approve, all, None).await;
    match answer.unwrap() {
        DecisionOutcome::Deferred(run) => *run,
        DecisionOutcome::Immediate(decisions) => panic!("decided {} at once", decisions.decided()),
    }
}

async fn execute_run(fixture: &Fixture, handle: &RunHandle) -> Result<()> {
    let job = DecideJob::new(Decision::Approve, None);
    job.run(&fixture.pool, handle).await
}

#[tokio::test]
async fn a_token_that_is_revoked_meanwhile_ends_its_run_at_the_next_chunk() {
    let fixture = Fixture::new().await;
    fill(&fixture, 1_500).await;
    let draft = TokenDraft {
        name: "nightly".into(),
        role: Role::Approver,
        accounts: None,
        expires_at: Utc::now() + TimeDelta::hours(1),
    };
    let admin = actor("root", Role::Admin);
    let issued = tokens::create(&fixture.pool, &SystemClock, &admin, draft)
        .await
        .unwrap();
    let script = issued.row.actor().unwrap();
    let run = queued(&fixture, &script).await;
    let handle = claim(&fixture.pool, run.id, "w").await.unwrap();
    // One chunk, and then it stops.
    runs::cancel(&fixture.pool, &jobs::definitions(), &script, run.id)
        .await
        .unwrap();
    execute_run(&fixture, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
    runs::retry(&fixture.pool, &jobs::definitions(), &script, run.id)
        .await
        .unwrap();
    let handle = claim(&fixture.pool, run.id, "w").await.unwrap();
    handle.require_rights(&fixture.pool).await.unwrap();
    tokens::revoke(&fixture.pool, &admin, issued.row.id)
        .await
        .unwrap();

    let done = execute_run(&fixture, &handle).await;
    assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
    let settled = runs::finish_run(&fixture.pool, &handle, done.map_err(Into::into)).await;
    assert_eq!(settled.unwrap(), RunEnd::Failed);
    let run = run_of(&fixture.pool, run.id).await;
    assert_eq!((run.status, run.progress_done), (RunStatus::Failed, 2_000));
    assert_eq!(fixture.trail().await.len(), 2_000);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_persons_run_ends_with_their_credentials_but_not_within_the_hour() {
    let fixture = Fixture::new().await;
    let ann = Actor {
        expires_at: Some(Utc::now() + TimeDelta::minutes(5)),
        ..approver("ann")
    };
    let run = runs::request(&fixture.pool, &ann, &DISCOVER).await.unwrap().run;
    let ends = "run_principals WHERE subject = 'ann' AND api_token IS NULL AND
         expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour'";
    assert_eq!(fixture.count(ends).await, 1);
    let held = claim(&fixture.pool, run.id, "w").await.unwrap();
    assert_eq!(
        held.checkpoint(&fixture.pool, Progress::default()).await.unwrap(),
        ControlFlow::Continue
    );
    execute(&fixture.pool, "UPDATE run_principals SET expires_at = now()").await;
    for refused in [
        held.require_rights(&fixture.pool).await,
        held.checkpoint(&fixture.pool, Progress::default())
            .await
            .map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let failed = runs::finish_run(&fixture.pool, &held, Err(failure("x", true))).await;
    assert_eq!(failed.unwrap(), RunEnd::Failed);
    // Asking again, with credentials that last.
    let later = Actor {
        expires_at: Some(Utc::now() + TimeDelta::hours(8)),
        ..ann
    };
    runs::retry(&fixture.pool, &jobs::definitions(), &later, run.id)
        .await
        .unwrap();
    let ends = "run_principals WHERE expires_at > now() + interval '7 hours'";
    assert_eq!(fixture.count(ends).await, 1);
    let held = claim(&fixture.pool, run.id, "w").await.unwrap();
    held.require_rights(&fixture.pool).await.unwrap();
}

#[tokio::test]
async fn helpers_work_in_the_name_of_whom_they_help() {
    let fixture = Fixture::new().await;
    let ann = approver("ann");
    let run = runs::request(&fixture.pool, &ann, &AutoTagJob {})
        .await
        .unwrap()
        .run;
    let held = claim(&fixture.pool, run.id, "w").await.unwrap();
    assert!(runs::spawn_helper(&fixture.pool, &held, 2).await.unwrap());
    let helpers = "run_principals p JOIN scheduler_jobs r ON r.id = p.run_id WHERE r.recruited_by IS NOT NULL
         AND p.subject = 'ann'";
    assert_eq!(fixture.count(helpers).await, 1);
    // The service's own run is another one: it does not depend on what ann may.
    let system = Actor::system("test");
    let own = runs::request(&fixture.pool, &system, &AutoTagJob {})
        .await
        .unwrap();
    assert!(own.created);
    let joined = runs::request(&fixture.pool, &ann, &AutoTagJob {}).await.unwrap();
    assert!(!joined.created, "the helper that waits is hers");
}

/// The database itself refuses what a run would change beyond its accounts.
#[tokio::test]
async fn a_run_works_behind_the_accounts_of_its_principal() {
    let fixture = Fixture::new().await;
    fill(&fixture, 1_200).await;
    let run = queued(&fixture, &limited("account-1")).await;
    let move_back = "UPDATE decision_items SET account_id = 'account-0',
             virtual_tag_id = (SELECT min(id) FROM virtual_tags WHERE account_id = 'account-0') WHERE position = 1";
    execute(&fixture.pool, move_back).await;
    let handle = claim(&fixture.pool, run.id, "w").await.unwrap();
    execute_run(&fixture, &handle).await.unwrap();
    let run = run_of(&fixture.pool, run.id).await;
    assert_eq!(run.counts, json!({"approved": 1_199, "forbidden": 1}));
    assert_eq!(
        fixture
            .count("tag_audit WHERE account_id = 'account-0' AND action = 'APPROVED'")
            .await,
        0
    );
}
