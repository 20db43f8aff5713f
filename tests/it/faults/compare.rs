//! One piece of work twice: undisturbed on one database, and under faults on another, which must then be equal.

use super::database_snapshot::{DatabaseSnapshot, assert_trail_is_whole};
use super::moments;
use super::service_under_test::{Replica, ServiceUnderTest};
use super::subscriber::Subscriber;
use super::work::Work;
use rand::RngExt;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

/// Something that hits the service, which is whole again afterwards.
pub trait Fault {
    async fn inject(&mut self, replica: &mut Replica, under_test: &ServiceUnderTest, moments: &mut StdRng);
}

/// Does the work under `count` faults at random moments of it, and compares.
pub async fn compare(
    scenario: &str,
    work: Work,
    under_test: &ServiceUnderTest,
    mut fault: impl Fault,
    count: usize,
) {
    let mut moments = moments(scenario);
    let undisturbed = undisturbed(work).await;
    work.prepare(under_test).await;
    let mut replica = Replica::start(under_test, work.settings()).await;
    let subscriber = Subscriber::follow(replica.url.subscribe());
    let began = Instant::now();
    work.ask(&replica).await;
    for share in shares(&mut moments, count) {
        let enough = (share * work.size() as f64) as i64;
        under_test.until(work.done(), |now| now >= enough).await;
        // Anywhere in a chunk, not only at its beginning.
        tokio::time::sleep(Duration::from_micros(moments.random_range(0..50_000))).await;
        let now = under_test.number(work.done()).await.unwrap_or_default();
        let hit = Instant::now();
        fault.inject(&mut replica, under_test, &mut moments).await;
        eprintln!(
            "  hit at {now} of {}; up again after {:?}",
            work.size(),
            hit.elapsed()
        );
    }
    under_test.until(work.left(), |left| left == 0).await;
    eprintln!("  {count} faults: {work:?} in {:?}", began.elapsed());
    subscriber.assert_saw_all(under_test).await;
    replica.end().await;
    let snapshot = DatabaseSnapshot::of(under_test).await;
    snapshot.assert_equals(&undisturbed);
    let changes = work.changes(snapshot.rows("virtual_tags"));
    assert_eq!(snapshot.rows("tag_audit"), changes, "one row a change");
    assert_trail_is_whole(under_test).await;
}

pub async fn undisturbed(work: Work) -> DatabaseSnapshot {
    let under_test = ServiceUnderTest::shared().await;
    work.prepare(&under_test).await;
    let replica = Replica::start(&under_test, work.settings()).await;
    let began = Instant::now();
    work.ask(&replica).await;
    under_test.until(work.left(), |left| left == 0).await;
    eprintln!("  undisturbed: {work:?} in {:?}", began.elapsed());
    replica.end().await;
    DatabaseSnapshot::of(&under_test).await
}

/// Shares of the work done when the faults occur; in order, none of them near the end.
fn shares(moments: &mut StdRng, count: usize) -> Vec<f64> {
    let mut shares: Vec<f64> = (0..count).map(|_| moments.random_range(0.0..0.9)).collect();
    shares.sort_by(f64::total_cmp);
    shares
}
