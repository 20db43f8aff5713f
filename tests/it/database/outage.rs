//! The database goes away and comes back under the running service.

use crate::support::process::Serving;
use crate::support::scratch::Scratch;
use crate::support::service::client;
use crate::support::wait::wait_until;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

const QUEUE: &str = "{ approvals(first: 1) { nodes { id } } }";

fn postmaster(data_dir: &Path) -> Option<(i32, bool)> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    Some((pid, text.contains("ready")))
}

/// Ends the server as a crash would: `QUIT` is what `pg_ctl stop -m immediate` sends.
fn end(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

async fn ask(service: &Serving, client: &reqwest::Client, query: &str) -> (u16, Value) {
    let request = client.post(format!("{}/graphql", service.url));
    let request = request.header("accept", "application/graphql-response+json");
    let answer = request.json(&json!({ "query": query })).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Asks until there is an answer without errors; every other one must say that the database is away, and quickly.
async fn until_back(service: &Serving, client: &reqwest::Client) -> usize {
    let mut refused = 0;
    wait_until(Duration::from_mins(1), "the database to be back", async || {
        let started = Instant::now();
        let (status, answer) = ask(service, client, QUEUE).await;
        if answer.get("errors").is_none() {
            return true;
        }
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
        assert_eq!(status, 503, "{answer}");
        assert!(error["extensions"]["requestId"].is_string(), "{answer}");
        assert!(!error["message"].as_str().unwrap().contains("SQL"), "{answer}");
        assert!(
            started.elapsed() < Duration::from_secs(9),
            "{:?}",
            started.elapsed()
        );
        refused += 1;
        false
    })
    .await;
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_of_our_own_that_dies_is_started_again_and_work_goes_on() {
    let (scratch, client) = (Scratch::new(), client());
    let data_dir = scratch.path().join("data");
    let path = std::env::var("PATH").unwrap();
    let settings = [
        ("DATA_DIR", data_dir.to_str().unwrap()),
        ("PATH", path.as_str()),
        ("DISCOVERY_INTERVAL", "0 0 1 1 *"),
    ];
    let service = Serving::start(&settings).await;
    service
        .until(&client, "{ resources { totalCount } }", |data| {
            data["resources"]["totalCount"].as_i64() >= Some(20)
        })
        .await;
    for signal in [Signal::QUIT, Signal::KILL] {
        let (pid, _) = postmaster(&data_dir).unwrap();
        end(pid, signal);
        // Some sessions of a postmaster that was killed live on until they notice.
        wait_until(Duration::from_mins(1), "another server", async || {
            postmaster(&data_dir).is_some_and(|(now, is_ready)| is_ready && now != pid)
        })
        .await;
        until_back(&service, &client).await;
        let ready = client
            .get(format!("{}/readyz", service.url))
            .send()
            .await
            .unwrap();
        assert_eq!(ready.status(), 200, "{signal:?}");
    }
    // The queue, its listener and the workers took up again by themselves.
    let discover = "mutation { runDiscovery { run { id } } }";
    service.data(&client, discover).await;
    service
        .until(
            &client,
            "{ resources { totalCount } jobRuns(filter: {status: SUCCEEDED}) { totalCount } }",
            |data| data["resources"]["totalCount"].as_i64() >= Some(40),
        )
        .await;
    let (status, log) = service.end("-TERM").await;
    assert!(status.success(), "{log}");
    assert!(log.contains("started again"), "{log}");
    assert!(
        postmaster(&data_dir).is_none(),
        "it is stopped with the service: {log}"
    );
}
