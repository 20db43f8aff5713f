//! The process is killed again and again while it works.

use super::compare::{self, Fault};
use super::service_under_test::{Replica, ServiceUnderTest};
use super::sized;
use super::work::Work;
use rand::RngExt;
use rand::rngs::StdRng;
use std::time::Duration;

struct Kill;

impl Fault for Kill {
    /// SIGKILL; and now and then the next start does not get far either.
    async fn inject(&mut self, replica: &mut Replica, _: &ServiceUnderTest, moments: &mut StdRng) {
        replica.kill().await;
        if moments.random_bool(0.25) {
            let early = Duration::from_millis(moments.random_range(0..400));
            replica.start_and_kill(early).await;
        }
        replica.restart().await;
    }
}

async fn while_at(scenario: &str, work: Work) {
    let under_test = ServiceUnderTest::shared().await;
    compare::compare(scenario, work, &under_test, Kill, sized("FAULTS_COUNT", 3, 20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_tag() {
    while_at(
        "kill_auto_tag",
        Work::AutoTag(sized("FAULTS_SIZE", 1_500, 50_000)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn import() {
    while_at("kill_import", Work::Import(sized("FAULTS_SIZE", 12_000, 100_000))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk() {
    while_at("kill_bulk", Work::Bulk(sized("FAULTS_SIZE", 12_000, 100_000))).await;
}
