//! Replicas are restarted in turn under load, behind a client that goes round them as a well-behaved one does.

use super::database_snapshot::assert_trail_is_whole;
use super::service_under_test::{Replica, ServiceUnderTest};
use super::subscriber::Subscriber;
use super::{dataset, sized};
use crate::support::wait::wait_until;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const REPLICAS: usize = 3;
const CALLERS: usize = 4;
const QUEUE: &str = "{ approvals(first: 20) { nodes { id tagKey resource { name } } } }";
const MAKE: &str = "mutation($resource: ID!, $key: String!) {
    createVirtualTag(input: {resourceId: $resource, tagKey: $key, tagValue: \"value\"}) {
        virtualTag { id } userErrors { message } } }";

/// Outcomes of the calls.
#[derive(Default)]
struct Calls {
    answered: AtomicUsize,
    made: AtomicUsize,
    /// Sent once more, for the first replica took nothing of them.
    again: AtomicUsize,
}

impl Calls {
    /// Waits until the callers have had some answers more.
    async fn wait_for_more(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        wait_until(Duration::from_secs(30), "answers under load", async || {
            self.answered.load(Ordering::Relaxed) >= before + 10 * CALLERS
        })
        .await;
    }
}

/// So long a replica is left alone that says it is going, as load balancers do.
const ASIDE: Duration = Duration::from_millis(1_500);

/// Goes round the replicas.
struct Caller {
    client: reqwest::Client,
    replicas: Vec<watch::Receiver<Option<String>>>,
    next: usize,
    /// Until when the replicas are left alone.
    aside: [Option<Instant>; REPLICAS],
    calls: Arc<Calls>,
}

impl Caller {
    /// The data. Another replica is asked when one was not reached, or says that it takes no requests (503), and for a
    /// while after one said that it closes the connection; anything else that is no answer is a failure.
    async fn call(&mut self, body: &Value) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            self.next = (self.next + 1) % REPLICAS;
            if self.aside[self.next].is_some_and(|until| until > Instant::now()) {
                // This and the pause below are those of a client that has nobody to ask.
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            let url = self.replicas[self.next].borrow().clone();
            let Some(url) = url else { continue };
            let request = self
                .client
                .post(format!("{url}/graphql"))
                .header("x-actor", "ann");
            let answer = request.json(body).send().await;
            let goes = |answer: &reqwest::Response| {
                let connection = answer.headers().get("connection");
                answer.status() == 503 || connection.is_some_and(|value| value == "close")
            };
            if answer.as_ref().map_or(true, goes) {
                self.aside[self.next] = Some(Instant::now() + ASIDE);
            }
            match answer {
                Ok(answer) if answer.status() == 503 => {}
                Ok(answer) => {
                    assert_eq!(answer.status(), 200);
                    let answer: Value = answer.json().await.expect("a whole answer");
                    assert_eq!(answer.get("errors"), None, "{answer}");
                    self.calls.answered.fetch_add(1, Ordering::Relaxed);
                    return answer["data"].clone();
                }
                Err(error) if error.is_connect() => {}
                Err(error) => panic!("a request failed that nobody would send again: {error:?}"),
            }
            self.calls.again.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no replica answers");
    }

    /// Reads and writes in turn until told to stop.
    async fn run(mut self, name: usize, resource: Value, stop: CancellationToken) {
        for number in 0.. {
            if stop.is_cancelled() {
                return;
            }
            self.call(&json!({ "query": QUEUE })).await;
            let variables = json!({"resource": resource, "key": format!("key-{name}-{number}")});
            let made = self.call(&json!({"query": MAKE, "variables": variables})).await;
            assert!(made["createVirtualTag"]["virtualTag"].is_object(), "{made}");
            self.calls.made.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn restart() {
    let rounds = sized("FAULTS_COUNT", 1, 10);
    let under_test = ServiceUnderTest::shared().await;
    dataset::evaluate(&under_test.pool, 200).await;
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        replicas.push(Replica::start(&under_test, &[("DRAIN_TIME", "10")]).await);
    }
    let page = replicas[0]
        .data("{ resources(first: 4) { nodes { id } } }", json!({}))
        .await;
    let subscribers: Vec<_> = replicas
        .iter()
        .map(|replica| Subscriber::follow(replica.url.subscribe()))
        .collect();
    let (calls, stop, mut callers) = (Arc::<Calls>::default(), CancellationToken::new(), JoinSet::new());
    for name in 0..CALLERS {
        let caller = Caller {
            client: crate::support::service::client(),
            replicas: replicas.iter().map(|replica| replica.url.subscribe()).collect(),
            next: name,
            aside: [None; REPLICAS],
            calls: Arc::clone(&calls),
        };
        let resource = page["resources"]["nodes"][name]["id"].clone();
        callers.spawn(caller.run(name, resource, stop.clone()));
    }
    for round in 0..rounds {
        for replica in &mut replicas {
            calls.wait_for_more().await;
            let began = Instant::now();
            replica.roll().await;
            eprintln!("  round {round}: restarted in {:?}", began.elapsed());
        }
    }
    calls.wait_for_more().await;
    stop.cancel();
    while let Some(ended) = callers.join_next().await {
        ended.expect("no request failed");
    }
    let made = calls.made.load(Ordering::Relaxed);
    eprintln!(
        "  {} restarts: {} answers, {made} of them to mutations; {} requests were sent once more",
        rounds * REPLICAS,
        calls.answered.load(Ordering::Relaxed),
        calls.again.load(Ordering::Relaxed),
    );
    let stored = "SELECT count(*) FROM tag_audit WHERE action = 'CREATED'";
    assert_eq!(
        under_test.number(stored).await,
        Some(made as i64),
        "each mutation took effect once"
    );
    for subscriber in subscribers {
        subscriber.assert_saw_all(&under_test).await;
    }
    for replica in replicas {
        replica.end().await;
    }
    assert_trail_is_whole(&under_test).await;
}
