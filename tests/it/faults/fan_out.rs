//! Many subscribers of one process while another one decides: what reaches them, when, and what they cost.
//!
//! At full size by `bench/faults/fan-out.sh`; `cargo test` runs it small, and then judges only what must always hold.

use crate::support::decisions::try_decide;
use crate::support::fixture::{Fixture, approver};
use crate::support::process::Serving;
use crate::support::service::client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use futures::{SinkExt, StreamExt};
use sea_orm::FromQueryResult;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use virtual_tagging::db::sql;
use virtual_tagging::domain::approvals::{Decision, Selection};
use virtual_tagging::domain::events::LogPosition;

const EVENTS: &str = "subscription($after: String) {
    approvalEvents(after: $after) { events { cursor change { action tagKey newValue actor } } } }";

/// Decisions of one transaction.
const PER_TRANSACTION: usize = 20;

/// Sizes, by environment variables.
struct Size {
    subscribers: usize,
    events: usize,
    /// Events a second.
    rate: usize,
}

impl Size {
    fn configured() -> Self {
        let number = |name: &str, default| {
            let text = std::env::var(name).ok();
            text.map_or(default, |text| text.parse().expect("a number"))
        };
        Self {
            subscribers: number("FAN_OUT_SUBSCRIBERS", 40),
            events: number("FAN_OUT_EVENTS", 400),
            rate: number("FAN_OUT_RATE", 800),
        }
    }
}

/// When each event was committed, at the latest, in microseconds since the start; by its number.
struct Commits {
    start: Instant,
    micros: Vec<AtomicU64>,
}

/// Events of a subscriber.
#[derive(Default)]
struct Seen {
    count: usize,
    frames: usize,
    /// Over the cursors in their order.
    hash: u64,
    /// Number of events by milliseconds after their commit.
    latencies: Vec<u32>,
}

struct Subscriber {
    stream: WebSocketStream<TcpStream>,
    seen: Seen,
}

impl Subscriber {
    async fn open(address: &str, after: &str) -> Self {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0);
        let tcp = TcpStream::connect(address).await.unwrap();
        let opened = tokio_tungstenite::client_async_with_config(request, tcp, Some(config)).await;
        let mut stream = opened.unwrap().0;
        let payload = json!({"query": EVENTS, "variables": {"after": after}});
        for message in [
            json!({"type": "connection_init"}),
            json!({"type": "subscribe", "id": "1", "payload": payload}),
        ] {
            stream.send(Message::text(message.to_string())).await.unwrap();
        }
        let ack = stream.next().await.unwrap().unwrap();
        assert_eq!(ack.to_text().unwrap(), r#"{"type":"connection_ack"}"#);
        Self {
            stream,
            seen: Seen {
                latencies: vec![0; 2000],
                ..Seen::default()
            },
        }
    }

    /// Reads until it has so many events.
    async fn read(&mut self, count: usize, commits: &Commits) {
        while self.seen.count < count {
            let message = tokio::time::timeout(Duration::from_mins(1), self.stream.next());
            let message = message.await.expect("in time").expect("open").unwrap();
            match &message {
                Message::Text(text) => self.seen.take(text.as_str(), commits),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Seen {
    fn take(&mut self, text: &str, commits: &Commits) {
        const CURSOR: &str = r#""cursor":""#;
        if text == r#"{"type":"ping"}"# {
            return;
        }
        // Errors would come first.
        let start = r#"{"type":"next","id":"1","payload":{"data":"#;
        assert!(text.starts_with(start), "{text}");
        let now = commits.start.elapsed().as_micros() as u64;
        self.frames += 1;
        let mut rest = text;
        while let Some(at) = rest.find(CURSOR) {
            rest = &rest[at + CURSOR.len()..];
            let cursor = &rest[..rest.find('"').unwrap()];
            self.hash = fold(self.hash, cursor);
            let late = now.saturating_sub(commits.micros[self.count].load(Ordering::Relaxed)) / 1000;
            let last = self.latencies.len() - 1;
            self.latencies[last.min(late as usize)] += 1;
            self.count += 1;
        }
    }
}

/// A number for a sequence of texts (FNV-1a).
fn fold(hash: u64, text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().chain([b'\n']).fold(hash, step)
}

/// Events of a subscriber who gets exactly the trail behind `after`.
async fn expected(fixture: &Fixture, after: LogPosition) -> Seen {
    #[derive(FromQueryResult)]
    struct EventPosition {
        xid: i64,
        id: i64,
    }
    let trail = "SELECT xid::text::bigint AS xid, id FROM tag_audit WHERE (xid, id) > ($1::text::xid8, $2)
         ORDER BY tag_audit.xid, id";
    let binds = [after.xid.to_string().into(), after.id.into()];
    let places: Vec<EventPosition> = sql::rows(&fixture.pool, trail, binds).await.unwrap();
    let mut seen = Seen::default();
    for EventPosition { xid, id } in places {
        let cursor = URL_SAFE_NO_PAD.encode(format!("1:tags:{xid}.{id}"));
        seen.hash = fold(seen.hash, &cursor);
        seen.count += 1;
    }
    seen
}

/// The end of the log.
async fn head(fixture: &Fixture) -> LogPosition {
    let xid = "SELECT coalesce(max(xid::text::bigint), 0) FROM tag_audit";
    let id = "SELECT coalesce(max(id), 0) FROM tag_audit";
    LogPosition {
        xid: fixture.number(xid, []).await,
        id: fixture.number(id, []).await,
    }
}

/// So many tags that wait, and their keys.
async fn tags(fixture: &Fixture, count: usize) -> Vec<i64> {
    let resource = fixture.resource("orders").await;
    let insert = "WITH made AS (
            INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
                approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
            SELECT r.id, 'key' || n, 'value', 'PATTERN', 0.8, false, 'PENDING', '{}', 'PATTERN:test', cloud,
                account_id, resource_type
              FROM resources r, generate_series(1, $2) n WHERE r.id = $1 RETURNING id)
         SELECT count(*) FROM made";
    fixture
        .number(insert, [resource.into(), (count as i64).into()])
        .await;
    let pending = fixture.tags().await;
    assert_eq!(pending.len(), count);
    pending.into_iter().map(|tag| tag.id).collect()
}

/// Decides all tags at a steady rate, as another replica would; notes when.
async fn decide(fixture: &Fixture, tags: &[i64], rate: usize, commits: &Commits) {
    let every = Duration::from_secs_f64(PER_TRANSACTION as f64 / rate as f64);
    let mut ticks = tokio::time::interval(every);
    let ann = approver("ann");
    for (n, chunk) in tags.chunks(PER_TRANSACTION).enumerate() {
        ticks.tick().await;
        let ids = Selection::Ids(chunk.to_vec());
        // The commit comes later, so what is measured is rather too long.
        let now = commits.start.elapsed().as_micros() as u64;
        for event in 0..chunk.len() {
            commits.micros[n * PER_TRANSACTION + event].store(now, Ordering::Relaxed);
        }
        try_decide(&fixture.pool, &ann, Decision::Approve, ids, None)
            .await
            .unwrap();
    }
}

/// The kilobytes of memory that a process has.
fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The value of a metric without labels.
async fn metric(serving: &Serving, name: &str) -> u64 {
    let metrics = client().get(format!("{}/metrics", serving.url)).send().await;
    let text = metrics.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

fn percentile(latencies: &[u64], share: f64) -> usize {
    let wanted = (latencies.iter().sum::<u64>() as f64 * share).ceil() as u64;
    let mut sum = 0;
    let found = latencies.iter().position(|count| {
        sum += count;
        sum >= wanted
    });
    found.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscriber_is_told_every_decision_once_and_in_order() {
    let size = Size::configured();
    let fixture = Fixture::new().await;
    let tags = tags(&fixture, size.events).await;
    let serving = Serving::start(&[
        ("DATABASE_URL", &fixture.db.url()),
        ("ENABLE_SCHEDULER", "false"),
        ("ENABLE_WORKERS", "false"),
        ("RUST_LOG", "warn"),
    ])
    .await;
    let address = serving.url.strip_prefix("http://").unwrap();
    let start = head(&fixture).await;
    let after = URL_SAFE_NO_PAD.encode(format!("1:tags:{start}"));

    let before = resident_kb(serving.pid());
    let mut subscribers = Vec::with_capacity(size.subscribers);
    for _ in 0..size.subscribers.div_ceil(50) {
        let some = 50.min(size.subscribers - subscribers.len());
        subscribers.extend(join_all((0..some).map(|_| Subscriber::open(address, &after))).await);
    }
    let idle = resident_kb(serving.pid());

    let commits = Arc::new(Commits {
        start: Instant::now(),
        micros: (0..size.events).map(|_| AtomicU64::new(0)).collect(),
    });
    let reading: Vec<_> = subscribers
        .into_iter()
        .map(|mut subscriber| {
            let (commits, count) = (commits.clone(), size.events);
            tokio::spawn(async move {
                subscriber.read(count, &commits).await;
                subscriber
            })
        })
        .collect();
    let most = Arc::new(AtomicUsize::new(0));
    let watch = tokio::spawn({
        let (most, pid) = (most.clone(), serving.pid());
        async move {
            loop {
                most.fetch_max(resident_kb(pid) as usize, Ordering::Relaxed);
                // Interval of the samples.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    decide(&fixture, &tags, size.rate, &commits).await;
    let decided = commits.start.elapsed();
    let mut done: Vec<Subscriber> = Vec::new();
    for subscriber in join_all(reading).await {
        done.push(subscriber.unwrap());
    }
    watch.abort();

    let expected = expected(&fixture, start).await;
    assert_eq!(expected.count, size.events);
    let mut latencies = vec![0; 2000];
    let mut frames = 0;
    for Subscriber { seen, .. } in &done {
        assert_eq!((seen.count, seen.hash), (expected.count, expected.hash));
        assert_eq!(
            seen.latencies.iter().map(|&n| n as usize).sum::<usize>(),
            size.events
        );
        frames += seen.frames;
        for (sum, count) in latencies.iter_mut().zip(&seen.latencies) {
            *sum += u64::from(*count);
        }
    }
    let answers = metric(&serving, "virtual_tagging_subscription_answers_total").await;
    // Executed once for all of them.
    assert!(answers >= 1 && answers <= size.events as u64, "{answers} answers");
    println!(
        "{} subscribers, {} events in {:.1} s ({} a transaction): p50 {} ms, p99 {} ms, max {} ms",
        size.subscribers,
        size.events,
        decided.as_secs_f64(),
        PER_TRANSACTION,
        percentile(&latencies, 0.5),
        percentile(&latencies, 0.99),
        percentile(&latencies, 1.0)
    );
    println!(
        "{answers} answers written, {frames} frames sent, {} stretches caught up",
        metric(&serving, "virtual_tagging_subscription_catch_ups_total").await
    );
    let each = |kb: u64| kb.saturating_sub(before) as f64 / size.subscribers as f64;
    println!(
        "memory: {before} KB without subscribers, {:.1} KB for each when idle, {:.1} KB at most",
        each(idle),
        each(most.load(Ordering::Relaxed) as u64)
    );
    drop(done);
    serving.end("-TERM").await;
}
