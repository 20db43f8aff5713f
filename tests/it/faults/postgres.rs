//! PostgreSQL is stopped with `immediate`, as if the machine had lost its power, and started again; the service runs on.

use super::compare::{self, Fault};
use super::service_under_test::{Replica, ServiceUnderTest};
use super::sized;
use super::work::Work;
use crate::support::embedded::{connect_options, options};
use crate::support::process;
use crate::support::scratch::Scratch;
use pg_embedded::EmbeddedServer;
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::time::Duration;
use virtual_tagging::db::{PoolSettings, Pools};

/// A server of one scenario's own. It is durable: what was committed must be there after each fault.
struct Cluster {
    // Before the directory that it runs in.
    server: Option<EmbeddedServer>,
    scratch: Scratch,
}

impl Cluster {
    async fn start() -> (Self, ServiceUnderTest) {
        let mut cluster = Self {
            server: None,
            scratch: Scratch::new(),
        };
        cluster.restart().await;
        let server = cluster.server.as_ref().unwrap();
        let (url, connection) = (server.url(), connect_options(server));
        let migrated = process::run(&[("DATABASE_URL", &url)], &["migrate", "up"]).await;
        assert_eq!(migrated.code, 0, "{}", migrated.stderr);
        let pool = Pools::open(connection, &PoolSettings::default())
            .await
            .unwrap()
            .all;
        virtual_tagging::jobs::setup(&pool).await.unwrap();
        (cluster, ServiceUnderTest::of(url, pool))
    }

    async fn restart(&mut self) {
        let durable = options(self.scratch.path());
        self.server = Some(EmbeddedServer::start(durable).await.unwrap());
    }

    /// As `pg_ctl stop -m immediate`: no rollback, no checkpoint, nothing is written any more.
    async fn stop_immediately(&mut self) {
        let server = self.server.take().expect("it runs");
        let pid = Pid::from_raw(server.pid()).unwrap();
        kill_process(pid, Signal::QUIT).unwrap();
        // Waits for its end, as whoever started a process has to.
        server.stop().await.unwrap();
        assert!(test_kill_process(pid).is_err(), "it lives");
    }
}

impl Fault for Cluster {
    async fn inject(&mut self, _: &mut Replica, _: &ServiceUnderTest, moments: &mut StdRng) {
        self.stop_immediately().await;
        // How long the outage lasts.
        tokio::time::sleep(Duration::from_millis(moments.random_range(0..1_500))).await;
        self.restart().await;
    }
}

async fn while_at(scenario: &str, work: Work) {
    let (cluster, under_test) = Cluster::start().await;
    compare::compare(scenario, work, &under_test, cluster, sized("FAULTS_COUNT", 1, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_tag() {
    while_at(
        "postgres_auto_tag",
        Work::AutoTag(sized("FAULTS_SIZE", 1_500, 50_000)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn import() {
    while_at(
        "postgres_import",
        Work::Import(sized("FAULTS_SIZE", 6_000, 100_000)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk() {
    while_at("postgres_bulk", Work::Bulk(sized("FAULTS_SIZE", 6_000, 100_000))).await;
}
