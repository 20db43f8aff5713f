//! Rights are looked at when work is done: runs of those who have lost theirs since they asked.

use crate::api_tokens::{CREATE, ask, in_an_hour};
use crate::bulk::fill;
use crate::program::Serving;
use crate::runs::{DISCOVER, claim, execute, failure, run_of};
use crate::service::{SECRET, Service};
use crate::upload::import_as;
use crate::world::{World, actor, approver, limited};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use virtual_tagging::clock::SystemClock;
use virtual_tagging::domain::RunStatus;
use virtual_tagging::domain::approvals::{self, Answer, Decision, Selection, TagFilter, bulk};
use virtual_tagging::domain::auth::{Actor, Role};
use virtual_tagging::domain::events::Notifier;
use virtual_tagging::domain::runs::{self, Arguments, Flow, Progress, Run, RunHandle, Settled};
use virtual_tagging::domain::tokens::{self, TokenDraft};
use virtual_tagging::error::{Error, Result};
use virtual_tagging::jobs::Queue;

const APPROVE: &str =
    "mutation { approveTags(input: {filter: {minConfidence: 0}}) { run { id } userErrors { message } } }";
const RETRY: &str =
    "mutation($id: ID!) { retryRun(input: {id: $id}) { run { status } userErrors { message } } }";

/// A service that wants tokens and does not work on runs, and so many resources with two tags each.
async fn idle(resources: i64) -> (Service, World) {
    let service = Service::start_authenticated().await;
    let world = World::on(Arc::clone(&service.db)).await;
    fill(&world, resources).await;
    (service, world)
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

async fn ended(world: &World) -> Run {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let open = world.count("scheduler_jobs WHERE finished_at IS NULL").await;
        if open == 0 {
            let last = world.number("SELECT max(id) FROM scheduler_jobs", []).await;
            return run_of(&world.pool, last).await;
        }
        assert!(Instant::now() < deadline, "in vain");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_queued_run_of_a_revoked_token_does_nothing_and_others_may_take_it_over() {
    let (service, world) = idle(700).await;
    let (secret, id) = script(&service, None).await;
    let (_, answer) = ask(&service, &secret, APPROVE, json!({})).await;
    let run = answer["data"]["approveTags"]["run"]["id"].clone();
    assert!(run.is_string(), "{answer}");
    revoke(&service, &id).await;
    let worker = worker(&service).await;
    let failed = ended(&world).await;
    assert_eq!((failed.status, failed.progress_done), (RunStatus::Failed, 0));
    assert!(
        failed
            .error
            .as_ref()
            .is_some_and(|error| error.contains("was revoked")),
        "{failed:?}"
    );
    assert_eq!(world.trail().await, []);

    let bob = service.token("bob", Role::Approver, None, Duration::from_mins(5));
    let (_, answer) = ask(&service, &bob, RETRY, json!({ "id": run })).await;
    assert_eq!(answer["data"]["retryRun"]["run"]["status"], "QUEUED", "{answer}");
    let ended = ended(&world).await;
    assert_eq!(
        (ended.status, ended.counts),
        (RunStatus::Succeeded, json!({ "approved": 1_400 }))
    );
    assert!(ended.requested_by.starts_with("token:"));
    // It was bob who had it done.
    let trail = world.trail().await;
    assert!(trail.len() == 1_400 && trail.iter().all(|row| row.actor == "bob"));
    worker.end("-TERM").await;
}

#[tokio::test]
async fn a_run_tried_again_stays_within_the_accounts_that_are_left() {
    let (service, world) = idle(1_200).await;
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
    let ended = ended(&world).await;
    assert_eq!(ended.status, RunStatus::Succeeded, "{ended:?}");
    assert_eq!(ended.counts, json!({"approved": 1_200, "forbidden": 1_200}));
    let untouched = "virtual_tags WHERE account_id = 'account-0' AND approval_status = 'PENDING'";
    assert_eq!(world.count(untouched).await, 1_200);
    let decisions = "query($id: ID!) { jobRun(id: $id) { decisions(first: 1, outcome: FORBIDDEN) {
        totalCount nodes { outcome decidedAt userError { code } } } } }";
    let admin = service.token("root", Role::Admin, None, Duration::from_mins(5));
    let (_, answer) = ask(&service, &admin, decisions, run).await;
    let expected = json!({"totalCount": 1_200, "nodes": [
        {"outcome": "FORBIDDEN", "decidedAt": null, "userError": {"code": "FORBIDDEN"}}]});
    assert_eq!(answer["data"]["jobRun"]["decisions"], expected, "{answer}");
    world.assert_trail_leads_to_tags().await;
    worker.end("-TERM").await;
}

#[tokio::test]
async fn imports_and_discoveries_of_a_revoked_token_do_nothing_and_hold_up_nobody() {
    let service = Service::start_authenticated().await;
    let world = World::on(Arc::clone(&service.db)).await;
    let (secret, id) = script(&service, None).await;
    let resources = "mutation($file: Upload!) { import: importInventory(input: {file: $file}) { run { id } userErrors { code } } }";
    let tags =
        "mutation($file: Upload!) { import: importVirtualTags(input: {file: $file, status: APPROVED}) {
        run { id } userErrors { code } } }";
    world.resource("a").await;
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
    ended(&world).await;
    let of = async |who: &str, status: &str| {
        let runs = format!("scheduler_jobs WHERE requested_by LIKE '{who}' AND status = '{status}'");
        world.count(&runs).await
    };
    assert_eq!(
        (of("token:%", "FAILED").await, of("token:%", "SUCCEEDED").await),
        (3, 0)
    );
    assert_eq!((of("bob", "SUCCEEDED").await, of("bob", "FAILED").await), (1, 0));
    assert_eq!(world.count("resources").await, 1);
    assert_eq!(world.count("virtual_tags WHERE source = 'CSV'").await, 0);
    worker.end("-TERM").await;
}

async fn queued(world: &World, actor: &Actor) -> Run {
    let all = Selection::Filter(TagFilter::default());
    let answer = approvals::request(&world.pool, &Queue, actor, Decision::Approve, all, None).await;
    match answer.unwrap() {
        Answer::Queued(run) => *run,
        Answer::Decided(decisions) => panic!("decided {} at once", decisions.decided()),
    }
}

async fn perform(world: &World, handle: &RunHandle) -> Result<()> {
    bulk::run(&world.pool, &Notifier::default(), handle, Decision::Approve, None).await
}

#[tokio::test]
async fn a_token_that_is_revoked_meanwhile_ends_its_run_at_the_next_chunk() {
    let world = World::new().await;
    fill(&world, 1_500).await;
    let draft = TokenDraft {
        name: "nightly".into(),
        role: Role::Approver,
        accounts: None,
        expires_at: Utc::now() + TimeDelta::hours(1),
    };
    let admin = actor("root", Role::Admin);
    let issued = tokens::create(&world.pool, &SystemClock, &admin, draft)
        .await
        .unwrap();
    let script = issued.row.actor().unwrap();
    let run = queued(&world, &script).await;
    let handle = claim(&world.pool, run.id, "w").await.unwrap();
    // One chunk, and then it stops.
    runs::cancel(&world.pool, &script, run.id).await.unwrap();
    perform(&world, &handle).await.unwrap();
    runs::settle(&world.pool, &Queue, &handle, Ok(())).await.unwrap();
    runs::retry(&world.pool, &Queue, &script, run.id).await.unwrap();
    let handle = claim(&world.pool, run.id, "w").await.unwrap();
    handle.require_rights(&world.pool).await.unwrap();
    tokens::revoke(&world.pool, &admin, issued.row.id).await.unwrap();

    let done = perform(&world, &handle).await;
    assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
    let settled = runs::settle(&world.pool, &Queue, &handle, done.map_err(Into::into)).await;
    assert_eq!(settled.unwrap(), Settled::Failed);
    let run = run_of(&world.pool, run.id).await;
    assert_eq!((run.status, run.progress_done), (RunStatus::Failed, 2_000));
    assert_eq!(world.trail().await.len(), 2_000);
    world.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_persons_run_ends_with_their_credentials_but_not_within_the_hour() {
    let world = World::new().await;
    let ann = Actor {
        expires_at: Some(Utc::now() + TimeDelta::minutes(5)),
        ..approver("ann")
    };
    let run = runs::request(&world.pool, &Queue, &ann, DISCOVER.into())
        .await
        .unwrap()
        .run;
    let ends = "run_principals WHERE subject = 'ann' AND api_token IS NULL AND
         expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour'";
    assert_eq!(world.count(ends).await, 1);
    let held = claim(&world.pool, run.id, "w").await.unwrap();
    assert_eq!(
        held.checkpoint(&world.pool, Progress::default()).await.unwrap(),
        Flow::Continue
    );
    execute(&world.pool, "UPDATE run_principals SET expires_at = now()").await;
    for refused in [
        held.require_rights(&world.pool).await,
        held.checkpoint(&world.pool, Progress::default()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let failed = runs::settle(&world.pool, &Queue, &held, Err(failure("x", true))).await;
    assert_eq!(failed.unwrap(), Settled::Failed);
    // Asking again, with credentials that last.
    let later = Actor {
        expires_at: Some(Utc::now() + TimeDelta::hours(8)),
        ..ann
    };
    runs::retry(&world.pool, &Queue, &later, run.id).await.unwrap();
    let ends = "run_principals WHERE expires_at > now() + interval '7 hours'";
    assert_eq!(world.count(ends).await, 1);
    let held = claim(&world.pool, run.id, "w").await.unwrap();
    held.require_rights(&world.pool).await.unwrap();
}

#[tokio::test]
async fn helpers_work_in_the_name_of_whom_they_help() {
    let world = World::new().await;
    let ann = approver("ann");
    let run = runs::request(&world.pool, &Queue, &ann, Arguments::AutoTag {}.into())
        .await
        .unwrap()
        .run;
    let held = claim(&world.pool, run.id, "w").await.unwrap();
    assert!(runs::recruit(&world.pool, &Queue, &held, 2).await.unwrap());
    let helpers = "run_principals p JOIN scheduler_jobs r ON r.id = p.run_id WHERE r.recruited_by IS NOT NULL
         AND p.subject = 'ann'";
    assert_eq!(world.count(helpers).await, 1);
    // The service's own run is another one: it does not depend on what ann may.
    let system = Actor::system("test");
    let own = runs::request(&world.pool, &Queue, &system, Arguments::AutoTag {}.into())
        .await
        .unwrap();
    assert!(own.created);
    let joined = runs::request(&world.pool, &Queue, &ann, Arguments::AutoTag {}.into())
        .await
        .unwrap();
    assert!(!joined.created, "the helper that waits is hers");
}

/// The database itself refuses what a run would change beyond its accounts.
#[tokio::test]
async fn a_run_works_behind_the_accounts_of_its_principal() {
    let world = World::new().await;
    fill(&world, 1_200).await;
    let run = queued(&world, &limited("account-1")).await;
    let move_back = "UPDATE decision_items SET account_id = 'account-0',
             virtual_tag_id = (SELECT min(id) FROM virtual_tags WHERE account_id = 'account-0') WHERE position = 1";
    execute(&world.pool, move_back).await;
    let handle = claim(&world.pool, run.id, "w").await.unwrap();
    perform(&world, &handle).await.unwrap();
    let run = run_of(&world.pool, run.id).await;
    assert_eq!(run.counts, json!({"approved": 1_199, "forbidden": 1}));
    assert_eq!(
        world
            .count("tag_audit WHERE account_id = 'account-0' AND action = 'APPROVED'")
            .await,
        0
    );
}
