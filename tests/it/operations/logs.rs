//! Logs: who did what, who was refused, and one line for an outage, however many fail by it.

use crate::support::db::TestDb;
use crate::support::process::{Serving, run};
use crate::support::service::{SECRET, client};
use crate::support::wait::wait_until;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A service that logs JSON.
struct JsonService {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
    read: Vec<Value>,
    url: String,
}

impl JsonService {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let settings = [settings, &[("LOG_FORMAT", "json")]].concat();
        let mut process = Serving::spawn(&settings);
        let stderr = process.stderr.take().unwrap();
        let mut service = Self {
            process,
            lines: BufReader::new(stderr).lines(),
            read: Vec::new(),
            url: String::new(),
        };
        let ready = service.until(|line| line["message"] == "ready").await;
        ready["url"].as_str().unwrap().clone_into(&mut service.url);
        service
    }

    async fn line(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(Duration::from_mins(1), self.lines.next_line());
        let line = line.await.expect("a line within a minute").unwrap()?;
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        self.read.push(line.clone());
        Some(line)
    }

    async fn until(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line().await;
            let line = line.unwrap_or_else(|| panic!("it ended: {:#?}", self.read));
            if condition(&line) {
                return line;
            }
        }
    }

    async fn post(&self, token: &str, id: &str, body: Value) -> Value {
        let request = client().post(format!("{}/graphql", self.url)).bearer_auth(token);
        let request = request.header("x-request-id", id).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Ends it; gives all lines.
    async fn end(mut self) -> Vec<Value> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.process.id().unwrap()).unwrap());
        rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
        while self.line().await.is_some() {}
        self.process.wait().await.unwrap();
        self.read
    }
}

async fn token(subject: &str, role: &str) -> String {
    let arguments = ["token", "--sub", subject, "--role", role];
    let ended = run(&[("JWT_SECRET", SECRET)], &arguments).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout.trim().to_owned()
}

/// A query and a subscription that is broken off, by a socket.
async fn by_socket(url: &str, token: &str) {
    let mut request = format!("{}/graphql", url.replace("http", "ws"))
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    headers.insert("x-request-id", "by-socket".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let subscribe =
        |id: &str, query: &str| json!({"id": id, "type": "subscribe", "payload": {"query": query}});
    let authorization = json!({"Authorization": format!("Bearer {token}")});
    for message in [
        json!({"type": "connection_init", "payload": authorization}),
        subscribe("1", "subscription Follow { approvalEvents { cursor } }"),
        subscribe("2", "query BySocket { viewer { subject } }"),
    ] {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
    loop {
        let message = socket.next().await.unwrap().unwrap();
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if message["type"] == "complete" {
            break;
        }
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

/// An admin and a viewer come by each door, and somebody with a wrong token.
async fn visit_every_door(service: &JsonService, ada: &str, vic: &str) {
    service
        .post(
            ada,
            "named",
            json!({"query": "query Mine { viewer { subject } }", "operationName": "Mine"}),
        )
        .await;
    service
        .post(
            ada,
            "wrong",
            json!({"query": "query Wrong { nothing }", "operationName": "Wrong"}),
        )
        .await;
    service
        .post(
            ada,
            "cut",
            json!({"query": "query Cut {", "operationName": "Cut"}),
        )
        .await;
    let forbidden = json!({"query": "mutation Stop { pauseSchedule(input: {jobName: DISCOVER}) { userErrors { code } } }",
        "operationName": "Stop"});
    let refused = service.post(vic, "refused", forbidden).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused}"
    );
    let (head, _) = ada.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", "A".repeat(43));
    for wrong in [forged.as_str(), "hunter2-is-no-token"] {
        let answer = service
            .post(wrong, "wrong-token", json!({"query": "{ __typename }"}))
            .await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{answer}"
        );
    }
    let export = client()
        .get(format!("{}/csv/export", service.url))
        .bearer_auth(vic);
    export.send().await.unwrap().text().await.unwrap();
    by_socket(&service.url, ada).await;
}

/// No secret, and nothing as Rust's debug format writes structures, options and lists.
fn check_content(lines: &[Value], secrets: &[&str]) {
    for line in lines {
        let text = line.to_string();
        for found in secrets.iter().chain(&["Some(", " { ", "[\\\"", "None"]) {
            assert!(!text.contains(found), "{found} in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_log_has_every_door_and_refusals_are_logged_without_secrets() {
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("JWT_SECRET", SECRET),
        ("ACCESS_LOG", "true"),
        // The access log is there whatever else is kept.
        (
            "RUST_LOG",
            "warn,virtual_tagging::app=info,virtual_tagging::jobs=info",
        ),
    ];
    let service = JsonService::start(&settings).await;
    let (ada, vic) = (token("ada", "admin").await, token("vic", "viewer").await);
    visit_every_door(&service, &ada, &vic).await;
    let lines = service.end().await;

    let access: Vec<&Value> = lines
        .iter()
        .filter(|line| line["target"] == "virtual_tagging::access")
        .collect();
    let has = |user: &str, kind: &str, operation: &str, outcome: &str, request_id: Option<&str>| {
        let found = access.iter().any(|line| {
            line["user"] == user
                && line["kind"] == kind
                && line["operation"] == operation
                && line["outcome"] == outcome
                && line["duration_ms"].is_number()
                && line["cost"].is_number()
                && request_id.is_none_or(|id| line["request_id"] == id)
        });
        assert!(found, "{user} {kind} {operation} {outcome}: {access:#?}");
    };
    has("ada", "query", "Mine", "OK", Some("named"));
    has(
        "ada",
        "query",
        "Wrong",
        "GRAPHQL_VALIDATION_FAILED",
        Some("wrong"),
    );
    has("ada", "refused", "Cut", "GRAPHQL_PARSE_FAILED", None);
    has("vic", "mutation", "Stop", "FORBIDDEN", Some("refused"));
    has("vic", "export", "resources.csv", "OK", None);
    has("ada", "query", "", "OK", Some("by-socket"));
    has("ada", "subscription", "", "CANCELLED", Some("by-socket"));

    let warned = |message: &str, field: &str, value: &str| {
        let found = lines
            .iter()
            .any(|line| line["message"] == message && line[field] == value);
        assert!(found, "{message} {field}={value}: {lines:#?}");
    };
    warned("credentials were refused", "reason", "signature");
    warned("credentials were refused", "reason", "malformed");
    warned("forbidden", "user", "vic");
    check_content(&lines, &["hunter2", "AAAAAAAA", SECRET, &ada]);
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "run ended" && line["outcome"].is_string()),
        "{lines:#?}"
    );
}

/// Lets nobody into the database, or in again.
async fn allow_connections(db: &TestDb, name: &str, allowed: bool) {
    let options = db.connect_options().database("postgres");
    let mut other = PgConnection::connect_with(&options).await.unwrap();
    let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
    sqlx::raw_sql(AssertSqlSafe(allow))
        .execute(&mut other)
        .await
        .unwrap();
    if !allowed {
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        sqlx::raw_sql(AssertSqlSafe(end))
            .execute(&mut other)
            .await
            .unwrap();
    }
    other.close().await.unwrap();
}

/// Units left of the caller's rate.
fn left(answer: &reqwest::Response) -> u64 {
    let text = answer.headers()["ratelimit"].to_str().unwrap();
    let left = text.split("r=").nth(1).unwrap();
    left.split(';').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_has_two_lines_and_is_not_paid_for() {
    let database = TestDb::create().await;
    let url = database.url();
    let name = url
        .split('?')
        .next()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let settings = [("DATABASE_URL", url.as_str()), ("RATE_LIMIT_COST", "20000")];
    let serving = Serving::start(&settings).await;
    let ask = async || {
        let request = client().post(format!("{}/graphql", serving.url));
        let request = request.header("accept", "application/graphql-response+json");
        let query = "{ resources(first: 200) { nodes { name } } }";
        request.json(&json!({ "query": query })).send().await.unwrap()
    };
    assert_eq!(ask().await.status(), 200);
    allow_connections(&database, &name, false).await;
    // More than the caller could pay for, and for longer than a pause between two lines of an outage would be.
    let (began, mut refused) = (Instant::now(), 0);
    wait_until(
        Duration::from_mins(1),
        "200 refusals in 7 s at least",
        async || {
            let answer = ask().await;
            if answer.status() == 503 {
                refused += 1;
                assert!(left(&answer) > 19_000, "{:?}", answer.headers());
            }
            refused >= 200 && began.elapsed() >= Duration::from_secs(7)
        },
    )
    .await;
    allow_connections(&database, &name, true).await;
    wait_until(Duration::from_mins(1), "the service to be back", async || {
        ask().await.status() == 200
    })
    .await;
    // Whatever works on jobs has noticed, too.
    let succeeded = "{ jobRuns(filter: {status: SUCCEEDED}) { totalCount } }";
    serving
        .data(&client(), "mutation { runDiscovery { run { id } } }")
        .await;
    let before = serving.data(&client(), succeeded).await;
    serving.until(&client(), succeeded, |now| *now != before).await;
    let (status, log) = serving.end("-TERM").await;
    assert!(status.success(), "{log}");
    let of_level = |level: &str| {
        log.lines()
            .filter(|line| line.contains(level))
            .collect::<Vec<_>>()
    };
    let mut bad = [of_level(" WARN "), of_level("ERROR ")].concat();
    // A line about a run that was taken over is none about the outage.
    bad.retain(|line| !line.contains("runs whose worker fell silent"));
    assert!(
        bad.len() == 1 && bad[0].contains("the database is unavailable"),
        "{bad:#?}"
    );
    let back: Vec<_> = log
        .lines()
        .filter(|line| line.contains("the database is available again"))
        .collect();
    assert!(back.len() == 1 && back[0].contains("seconds="), "{back:?}");
}

#[tokio::test]
async fn a_command_logs_to_stderr_alone() {
    let mut schema = crate::support::process::program(&[("LOG_FORMAT", "json")], &["schema"]);
    let output = schema.stdout(Stdio::piped()).output().await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}
