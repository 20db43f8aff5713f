//! Several processes on one database: one is frozen in the middle of its work, and a schedule ticks in all of them.

use super::compare;
use super::database_snapshot::{DatabaseSnapshot, assert_trail_is_whole};
use super::service_under_test::{Replica, ServiceUnderTest};
use super::subscriber::Subscriber;
use super::work::Work;
use super::{is_full, sized};
use std::time::{Duration, Instant};
use virtual_tagging::db::sql;

/// A transaction that has locked something, and in which nobody has done anything for a while.
const IN_MID_CHUNK: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
     AND state = 'idle in transaction' AND backend_xid IS NOT NULL AND state_change < clock_timestamp() - interval '1 second'";
const EVALUATED: &str = "SELECT count(*) FROM ml_inferences";

/// Stops a process while it is in a chunk.
async fn freeze(place: &ServiceUnderTest, replica: &Replica) {
    for attempt in 1.. {
        place.until(EVALUATED, |done| done > 0).await;
        replica.serving().signal("-STOP").await;
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        if place.number(IN_MID_CHUNK).await > Some(0) {
            eprintln!("  frozen in mid-chunk, at attempt {attempt}");
            return;
        }
        replica.serving().signal("-CONT").await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen() {
    let work = Work::AutoTag(sized("FAULTS_SIZE", 3_000, 50_000));
    let undisturbed = compare::undisturbed(work).await;
    let place = ServiceUnderTest::shared().await;
    work.prepare(&place).await;
    let frozen = Replica::start(&place, work.settings()).await;
    work.ask(&frozen).await;
    freeze(&place, &frozen).await;
    let since = Instant::now();
    let others = [
        Replica::start(&place, work.settings()).await,
        Replica::start(&place, work.settings()).await,
    ];
    let subscriber = Subscriber::follow(others[0].url.subscribe());
    if is_full() {
        tokio::time::sleep(Duration::from_secs(90).saturating_sub(since.elapsed())).await;
    } else {
        // As if it had been silent for as long as it takes to be given up.
        let silence = "UPDATE scheduler_jobs SET heartbeat_at = now() - interval '1 hour'
             WHERE status = 'RUNNING' AND job_name = 'auto_tag' AND worker LIKE $1";
        let worker = format!("worker-{}-%", frozen.serving().pid());
        assert!(sql::execute(&place.pool, silence, [worker.into()]).await.unwrap() > 0);
        // The others do all but what the frozen one holds.
        place.until(work.left(), |left| left <= 250).await;
        assert_ne!(place.number(work.left()).await, Some(0), "it holds a chunk");
    }
    let done = place.number(EVALUATED).await;
    frozen.serving().signal("-CONT").await;
    eprintln!(
        "  continued after {:?}, with {done:?} evaluations done",
        since.elapsed()
    );
    work.ask(&others[1]).await;
    place.until(work.left(), |left| left == 0).await;
    // Time for the late worker to do harm.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let taken = "SELECT count(*) FROM scheduler_jobs WHERE job_name = 'auto_tag' AND fence > 1";
    assert!(place.number(taken).await > Some(0), "its run was taken over");
    subscriber.assert_saw_all(&place).await;
    frozen.end().await;
    for replica in others {
        replica.end().await;
    }
    let snapshot = DatabaseSnapshot::of(&place).await;
    snapshot.assert_equals(&undisturbed);
    assert_eq!(
        snapshot.rows("tag_audit"),
        snapshot.rows("virtual_tags"),
        "one row a change"
    );
    assert_trail_is_whole(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks() {
    let (cron, period) = if is_full() {
        ("* * * * * *", 1)
    } else {
        ("*/2 * * * * *", 2)
    };
    let ticks: i64 = sized("FAULTS_SIZE", 3, 100);
    let place = ServiceUnderTest::shared().await;
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(Replica::start(&place, &[("DISCOVERY_INTERVAL", cron)]).await);
    }
    let now = "SELECT extract(epoch FROM clock_timestamp())::bigint";
    let first = (place.number(now).await.unwrap() / period + 2) * period;
    let end = first + ticks * period;
    // The last tick has a while to be noticed.
    place.until(now, |now| now > end).await;
    let runs = |what: &str| {
        format!(
            "SELECT count({what}) FROM scheduler_jobs WHERE job_name = 'discover'
                AND scheduled_for >= to_timestamp({first}) AND scheduled_for < to_timestamp({end})"
        )
    };
    let (all, distinct) = (runs("*"), runs("DISTINCT scheduled_for"));
    let (all, distinct) = (
        place.number(&all).await.unwrap(),
        place.number(&distinct).await.unwrap(),
    );
    eprintln!("  {ticks} ticks, one each {period} s, with 3 processes: {all} runs");
    assert_eq!((all, distinct), (ticks, ticks));
    for replica in replicas {
        replica.end().await;
    }
}
