//! Responses that are kept: nobody gets one that lacks a change which was committed before the request, or that is not
//! for them.
//!
//! Each test has a cluster of its own: what others commit in a cluster ends the time of all responses.

use crate::support::cluster::Cluster;
use crate::support::service::{SECRET, client, config};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Connection;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use virtual_tagging::app::{App, Mode, RunningApp};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::http::auth::issue_token;

const ACCOUNTS: usize = 6;
const TAGS_OF_ACCOUNT: usize = 20;

/// Resources of some accounts with a tag each that waits.
const ROWS: &str = "
    INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
    SELECT 'i-' || n, 'r' || n, 'aws', n % 6, 'ec2/instance', 'test' FROM generate_series(1, 120) n;
    INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
        evidence, evidence_signature, cloud, account_id, resource_type)
    SELECT id, 'team', 'blue', 'PATTERN', 0.95, true, 'PENDING', '{}', 'PATTERN', cloud, account_id, resource_type
      FROM resources";

const QUEUE: &str = "query($account: String) {
    approvals(first: 50, filter: { accountId: $account }) { nodes { id resource { accountId } } } }";

/// Services on one database.
struct Replicas {
    apps: Vec<RunningApp>,
    client: Client,
    cluster: Cluster,
}

impl Replicas {
    async fn start(count: usize, settings: &[(&str, &str)]) -> Self {
        let cluster = Cluster::start().await;
        let mut apps = Vec::new();
        for _ in 0..count {
            let config = config(&cluster.server.url(), settings);
            apps.push(App::start(config, Mode::Serve).await.unwrap());
        }
        cluster.execute(ROWS).await;
        Self {
            apps,
            client: client(),
            cluster,
        }
    }

    async fn ask(&self, replica: usize, token: Option<&str>, query: &str, variables: Value) -> Value {
        let url = format!("http://{}/graphql", self.apps[replica].address());
        let mut request = self
            .client
            .post(url)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let mut response: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(response.get("errors"), None, "{query}: {response}");
        response["data"].take()
    }

    /// Ids of the tags of an account that wait.
    async fn pending(&self, replica: usize, account: usize) -> HashSet<String> {
        let data = self
            .ask(replica, None, QUEUE, json!({ "account": account.to_string() }))
            .await;
        let nodes = data["approvals"]["nodes"].as_array().unwrap().iter();
        nodes
            .map(|node| node["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Tag as its only writer knows it.
#[derive(Clone, Debug, PartialEq)]
struct KnownTag {
    id: String,
    is_pending: bool,
    /// Changes that were begun, and those that were acknowledged: equal while none is under way.
    begun: usize,
    done: usize,
}

/// Decides on tags of one account, and takes decisions back, through any replica.
async fn write(
    replicas: &Replicas,
    known: &Mutex<Vec<KnownTag>>,
    seed: u64,
    is_over: &AtomicUsize,
    reads: usize,
) {
    let mut random = StdRng::seed_from_u64(seed);
    while is_over.load(Ordering::SeqCst) < reads {
        let at = random.random_range(0..TAGS_OF_ACCOUNT);
        let tag = {
            let mut known = known.lock().unwrap();
            known[at].begun += 1;
            known[at].clone()
        };
        let change = if tag.is_pending {
            "mutation($ids: [ID!]!) { approveTags(input: { ids: $ids }) { decided } }"
        } else {
            "mutation($ids: [ID!]!) { undoDecisions(input: { ids: $ids }) { decided } }"
        };
        let replica = random.random_range(0..replicas.apps.len());
        let done = replicas
            .ask(replica, None, change, json!({ "ids": [tag.id] }))
            .await;
        let name = if tag.is_pending {
            "approveTags"
        } else {
            "undoDecisions"
        };
        assert_eq!(done[name]["decided"], 1);
        {
            let mut known = known.lock().unwrap();
            known[at].is_pending = !tag.is_pending;
            known[at].done += 1;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..40))).await;
    }
}

/// Reads queues through any replica: tags of which no change was under way must be there exactly if they wait.
async fn read(
    replicas: &Replicas,
    known: &[Mutex<Vec<KnownTag>>],
    seed: u64,
    read: &AtomicUsize,
    reads: usize,
) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let mut checked = 0;
    while read.fetch_add(1, Ordering::SeqCst) < reads {
        let account = random.random_range(0..ACCOUNTS);
        let replica = random.random_range(0..replicas.apps.len());
        let before = known[account].lock().unwrap().clone();
        let pending = replicas.pending(replica, account).await;
        let after = known[account].lock().unwrap().clone();
        for (before, after) in before.iter().zip(&after) {
            if before.begun == before.done && before == after {
                assert_eq!(pending.contains(&before.id), before.is_pending, "{before:?}");
                checked += 1;
            }
        }
    }
    checked
}

/// Number of reads: `RESPONSE_CACHE_READS`, or few.
fn number_of_reads() -> usize {
    std::env::var("RESPONSE_CACHE_READS").map_or(1_500, |reads| reads.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_has_all_that_was_committed_before_its_request_on_any_replica() {
    let replicas = Replicas::start(3, &[]).await;
    let mut known = Vec::new();
    for account in 0..ACCOUNTS {
        let pending = replicas.pending(0, account).await;
        assert_eq!(pending.len(), TAGS_OF_ACCOUNT);
        let tags = pending.into_iter().map(|id| KnownTag {
            id,
            is_pending: true,
            begun: 0,
            done: 0,
        });
        known.push(Mutex::new(tags.collect::<Vec<_>>()));
    }
    let (reads, done) = (number_of_reads(), AtomicUsize::new(0));
    let writers = (0u64..)
        .zip(&known)
        .map(|(seed, known)| write(&replicas, known, seed, &done, reads));
    let readers = (100..124).map(|seed| read(&replicas, &known, seed, &done, reads));
    let (_, checked) = tokio::join!(join_all(writers), join_all(readers));
    let checked: usize = checked.into_iter().sum();
    assert!(checked > reads * TAGS_OF_ACCOUNT / 2, "{checked}");
}

#[tokio::test]
async fn a_repeated_query_is_answered_without_reading_anything_again() {
    for (bytes, is_answered) in [("1000000", true), ("0", false)] {
        let replicas = Replicas::start(1, &[("RESPONSE_CACHE_BYTES", bytes)]).await;
        let mut administrator = replicas.cluster.administrator().await;
        let mut answered = 0;
        // Background work of the service ends the time of a response now and then.
        for _ in 0..20 {
            let first = replicas.pending(0, 1).await;
            let mut transaction = administrator.begin().await.unwrap();
            let lock = "LOCK TABLE virtual_tags IN ACCESS EXCLUSIVE MODE";
            sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
            let again = tokio::time::timeout(Duration::from_millis(500), replicas.pending(0, 1)).await;
            transaction.rollback().await.unwrap();
            if let Ok(again) = again {
                assert_eq!(again, first);
                answered += 1;
                break;
            }
        }
        assert_eq!(answered > 0, is_answered, "{bytes}");
    }
}

#[tokio::test]
async fn an_invalid_document_is_refused_though_its_operation_has_a_kept_response() {
    let replicas = Replicas::start(1, &[]).await;
    let url = format!("http://{}/graphql", replicas.apps[0].address());
    let valid = "{ approvals(first: 50) { nodes { id } } }";
    for invalid in [
        format!("{valid} fragment unused on Query {{ __typename }}"),
        format!("query($unused: Int) {valid}"),
    ] {
        for _ in 0..10 {
            replicas.ask(0, None, valid, json!({})).await;
            let request = replicas.client.post(&url).json(&json!({ "query": invalid }));
            let response: Value = request.send().await.unwrap().json().await.unwrap();
            assert!(response["errors"].is_array(), "{invalid}: {response}");
        }
    }
}

#[tokio::test]
async fn callers_of_other_accounts_get_responses_of_their_own() {
    let replicas = Replicas::start(1, &[("JWT_SECRET", SECRET)]).await;
    let config = config(&replicas.cluster.server.url(), &[("JWT_SECRET", SECRET)]);
    let tokens = ["1", "2"].map(|account| {
        let actor = Actor {
            subject: account.into(),
            role: Role::Viewer,
            scope: AccountScope::Only(vec![account.to_owned()]),
            expires_at: None,
        };
        (
            account,
            issue_token(&config.auth, actor, Duration::from_mins(5)).unwrap(),
        )
    });
    for _ in 0..20 {
        let both = tokens.iter().map(|(account, token)| {
            let replicas = &replicas;
            async move {
                let data = replicas.ask(0, Some(token), QUEUE, json!({})).await;
                let nodes = data["approvals"]["nodes"].as_array().unwrap();
                assert_eq!(nodes.len(), TAGS_OF_ACCOUNT);
                for node in nodes {
                    assert_eq!(node["resource"]["accountId"], *account);
                }
            }
        });
        join_all(both).await;
    }
}
