//! Reports on coverage: how far they have counted, the history of days, and the API.

use super::coverage::count;
use crate::support::api::{Api, actor as api_actor};
use crate::support::fixture::{Fixture, approver, limited, resource, settings};
use crate::support::runs::{claim, request};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tagging::Vocabulary;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::clock::Clock;
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::approvals::{self, NewTag};
use virtual_tagging::domain::coverage::{
    self, CoverageDay, CoverageDimension, CoverageFilter, CoverageHistoryFilter, SnapshotCoverageJob,
};
use virtual_tagging::domain::evaluation::EngineSettings;
use virtual_tagging::runs::{self, Job};

async fn approve_team(fixture: &Fixture, vocabulary: &Vocabulary, resource_id: i64) {
    let new = NewTag {
        resource_id,
        tag_key: "team".into(),
        tag_value: "core".into(),
        reason: None,
    };
    approvals::create(&fixture.pool, vocabulary, &approver("ann"), new)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_report_says_up_to_when_it_has_counted() {
    let fixture = Fixture::new().await;
    let settings = settings();
    let id = fixture.resource("orders").await;
    let vocabulary = count(&fixture, &settings).await;
    let report = async || {
        let by = [CoverageDimension::Key];
        let filter = CoverageFilter {
            tag_key: Some("Team".into()),
            ..CoverageFilter::default()
        };
        let groups = coverage::report(&fixture.pool, &vocabulary, &approver("ann"), &by, &filter).await;
        groups.unwrap().remove(0)
    };
    let before = report().await;
    assert_eq!((before.counts.resources, before.counts.missing), (1, 1));
    approve_team(&fixture, &vocabulary, id).await;
    let (late, later) = (report().await, report().await);
    assert_eq!(late.counts, before.counts);
    assert_eq!(
        late.computed_at, later.computed_at,
        "the time of the change that is not counted"
    );
    assert!(late.computed_at >= before.computed_at);
    count(&fixture, &settings).await;
    let after = report().await;
    assert_eq!((after.counts.resources, after.counts.approved), (1, 1));
    assert!(after.computed_at > late.computed_at);
}

/// A process that was frozen while it counted must not keep the runs of others from ending.
#[tokio::test]
async fn a_count_that_stands_still_is_waited_for_by_nobody() {
    let fixture = Fixture::new().await;
    let settings = settings();
    fixture.resource("orders").await;
    let counting = fixture.pool.begin().await.unwrap();
    sql::execute(
        &counting,
        "SELECT pg_advisory_xact_lock(x'0076745f636f7672'::bigint)",
        [],
    )
    .await
    .unwrap();
    let counted = async || {
        let count = coverage::count(&fixture.pool, &settings);
        let count = tokio::time::timeout(Duration::from_secs(5), count).await;
        count.expect("waits for nobody").unwrap()
    };
    assert_eq!(counted().await, 0);
    fixture.auto_tag().await;
    counting.rollback().await.unwrap();
    assert_eq!(counted().await, 1);
}

struct SetClock(DateTime<Utc>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// A run of the job at a time.
async fn snapshot(fixture: &Fixture, settings: &EngineSettings, at: &str) {
    let id = request(&fixture.pool, SnapshotCoverageJob {}).await.id;
    let handle = claim(&fixture.pool, id, "worker").await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SetClock(at.parse().unwrap()));
    let context = (fixture.pool.clone(), settings.clone(), clock);
    SnapshotCoverageJob {}.run(&context, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
}

#[tokio::test]
async fn the_history_has_the_end_of_each_day() {
    let fixture = Fixture::new().await;
    let settings = settings();
    let mut other = resource("bills");
    other.account_id = "444455556666".into();
    fixture.report(&[resource("orders"), other]).await;
    snapshot(&fixture, &settings, "2026-03-01T10:00:00Z").await;
    let vocabulary = settings.vocabulary();
    let approve = async |name: &str| {
        let id = fixture.resource(name).await;
        approve_team(&fixture, &vocabulary, id).await;
    };
    approve("orders").await;
    snapshot(&fixture, &settings, "2026-03-01T23:53:00Z").await;
    approve("stock").await;
    snapshot(&fixture, &settings, "2026-03-02T23:53:00Z").await;

    let ask = async |actor: &Actor, from: &str, to: &str| {
        let filter = CoverageHistoryFilter {
            tag_key: Some("TEAM".into()),
            from: Some(from.parse().unwrap()),
            to: Some(to.parse().unwrap()),
            ..CoverageHistoryFilter::default()
        };
        let days = coverage::history(&fixture.pool, &vocabulary, actor, &filter)
            .await
            .unwrap();
        let shown = |day: CoverageDay| {
            (
                day.day.to_string(),
                day.counts.approved,
                day.counts.missing,
                day.counts.resources,
            )
        };
        days.into_iter().map(shown).collect::<Vec<_>>()
    };
    let (first, second) = ("2026-03-01".to_owned(), "2026-03-02".to_owned());
    let ann = approver("ann");
    assert_eq!(
        ask(&ann, "2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z").await,
        [(second.clone(), 2, 1, 3), (first.clone(), 1, 1, 2)]
    );
    assert_eq!(
        ask(&ann, "2026-03-01T23:59:59Z", "2026-03-01T00:00:00Z").await,
        [(first.clone(), 1, 1, 2)]
    );
    assert_eq!(
        ask(
            &limited("444455556666"),
            "2026-03-01T00:00:00Z",
            "2026-03-09T00:00:00Z"
        )
        .await,
        [(second, 0, 1, 1), (first, 0, 1, 1)]
    );
    let thirteen_months = "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(401);
    coverage::prune(&fixture.pool, thirteen_months).await.unwrap();
    assert_eq!(fixture.count("coverage_days WHERE day = '2026-03-01'").await, 0);
    assert!(fixture.count("coverage_days WHERE day = '2026-03-02'").await > 0);
}

#[tokio::test]
async fn coverage_and_its_history_are_asked_for_over_the_api() {
    let api = Api::with_rows(20).await;
    let query =
        "{ coverage(groupBy: [KEY], filter: {tagKey: \"Env\"}) { tagKey resources native pending suggested
            missing coveredShare computedAt }
        coverageHistory(filter: {tagKey: \"Env\"}) { day tagKey resources missing missingShare } }";
    let data = api.ask(query).await;
    let today = &data["coverage"][0];
    assert_eq!(
        (&today["tagKey"], &today["resources"]),
        (&json!("environment"), &json!(20)),
        "{data}"
    );
    let computed: DateTime<Utc> = today["computedAt"].as_str().unwrap().parse().unwrap();
    assert!(computed <= Utc::now());
    let day = &data["coverageHistory"][0];
    assert_eq!(
        (&day["tagKey"], &day["resources"]),
        (&json!("environment"), &json!(20)),
        "{data}"
    );
    let part = api_actor(Role::Viewer, AccountScope::Only(vec!["account-1".into()]));
    let part = serde_json::to_value(api.answer_to(Some(part), query, json!({})).await).unwrap();
    for field in ["coverage", "coverageHistory"] {
        assert_eq!(part["data"][field][0]["resources"], 10, "{part}");
    }
}
