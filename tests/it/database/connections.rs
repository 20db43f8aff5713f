//! Many processes on a PostgreSQL with few connections: they share what it has, and leave some for people.

use crate::support::cluster::{Cluster, until_ready};
use crate::support::embedded::connect_options;
use crate::support::process::{Serving, program, run};
use crate::support::service::client;
use crate::support::wait::wait_until;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr};

/// A worker, and what it writes.
struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Worker {
    fn spawn(settings: &[(&str, &str)]) -> Self {
        let mut command = program(settings, &["worker"]);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Reads on until a line has one of these words; gives the line.
    async fn until(&mut self, words: &[&str]) -> String {
        let find = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("it runs");
                if words.iter().any(|word| line.contains(word)) {
                    return line;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_mins(1), find).await;
        found.unwrap_or_else(|_| panic!("{words:?} in vain"))
    }

    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

const STARTED: &str = "stop with Ctrl-C";
const NO_ROOM: &str = "has no room for";

async fn sessions(connection: &mut PgConnection, of: &str) -> Vec<String> {
    let names = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE $1 AND pid <> pg_backend_pid()";
    let names = sqlx::query_scalar(names).bind(of);
    names.fetch_all(connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_the_connections_and_one_for_which_none_are_left_waits() {
    let cluster = Cluster::with_connections(40).await;
    let url = cluster.server.url();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("DISCOVERY_SOURCES", "simulated"),
        ("RUST_LOG", "warn"),
    ];
    let service = Serving::start(&settings).await;
    let mut workers = Vec::new();
    let mut waiting = loop {
        let mut worker = Worker::spawn(&settings);
        let line = worker.until(&[STARTED, NO_ROOM]).await;
        if line.contains(NO_ROOM) {
            assert!(
                line.contains("37 are for") && line.contains("raise max_connections"),
                "{line}"
            );
            break worker;
        }
        workers.push(worker);
        assert!(workers.len() < 10, "no end of workers");
    };
    assert_eq!(workers.len(), 2);

    // Whoever ends leaves room, however it ends.
    workers.pop().unwrap().kill().await;
    waiting.until(&[STARTED]).await;

    // Everybody works at once, and there is room for people, who are no superusers.
    let client = client();
    let mut person = PgConnection::connect_with(&connect_options(&cluster.server))
        .await
        .unwrap();
    service
        .data(&client, "mutation { runDiscovery { run { id } } }")
        .await;
    let query = json!({ "query": "{ approvals(first: 20) { totalCount nodes { id resource { name } } } }" });
    for _ in 0..20 {
        let calls = (0..64).map(|_| {
            let request = client.post(format!("{}/graphql", service.url)).json(&query);
            async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
        });
        for answer in futures::future::join_all(calls).await {
            assert_eq!(answer.get("errors"), None, "{answer}");
        }
        let names = sessions(&mut person, "virtual-tagging%").await;
        assert!(names.len() <= 32, "{names:?}");
        let second = PgConnection::connect_with(&connect_options(&cluster.server)).await;
        second.unwrap().close().await.unwrap();
    }
    let status = run(&settings, &["migrate", "status"]).await;
    assert_eq!(status.code, 0, "{}", status.stderr);
    until_ready(&service, true).await;

    for worker in workers {
        worker.kill().await;
    }
    waiting.kill().await;
    let (ended, log) = service.end("-TERM").await;
    assert!(ended.success() && !log.contains("ERROR"), "{log}");
    person.close().await.unwrap();
    cluster.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_the_role_and_of_the_database_hold_as_well() {
    let cluster = Cluster::start().await;
    let url = cluster.server.url();
    let settings = [("DATABASE_URL", url.as_str()), ("DISCOVERY_SOURCES", "")];
    for limited in [
        "ALTER ROLE virtual_tagging CONNECTION LIMIT 25",
        "ALTER ROLE virtual_tagging CONNECTION LIMIT -1; ALTER DATABASE virtual_tagging CONNECTION LIMIT 25",
    ] {
        cluster.execute(limited).await;
        let service = Serving::start(&settings).await;
        let mut administrator = cluster.administrator().await;
        let names = sessions(&mut administrator, "virtual-tagging%").await;
        drop(administrator);
        // Half of what 25 leave when 5 are kept free.
        assert!(names.iter().all(|name| name.ends_with(" (10)")), "{names:?}");
        assert!(
            service.told.contains("smaller than configured"),
            "{}",
            service.told
        );
        service.end("-TERM").await;
    }
    cluster.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_when_there_are_no_connections_to_be_had() {
    let cluster = Cluster::with_connections(40).await;
    cluster
        .execute("CREATE ROLE greedy LOGIN; GRANT CONNECT ON DATABASE virtual_tagging TO greedy")
        .await;
    let url = cluster.server.url();
    let service = Serving::start(&[("DATABASE_URL", url.as_str()), ("DISCOVERY_SOURCES", "")]).await;
    until_ready(&service, true).await;
    let mut administrator = cluster.administrator().await;
    let greedy = connect_options(&cluster.server).username("greedy");
    let mut taken = Vec::new();
    let unready = wait_until(Duration::from_mins(1), "readiness without connections", async || {
        // Each connection of the service that ends is somebody else's at once.
        while let Ok(connection) = PgConnection::connect_with(&greedy).await {
            taken.push(connection);
        }
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'virtual-tagging%'";
        sqlx::query(end).execute(&mut administrator).await.unwrap();
        while let Ok(connection) = PgConnection::connect_with(&greedy).await {
            taken.push(connection);
        }
        let answer = client()
            .get(format!("{}/readyz", service.url))
            .send()
            .await
            .unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
        let detail = body["database"]["detail"].as_str().unwrap().to_owned();
        if status == 503 && detail.contains("max_connections") {
            Ok(detail)
        } else {
            Err(body)
        }
    })
    .await;
    assert!(
        unready.contains("all connections that PostgreSQL has are in use"),
        "{unready}"
    );
    for connection in taken {
        connection.close().await.unwrap();
    }
    until_ready(&service, true).await;
    service.end("-TERM").await;
    drop(administrator);
    cluster.server.stop().await.unwrap();
}
