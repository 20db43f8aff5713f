//! Several processes on one database: one is frozen in the middle of its work, and a schedule ticks in all of them.

use super::compare;
use super::database_snapshot::{DatabaseSnapshot, assert_trail_is_whole};
use super::service_under_test::{Replica, ServiceUnderTest};
use super::subscriber::Subscriber;
use super::work::Work;
use super::{is_full, sized};
use std::time::{Duration, Instant};
use virtual_tagging::db::sql;

/// Statements that run, but for the one that asks.
const ACTIVE: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
     AND backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()";
/// Transactions that have written something.
const WRITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
     AND backend_type = 'client backend' AND backend_xid IS NOT NULL";
/// Transactions that hold resources to evaluate them. Others write as well: those that count, for example.
const IN_CHUNK: &str = "SELECT count(DISTINCT pid) FROM pg_locks
     WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND relation = 'evaluations'::regclass AND mode <> 'AccessShareLock' AND granted";
const EVALUATED: &str = "SELECT count(*) FROM ml_inferences";

/// Resources of a chunk at most.
const CHUNK: i64 = 250;

/// Stops a process while it is in chunks, and returns their number.
async fn freeze(under_test: &ServiceUnderTest, replica: &Replica) -> i64 {
    let mut before = 0;
    let mut attempt = 0;
    loop {
        attempt += 1;
        under_test.until(EVALUATED, |done| done > before).await;
        replica.serving().signal("-STOP").await;
        replica.serving().wait_until_stopped().await;
        // Again and again, for PostgreSQL may still find a statement of the process in its socket.
        let mut chunks = 0;
        for _ in 0..20 {
            under_test.until(ACTIVE, |active| active == 0).await;
            chunks = under_test.number(IN_CHUNK).await.unwrap();
        }
        if chunks > 0 {
            eprintln!("  frozen in {chunks} chunks, at attempt {attempt}");
            return chunks;
        }
        before = under_test.number(EVALUATED).await.unwrap();
        replica.serving().signal("-CONT").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen() {
    let work = Work::AutoTag(sized("FAULTS_SIZE", 3_000, 50_000));
    let undisturbed = compare::undisturbed(work).await;
    let under_test = ServiceUnderTest::shared().await;
    work.prepare(&under_test).await;
    let frozen = Replica::start(&under_test, work.settings()).await;
    work.ask(&frozen).await;
    let chunks = freeze(&under_test, &frozen).await;
    let since = Instant::now();
    let others = [
        Replica::start(&under_test, work.settings()).await,
        Replica::start(&under_test, work.settings()).await,
    ];
    let subscriber = Subscriber::follow(others[0].url.subscribe());
    if is_full() {
        // As long as a worker may be silent, and half of that again.
        tokio::time::sleep(Duration::from_secs(90).saturating_sub(since.elapsed())).await;
    } else {
        // As if it had been silent for as long as it takes to be given up.
        let silence = "UPDATE scheduler_jobs SET heartbeat_at = now() - interval '1 hour'
             WHERE status = 'RUNNING' AND job_name = 'auto_tag' AND worker LIKE $1";
        let worker = format!("worker-{}-%", frozen.serving().pid());
        assert!(
            sql::execute(&under_test.pool, silence, [worker.into()])
                .await
                .unwrap()
                > 0
        );
        // The others do all but what the frozen one holds.
        under_test.until(work.left(), |left| left <= CHUNK * chunks).await;
        assert_ne!(
            under_test.number(work.left()).await,
            Some(0),
            "it holds {chunks} chunks"
        );
    }
    let done = under_test.number(EVALUATED).await;
    // They are done sooner than they look for runs that were given up.
    let taken = "SELECT count(*) FROM scheduler_jobs WHERE job_name = 'auto_tag' AND fence > 1";
    under_test.until(taken, |runs| runs > 0).await;
    frozen.serving().signal("-CONT").await;
    eprintln!(
        "  continued after {:?}, with {done:?} evaluations done",
        since.elapsed()
    );
    work.ask(&others[1]).await;
    under_test.until(work.left(), |left| left == 0).await;
    // The late worker has tried to commit its chunk by then.
    under_test.until(WRITING, |open| open == 0).await;
    subscriber.assert_saw_all(&under_test).await;
    frozen.end().await;
    for replica in others {
        replica.end().await;
    }
    let snapshot = DatabaseSnapshot::of(&under_test).await;
    snapshot.assert_equals(&undisturbed);
    assert_eq!(
        snapshot.rows("tag_audit"),
        snapshot.rows("virtual_tags"),
        "one row a change"
    );
    assert_trail_is_whole(&under_test).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks() {
    let (cron, period) = if is_full() {
        ("* * * * * *", 1)
    } else {
        ("*/2 * * * * *", 2)
    };
    let ticks: i64 = sized("FAULTS_SIZE", 3, 100);
    let under_test = ServiceUnderTest::shared().await;
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(Replica::start(&under_test, &[("DISCOVERY_INTERVAL", cron)]).await);
    }
    let now = "SELECT extract(epoch FROM clock_timestamp())::bigint";
    let first = (under_test.number(now).await.unwrap() / period + 2) * period;
    let end = first + ticks * period;
    // The last tick has a while to be noticed.
    under_test.until(now, |now| now > end).await;
    let runs = |what: &str| {
        format!(
            "SELECT count({what}) FROM scheduler_jobs WHERE job_name = 'discover'
                AND scheduled_for >= to_timestamp({first}) AND scheduled_for < to_timestamp({end})"
        )
    };
    let (all, distinct) = (runs("*"), runs("DISTINCT scheduled_for"));
    let (all, distinct) = (
        under_test.number(&all).await.unwrap(),
        under_test.number(&distinct).await.unwrap(),
    );
    eprintln!("  {ticks} ticks, one each {period} s, with 3 processes: {all} runs");
    assert_eq!((all, distinct), (ticks, ticks));
    for replica in replicas {
        replica.end().await;
    }
}
