//! Decisions on more tags than an answer can tell of.

use crate::support::decisions::{fill, refusal};
use crate::support::fixture::{Fixture, approver, limited, shipped_vocabulary};
use crate::support::runs::{claim_until, run_of, silence, until, worker};
use crate::support::service::Service;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::{Actor, Role};
use virtual_tagging::db::estimate::Total;
use virtual_tagging::db::sql;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::approvals::{self, DecideJob, Decision, DecisionOutcome, Selection, TagFilter};
use virtual_tagging::domain::inventory::LackedKey;
use virtual_tagging::domain::inventory::list::{self, ResourceFilter};
use virtual_tagging::domain::{Outcome, RunStatus};
use virtual_tagging::entities::decision_item;
use virtual_tagging::error::{Error, ProblemCode, Result};
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, Job, Run, RunEnd, RunHandle};

/// Resources of two accounts in turn, each with two tags that wait, and the trail of these.
async fn filled(resources: i64) -> Fixture {
    let fixture = Fixture::new().await;
    fill(&fixture, resources).await;
    fixture
}

fn all() -> Selection {
    Selection::Filter(TagFilter::default())
}

async fn request(
    fixture: &Fixture,
    actor: &Actor,
    decision: Decision,
    selection: Selection,
) -> Result<DecisionOutcome> {
    let because = Some("by the thousand".to_owned());
    approvals::decide(&fixture.pool, actor, decision, selection, because).await
}

async fn queued(fixture: &Fixture, actor: &Actor, decision: Decision, selection: Selection) -> Run {
    match request(fixture, actor, decision, selection).await.unwrap() {
        DecisionOutcome::Deferred(run) => *run,
        DecisionOutcome::Immediate(decisions) => panic!("decided {} at once", decisions.decided()),
    }
}

async fn claim(fixture: &Fixture, run: &Run, stop: CancellationToken) -> RunHandle {
    let handle = claim_until(&fixture.pool, run.id, &worker("worker"), stop).await;
    handle.expect("a run to claim")
}

async fn execute_run(fixture: &Fixture, handle: &RunHandle) -> Result<()> {
    let run = run_of(&fixture.pool, handle.run_id).await;
    let job = DecideJob::of(&run).unwrap().expect("a run of decisions");
    job.run(&fixture.pool, handle).await
}

/// A bulk decision changes so many rows that what the planner knew is wrong at once.
#[tokio::test]
async fn totals_are_right_right_after_a_bulk_decision() {
    let fixture = filled(12_000).await;
    sql::execute(
        &fixture.pool,
        "UPDATE resources SET retired_at = now() WHERE id % 100 = 0",
        [],
    )
    .await
    .unwrap();
    sql::execute(&fixture.pool, "ANALYZE resources, virtual_tags", [])
        .await
        .unwrap();
    let teams = TagFilter {
        tag_key: Some("team".into()),
        account_id: Some("account-1".into()),
        ..TagFilter::default()
    };
    let run = queued(
        &fixture,
        &approver("ann"),
        Decision::Approve,
        Selection::Filter(teams),
    )
    .await;
    assert_eq!(run.accounts, Some(vec!["account-1".to_owned()]));
    work_off(&fixture, &run).await;
    let rest = queued(&fixture, &limited("account-0"), Decision::Deny, all()).await;
    work_off(&fixture, &rest).await;
    for who in [approver("ann"), limited("account-0"), limited("account-1")] {
        for (retired, account_id) in [
            (None, None),
            (Some(false), None),
            (Some(true), None),
            (Some(false), Some("account-1")),
        ] {
            let filter = ResourceFilter {
                lacks_tag_key: Some(LackedKey::new("team", shipped_vocabulary())),
                retired,
                account_id: account_id.map(str::to_owned),
                ..ResourceFilter::default()
            };
            let counted = list::count(&fixture.pool, &who, &filter).await.unwrap();
            let lacking = "SELECT count(*) FROM resources r WHERE ($1::text[] IS NULL OR account_id = ANY ($1))
                 AND ($2::boolean IS NULL OR (retired_at IS NOT NULL) = $2) AND ($3::text IS NULL OR account_id = $3)
                 AND NOT EXISTS (SELECT FROM virtual_tags t WHERE t.resource_id = r.id AND t.tag_key = 'team'
                     AND (t.approval_status = 'APPROVED' OR t.approval_status = 'PENDING' AND t.auto_applied))";
            let binds = [
                who.scope.as_bind().into(),
                retired.into(),
                filter.account_id.clone().into(),
            ];
            let present = fixture.number(lacking, binds).await;
            assert_eq!(
                counted,
                Total::exact(present.unsigned_abs()),
                "{:?} {filter:?}",
                who.scope
            );
        }
    }
    // A filter without a counter is estimated from the table as it is now.
    let denied = "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'virtual_tags'";
    assert!(fixture.number(denied, []).await < 10_000);
}

/// Sees a run through; gives it as it ended.
async fn work_off(fixture: &Fixture, run: &Run) -> Run {
    let handle = claim(fixture, run, CancellationToken::new()).await;
    let done = execute_run(fixture, &handle).await.map_err(Into::into);
    let settled = runs::finish_run(&fixture.pool, &handle, done).await.unwrap();
    assert_eq!(settled, RunEnd::Succeeded);
    run_of(&fixture.pool, run.id).await
}

async fn outcomes(fixture: &Fixture, run: &Run) -> BTreeMap<i64, Option<Outcome>> {
    let items = decision_item::Entity::find()
        .order_by_asc(decision_item::Column::Position)
        .all(&fixture.pool)
        .await
        .unwrap();
    let of_run = items.into_iter().filter(|item| item.run_id == run.id);
    of_run.map(|item| (item.virtual_tag_id, item.outcome)).collect()
}

#[tokio::test]
async fn what_was_selected_is_decided_as_it_was_seen() {
    let fixture = filled(1_500).await;
    let run = queued(&fixture, &approver("ann"), Decision::Approve, all()).await;
    assert_eq!(
        (run.progress_total, run.requested_by.as_str()),
        (Some(3_000), "ann")
    );
    // Meanwhile: one is proposed on other evidence, one is denied, one goes, one moves, and others come.
    for statement in [
        "UPDATE virtual_tags SET confidence = 0.7, updated_at = now() WHERE id = 1",
        "DELETE FROM virtual_tags WHERE id = 3",
        "UPDATE resources SET account_id = 'account-9' WHERE id = 2",
    ] {
        sql::execute(&fixture.pool, statement, []).await.unwrap();
    }
    let denied = request(
        &fixture,
        &approver("bob"),
        Decision::Deny,
        Selection::Ids(vec![2]),
    )
    .await;
    assert!(matches!(denied, Ok(DecisionOutcome::Immediate(decisions)) if decisions.decided() == 1));
    let late = fixture.tag(1, "late", "value", 0.9).await;

    let run = work_off(&fixture, &run).await;
    assert_eq!(
        run.counts,
        json!({"approved": 2_996, "already_decided": 1, "not_found": 1, "stale": 2})
    );
    assert_eq!((run.progress_done, run.status), (3_000, RunStatus::Succeeded));
    let outcomes = outcomes(&fixture, &run).await;
    let of = |tag: i64| outcomes[&tag];
    assert_eq!(of(1), Some(Outcome::Stale));
    assert_eq!(of(2), Some(Outcome::AlreadyDecided));
    assert_eq!(of(3), Some(Outcome::NotFound));
    assert_eq!(
        of(4),
        Some(Outcome::Stale),
        "another account may be beyond the scope"
    );
    assert_eq!(of(5), Some(Outcome::Approved));
    let now = [
        fixture.status(1).await,
        fixture.status(2).await,
        fixture.status(4).await,
        fixture.status(5).await,
    ];
    assert_eq!(now, [Pending, Denied, Superseded, Approved]);
    assert_eq!(fixture.status(late).await, Pending);
    let audited = "tag_audit WHERE action = 'APPROVED' AND actor = 'ann' AND reason = 'by the thousand'
         AND run_id IS NOT NULL";
    assert_eq!(fixture.count(audited).await, 2_996);
    assert_eq!(fixture.count("evaluations WHERE revision = 0").await, 1_499);
}

#[tokio::test]
async fn a_worker_that_dies_leaves_nothing_half_done_and_nothing_is_done_twice() {
    let fixture = Arc::new(filled(5_000).await);
    let run = queued(&fixture, &approver("ann"), Decision::Approve, all()).await;
    let dead = Arc::new(claim(&fixture, &run, CancellationToken::new()).await);
    let work = tokio::spawn({
        let (fixture, dead) = (Arc::clone(&fixture), Arc::clone(&dead));
        async move { execute_run(&fixture, &dead).await }
    });
    until(&fixture.pool, run.id, |run| run.progress_done > 0).await;
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
    // Its last commit may still be on the way, so both are looked at in the same moment.
    let whole = "scheduler_jobs WHERE progress_done < 10000 AND progress_done =
         (SELECT count(*) FROM virtual_tags WHERE approval_status = 'APPROVED')";
    assert_eq!(fixture.count(whole).await, 1);
    silence(&fixture.pool).await;
    assert_eq!(runs::reclaim_orphans(&fixture.pool).await.unwrap().requeued, 1);
    let run = work_off(&fixture, &run).await;
    assert_eq!(run.counts, json!({ "approved": 10_000 }));
    assert_eq!(fixture.trail().await.len(), 10_000);
    fixture.assert_trail_leads_to_tags().await;
    // The dead one wakes up, and is refused.
    assert!(execute_run(&fixture, &dead).await.is_err());
    assert_eq!(fixture.trail().await.len(), 10_000);
}

#[tokio::test]
async fn of_two_runs_over_the_same_tags_one_decides_each() {
    let fixture = filled(2_500).await;
    let approve = queued(&fixture, &approver("ann"), Decision::Approve, all()).await;
    let ids = (1..=5_000).rev().collect();
    let deny = queued(&fixture, &approver("bob"), Decision::Deny, Selection::Ids(ids)).await;
    let (approve, deny) = tokio::join!(work_off(&fixture, &approve), work_off(&fixture, &deny));
    let count = |run: &Run, name: &str| run.counts[name].as_i64().unwrap_or_default();
    let (approved, denied) = (count(&approve, "approved"), count(&deny, "denied"));
    assert_eq!(approved + denied, 5_000, "{} {}", approve.counts, deny.counts);
    assert_eq!(count(&approve, "already_decided"), denied);
    assert_eq!(count(&deny, "already_decided"), approved);
    assert_eq!(fixture.trail().await.len(), 5_000);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn values_of_one_key_meet_each_other_at_the_border_of_chunks() {
    let fixture = filled(1_100).await;
    // Positions 1999 to 2003 are of one resource.
    let mut values = Vec::new();
    for n in 0..3 {
        values.push(
            fixture
                .tag(1_000, "owner", &format!("v{n}"), 0.9 + f64::from(n) / 100.0)
                .await,
        );
    }
    let run = queued(&fixture, &approver("ann"), Decision::Approve, all()).await;
    let run = work_off(&fixture, &run).await;
    assert_eq!(run.counts, json!({"approved": 2_200, "already_decided": 3}));
    let mut now = Vec::new();
    for value in &values {
        now.push(fixture.status(*value).await);
    }
    assert_eq!(now, [Superseded, Superseded, Approved]);
    let undo = queued(&fixture, &approver("bob"), Decision::Undo, Selection::Run(run.id)).await;
    let undo = work_off(&fixture, &undo).await;
    assert_eq!(undo.counts, json!({ "undone": 2_200 }));
    assert_eq!(
        fixture
            .count("virtual_tags WHERE approval_status = 'PENDING'")
            .await,
        2_203
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn what_a_run_decided_is_taken_back_unless_it_was_decided_anew() {
    let fixture = filled(600).await;
    let run = queued(&fixture, &approver("ann"), Decision::Deny, all()).await;
    let early = request(&fixture, &approver("ann"), Decision::Undo, Selection::Run(run.id)).await;
    assert_eq!(refusal(early.unwrap_err()), ProblemCode::Conflict);
    let run = work_off(&fixture, &run).await;
    for decision in [Decision::Undo, Decision::Deny] {
        let again = request(&fixture, &approver("bob"), decision, Selection::Ids(vec![7])).await;
        assert!(matches!(again, Ok(DecisionOutcome::Immediate(decisions)) if decisions.decided() == 1));
    }
    let wrong = request(
        &fixture,
        &approver("ann"),
        Decision::Approve,
        Selection::Run(run.id),
    )
    .await;
    assert_eq!(refusal(wrong.unwrap_err()), ProblemCode::Invalid);
    let undo = queued(&fixture, &approver("cy"), Decision::Undo, Selection::Run(run.id)).await;
    assert_eq!(undo.progress_total, Some(1_199));
    let undo = work_off(&fixture, &undo).await;
    assert_eq!(undo.counts, json!({ "undone": 1_199 }));
    assert_eq!(fixture.status(7).await, Denied);
    let twice = request(&fixture, &approver("cy"), Decision::Undo, Selection::Run(undo.id)).await;
    assert_eq!(refusal(twice.unwrap_err()), ProblemCode::Conflict);
    let none = request(&fixture, &approver("cy"), Decision::Undo, Selection::Run(run.id)).await;
    assert!(matches!(none, Ok(DecisionOutcome::Immediate(decisions)) if decisions.items.is_empty()));
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn who_is_limited_to_accounts_decides_within_them() {
    let fixture = filled(1_200).await;
    let limited = limited("account-1");
    let ids = (1..=2_400).collect();
    let run = queued(&fixture, &limited, Decision::Approve, Selection::Ids(ids)).await;
    let by_filter = queued(&fixture, &limited, Decision::Deny, all()).await;
    assert_eq!(
        (run.progress_total, by_filter.progress_total),
        (Some(2_400), Some(1_200))
    );
    let run = work_off(&fixture, &run).await;
    assert_eq!(run.counts, json!({"approved": 1_200, "not_found": 1_200}));
    let others = "virtual_tags WHERE account_id = 'account-0' AND approval_status = 'PENDING'";
    assert_eq!(fixture.count(others).await, 1_200);
    let stranger = crate::support::fixture::limited("account-0");
    let of_run = request(&fixture, &stranger, Decision::Undo, Selection::Run(run.id)).await;
    assert_eq!(refusal(of_run.unwrap_err()), ProblemCode::NotFound);
}

#[tokio::test]
async fn a_cancelled_run_leaves_the_rest_and_can_go_on() {
    let fixture = filled(1_500).await;
    let run = queued(&fixture, &approver("ann"), Decision::Approve, all()).await;
    let handle = claim(&fixture, &run, CancellationToken::new()).await;
    runs::cancel(&fixture.pool, &jobs::definitions(), &approver("bob"), run.id)
        .await
        .unwrap();
    execute_run(&fixture, &handle).await.unwrap();
    let settled = runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
    assert_eq!(settled, RunEnd::Cancelled);
    assert_eq!(
        fixture
            .count("virtual_tags WHERE approval_status = 'APPROVED'")
            .await,
        2_000
    );
    let waiting = outcomes(&fixture, &run)
        .await
        .into_values()
        .filter(Option::is_none);
    assert_eq!(waiting.count(), 1_000);
    runs::retry(&fixture.pool, &jobs::definitions(), &approver("ann"), run.id)
        .await
        .unwrap();
    let run = work_off(&fixture, &run).await;
    assert_eq!(run.counts, json!({ "approved": 3_000 }));
    sql::execute(&fixture.pool, "DELETE FROM scheduler_jobs", [])
        .await
        .unwrap();
    assert_eq!(fixture.count("decision_items").await, 0);
}

#[tokio::test]
async fn too_many_ids_and_those_who_may_not_decide_are_refused() {
    let fixture = Fixture::new().await;
    let ids = Selection::Ids((1..=10_001).collect());
    let refused = request(&fixture, &approver("ann"), Decision::Approve, ids).await;
    assert_eq!(refusal(refused.unwrap_err()), ProblemCode::TooMany);
    let viewer = crate::support::fixture::actor("vic", Role::Viewer);
    let refused = request(&fixture, &viewer, Decision::Approve, all()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    assert_eq!(fixture.count("scheduler_jobs").await, 0);
}

#[tokio::test]
async fn results_come_in_pages_and_by_outcome() {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(Arc::clone(&service.db)).await;
    fill(&fixture, 700).await;
    let deny = "mutation { denyTags(input: {ids: [\"VmlydHVhbFRhZzo1\"]}) { decided run { id } } }";
    assert_eq!(
        service.data(deny, json!({})).await["denyTags"],
        json!({"decided": 1, "run": null})
    );
    let mut ids: Vec<Value> = (1..=1_400).map(|n| json!(global_id(n))).collect();
    ids.push(json!("no id"));
    let approve = "mutation($ids: [ID!]) { approveTags(input: {ids: $ids, reason: \"all\"}) { decided refused
        results { tagId outcome } run { id jobName decision progressTotal } userErrors { message } } }";
    let answer = service.data(approve, json!({ "ids": ids })).await["approveTags"].take();
    let id = answer["run"]["id"].clone();
    assert_eq!(
        answer,
        json!({"decided": 0, "refused": 1, "userErrors": [],
            "results": [{"tagId": "no id", "outcome": "NOT_FOUND"}],
            "run": {"id": id, "jobName": "DECIDE", "decision": "APPROVE", "progressTotal": 1_400}})
    );
    let run = service.ended_run(&id).await;
    assert_eq!(run["counts"], json!({"approved": 1_399, "already_decided": 1}));

    let pages = "query($id: ID!, $after: String) { jobRun(id: $id) { decisions(first: 500, after: $after) {
        totalCount nodes { id tagId outcome } pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let page = service.data(pages, json!({"id": id, "after": after})).await["jobRun"]["decisions"].take();
        assert_eq!(page["totalCount"], 1_400);
        let nodes = page["nodes"].as_array().unwrap();
        let of = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
        seen.extend(nodes.iter().map(|node| (of(node, "id"), of(node, "tagId"))));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 1_400);
    assert_eq!(seen.values().collect::<BTreeSet<_>>().len(), 1_400);
    // Another run has decisions of its own about the same tags.
    let again = service.data(approve, json!({ "ids": ids })).await["approveTags"]["run"]["id"].take();
    service.ended_run(&again).await;
    let page = service.data(pages, json!({"id": again, "after": null})).await["jobRun"]["decisions"].take();
    assert_eq!(page["nodes"].as_array().unwrap().len(), 500);
    for node in page["nodes"].as_array().unwrap() {
        assert!(!seen.contains_key(node["id"].as_str().unwrap()), "{node}");
    }
    let refused = "query($id: ID!) { jobRun(id: $id) {
        refused: decisions(outcome: ALREADY_DECIDED) { totalCount nodes { tagId outcome decidedAt
            tag { approvalStatus decidedBy } userError { code message } } }
        approved: decisions(first: 0, outcome: APPROVED) { totalCount }
        waiting: decisions(outcome: WAITING) { totalCount nodes { id } } } }";
    let mut found = service.data(refused, json!({ "id": id })).await["jobRun"].take();
    let message = found["refused"]["nodes"][0]["userError"]["message"].take();
    assert!(
        message
            .as_str()
            .unwrap()
            .starts_with("already denied by developer at "),
        "{message}"
    );
    assert_eq!(
        found,
        json!({
            "refused": {"totalCount": 1, "nodes": [{"tagId": global_id(5), "outcome": "ALREADY_DECIDED",
                "decidedAt": null, "tag": {"approvalStatus": "DENIED", "decidedBy": "developer"},
                "userError": {"code": "ALREADY_DECIDED", "message": null}}]},
            "approved": {"totalCount": 1_399},
            "waiting": {"totalCount": 0, "nodes": []},
        })
    );
}

fn global_id(tag: i64) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("VirtualTag:{tag}"))
}
