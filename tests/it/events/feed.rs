//! The event feed: every event once, in order, across replicas and interruptions.

use crate::support::decisions::{try_decide, undo};
use crate::support::fixture::{Fixture, approver, resource};
use crate::support::locks::wait_until_blocked;
use crate::support::wait::wait_until;
use futures::{Stream, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::AuditAction;
use virtual_tagging::domain::approvals::{Decision, Selection};
use virtual_tagging::domain::events::{
    Event, EventListener, Feed, Log, LogPosition, LogRange, ResourceLog, TagLog, announce,
};
use virtual_tagging::entities::tag_audit::Model as AuditRow;

/// A replica: its own pool, tail and listener.
struct Replica {
    feed: Arc<Feed<TagLog>>,
    stop: CancellationToken,
}

impl Replica {
    async fn start(fixture: &Fixture) -> Self {
        let pool = fixture.db.connect().await;
        let listener = EventListener::default();
        // Another test's transaction on the same server can hold back what this one wrote a moment ago; then that
        // would count as new.
        let newest = "SELECT coalesce(max(id), 0) FROM tag_audit";
        let feed = wait_until(
            Duration::from_mins(1),
            "a log without open transactions",
            async || {
                let feed = Feed::<TagLog>::open(pool.clone(), &listener).await.unwrap();
                (feed.status().head.id == fixture.number(newest, []).await).then_some(feed)
            },
        )
        .await;
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&feed).run(stop.clone()));
        tokio::spawn(listener.run(pool, stop.clone()));
        Self { feed, stop }
    }

    /// Takes events until there are `count`.
    async fn take(&self, after: Option<LogPosition>, count: usize) -> Vec<Arc<Event<AuditRow>>> {
        let stream = events(&self.feed, after).take(count);
        tokio::time::timeout(Duration::from_secs(20), stream.collect())
            .await
            .expect("all events in time")
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The feed's events one by one.
fn events<L: Log>(
    feed: &Arc<Feed<L>>,
    after: Option<LogPosition>,
) -> impl Stream<Item = Arc<Event<L::Row>>> + Send + use<L> {
    let batches = feed.subscribe(LogRange { after, until: None });
    batches.flat_map(|batch| futures::stream::iter(batch.events.clone()))
}

fn ids(events: &[Arc<Event<AuditRow>>]) -> Vec<i64> {
    events.iter().map(|event| event.row.id).collect()
}

async fn decide_one(fixture: &Fixture, tag: i64) {
    let ids = Selection::Ids(vec![tag]);
    try_decide(&fixture.pool, &approver("ann"), Decision::Approve, ids, None)
        .await
        .unwrap();
}

/// Commits a transaction that announces events, for those that were written without.
async fn commit_announced(fixture: &Fixture) {
    let txn = fixture.pool.begin().await.unwrap();
    announce(&txn);
    txn.commit().await.unwrap();
}

async fn tags(fixture: &Fixture, count: usize) -> Vec<i64> {
    let resource = fixture.resource("orders").await;
    let mut tags = Vec::with_capacity(count);
    for n in 0..count {
        tags.push(fixture.tag(resource, &format!("key{n}"), "value", 0.8).await);
    }
    tags
}

#[tokio::test]
async fn subscribers_on_two_replicas_see_the_same_events_once_and_in_order() {
    let fixture = Fixture::new().await;
    let tags = tags(&fixture, 40).await;
    let (one, two) = (Replica::start(&fixture).await, Replica::start(&fixture).await);
    let (seen_by_one, seen_by_two, ()) = tokio::join!(one.take(None, 40), two.take(None, 40), async {
        // Both are subscribed from the first poll on; decisions come from many transactions at once.
        let decisions = tags.iter().map(|&tag| decide_one(&fixture, tag));
        futures::stream::iter(decisions)
            .buffer_unordered(4)
            .collect::<Vec<()>>()
            .await;
    });
    assert_eq!(ids(&seen_by_one), ids(&seen_by_two));
    let mut distinct = ids(&seen_by_one);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 40);
    assert!(seen_by_one.is_sorted_by(|a, b| a.cursor < b.cursor));
}

#[tokio::test]
async fn one_that_resumes_misses_nothing_and_gets_nothing_twice() {
    let fixture = Fixture::new().await;
    let tags = tags(&fixture, 30).await;
    let replica = Replica::start(&fixture).await;
    let (first, ()) = tokio::join!(replica.take(None, 10), async {
        for &tag in &tags[..10] {
            decide_one(&fixture, tag).await;
        }
    });
    let cursor = first.last().unwrap().cursor;
    for &tag in &tags[10..20] {
        decide_one(&fixture, tag).await;
    }
    let elsewhere = Replica::start(&fixture).await;
    let (rest, ()) = tokio::join!(elsewhere.take(Some(cursor), 20), async {
        for &tag in &tags[20..] {
            decide_one(&fixture, tag).await;
        }
    });
    let all: Vec<i64> = first
        .iter()
        .chain(&rest)
        .map(|event| event.row.virtual_tag_id)
        .collect();
    assert_eq!(all, tags);
}

#[tokio::test]
async fn an_event_of_a_transaction_that_commits_late_is_not_passed_over() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let replica = Replica::start(&fixture).await;
    let mut events = Box::pin(events(&replica.feed, None));
    // This one draws its ids first and commits last.
    let slow = fixture.pool.begin().await.unwrap();
    let propose =
        "INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id,
            action, tag_key, source, confidence, auto_applied, actor)
         VALUES (1, 'r', 'aws', 'a', 't', 1, 'PROPOSED', 'slow', 'RULE', 1, true, 'x')";
    sql::execute(&slow, propose, []).await.unwrap();
    fixture.tag(resource, "fast", "value", 0.8).await;
    commit_announced(&fixture).await;
    let early = tokio::time::timeout(Duration::from_millis(300), events.next()).await;
    assert!(early.is_err(), "nothing behind a running transaction is told");
    slow.commit().await.unwrap();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let event = tokio::time::timeout(Duration::from_secs(10), events.next())
            .await
            .expect("in time");
        keys.push(event.unwrap().row.tag_key.clone());
    }
    assert_eq!(keys, ["slow", "fast"]);
}

#[tokio::test]
async fn a_subscriber_that_lags_beyond_the_backlog_reads_on_and_loses_nothing() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let replica = Replica::start(&fixture).await;
    let mut events = Box::pin(events(&replica.feed, None));
    let first = fixture.tag(resource, "first", "value", 0.8).await;
    commit_announced(&fixture).await;
    assert_eq!(events.next().await.unwrap().row.virtual_tag_id, first);
    let burst = "INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id,
            action, tag_key, source, confidence, auto_applied, actor)
         SELECT 1, 'r', 'aws', 'a', 't', n, 'PROPOSED', 'burst', 'RULE', 1, true, 'x' FROM generate_series(1, 50) n";
    // More batches than the backlog holds, for each waits until the tail has read it; and several pages for who lags.
    for _ in 0..100 {
        let before = replica.feed.status().head;
        sql::execute(&fixture.pool, burst, []).await.unwrap();
        commit_announced(&fixture).await;
        wait_until(Duration::from_secs(20), "the tail to read a batch", async || {
            replica.feed.status().head != before
        })
        .await;
    }
    let rest: Vec<_> = tokio::time::timeout(
        Duration::from_mins(1),
        events.by_ref().take(5_000).collect::<Vec<_>>(),
    )
    .await
    .expect("all events in time");
    let cursors: Vec<LogPosition> = rest.iter().map(|event| event.cursor).collect();
    assert!(cursors.is_sorted_by(|a, b| a < b));
    assert_eq!(cursors.len(), 5_000);
}

#[tokio::test]
async fn resources_can_be_followed_as_they_change() {
    let fixture = Fixture::new().await;
    let feed = Feed::<ResourceLog>::open(fixture.pool.clone(), &EventListener::default())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&feed).run(stop.clone()));
    let mut events = Box::pin(events(&feed, None));
    fixture.report(&[resource("a")]).await;
    assert_eq!(events.next().await.unwrap().row.name, "a");
    let mut renamed = resource("a");
    renamed.name = "b".into();
    fixture.report(&[renamed]).await;
    assert_eq!(events.next().await.unwrap().row.name, "b");
    stop.cancel();
}

/// A transaction that waits for a lock has its id already; what it does afterwards comes afterwards.
#[tokio::test]
async fn changes_of_one_tag_come_in_the_order_in_which_they_were_made() {
    let fixture = Fixture::new().await;
    let mut tags = Vec::new();
    let mut resources = Vec::new();
    for name in ["one", "two", "three"] {
        let resource = fixture.resource(name).await;
        resources.push(resource);
        tags.push(fixture.tag(resource, "team", "payments", 0.8).await);
    }
    let ann = approver("ann");
    let deny = async |tag: i64| {
        let ids = Selection::Ids(vec![tag]);
        try_decide(&fixture.pool, &ann, Decision::Deny, ids, None)
            .await
            .unwrap()
    };
    deny(tags[0]).await;
    let other = fixture.pool.begin().await.unwrap();
    let lock = "SELECT 1 FROM resources WHERE id = $1 FOR NO KEY UPDATE";
    sql::execute(&other, lock, [resources[1].into()]).await.unwrap();
    let (pool, ids) = (fixture.pool.clone(), tags.clone());
    let undo = tokio::spawn(async move { undo(&pool, &approver("bob"), ids, None).await });
    // It has locked the first and waits for the second; only then the third is denied, which it takes back.
    wait_until_blocked(&fixture.pool).await;
    deny(tags[2]).await;
    other.commit().await.unwrap();
    assert_eq!(undo.await.unwrap().unwrap().decided(), 2);
    let replica = Replica::start(&fixture).await;
    let seen = replica.take(Some(LogPosition::default()), 3 + 4).await;
    let of_third = seen.iter().filter(|event| event.row.virtual_tag_id == tags[2]);
    let actions: Vec<_> = of_third.map(|event| event.row.action).collect();
    assert_eq!(
        actions,
        [AuditAction::Proposed, AuditAction::Denied, AuditAction::Undone]
    );
}
