//! Uploads as an attacker sends them: piece by piece, and never the rest.

use super::outcome;
use crate::support::fixture::Fixture;
use crate::support::service::{SECRET, Service};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use virtual_tagging::auth::Role;

const IMPORT: &str = "mutation($file: Upload!) { importInventory(input: {file: $file, dryRun: true}) {
    run { status } userErrors { message } } }";

/// A multipart request that is on its way, in chunks.
struct Sending(TcpStream);

impl Sending {
    async fn begin(service: &Service, token: Option<&str>) -> Self {
        let stream = TcpStream::connect(service.address()).await.unwrap();
        let credentials =
            token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nApollo-Require-Preflight: 1\r\n{credentials}\
             Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut sending = Self(stream);
        sending.0.write_all(head.as_bytes()).await.unwrap();
        sending
    }

    async fn send(&mut self, text: &str) {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.0.write_all(chunk.as_bytes()).await.unwrap();
    }

    /// A part whose end is not sent.
    async fn part(&mut self, name: &str, content: &str) {
        self.send(&format!(
            "\r\n--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}"
        ))
        .await;
    }

    async fn file(&mut self, name: &str, content: &str) {
        self.send(&format!(
            "\r\n--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.csv\"\r\n\r\n{content}"
        ))
        .await;
    }

    /// Parts before the files. The boundary after it is sent, and no more.
    async fn texts(&mut self, operations: &Value, map: &Value) {
        self.part("operations", &operations.to_string()).await;
        self.part("map", &map.to_string()).await;
        self.send("\r\n--x").await;
    }

    async fn end(&mut self) {
        self.send("\r\n--x--\r\n").await;
        self.0.write_all(b"0\r\n\r\n").await.unwrap();
    }

    /// The status and the body of the answer, whether or not the request was sent to its end.
    async fn answer(&mut self) -> (u16, Value) {
        let mut answer = Vec::new();
        let complete = async {
            loop {
                let mut buffer = [0; 4096];
                let read = self.0.read(&mut buffer).await.unwrap();
                assert!(read > 0, "no answer: {}", String::from_utf8_lossy(&answer));
                answer.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&answer).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                if let Ok(body) = serde_json::from_str(body) {
                    return (head[9..12].parse().unwrap(), body);
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), complete)
            .await
            .unwrap()
    }

    /// The status and what [`outcome`] tells of the answer.
    async fn refused(&mut self) -> (u16, String, String) {
        let (status, body) = self.answer().await;
        let (code, message) = outcome(&body);
        (status, code, message)
    }
}

fn import() -> Value {
    json!({"query": IMPORT, "variables": {"file": null}})
}

async fn nothing_is_stored(service: &Service) {
    let fixture = Fixture::on(service.db.clone()).await;
    assert_eq!(
        fixture.count("import_files").await + fixture.count("import_chunks").await,
        0
    );
}

#[tokio::test]
async fn what_is_no_file_is_bounded_while_it_comes() {
    let service = Service::start_with(&[("GRAPHQL_MAX_BODY_BYTES", "2000")]).await;
    let long = "x".repeat(1_900);
    let query = json!({"query": format!("{{__typename}}#{}", "x".repeat(900))}).to_string();
    for (operations, map) in [(long.as_str(), None), (query.as_str(), Some(long.as_str()))] {
        let mut sending = Sending::begin(&service, None).await;
        sending.part("operations", operations).await;
        if let Some(map) = map {
            sending.part("map", map).await;
        }
        sending.send(&"x".repeat(200)).await;
        let (status, code, message) = sending.refused().await;
        assert_eq!((status, code.as_str()), (413, "BAD_REQUEST"), "{message}");
        assert_eq!(message, "the body has more than 2000 bytes");
    }
    // Headers without an end, and text before the first part, are bounded, too.
    for endless in ["\r\n--x\r\nX-", "no boundary"] {
        let mut sending = Sending::begin(&service, None).await;
        sending.send(endless).await;
        for _ in 0..40 {
            sending.send(&"y".repeat(1_000)).await;
        }
        assert_eq!(sending.refused().await.0, 400);
    }
}

#[tokio::test]
async fn parts_out_of_order_too_many_or_unannounced_are_refused_before_more_is_read() {
    let service = Service::start().await;
    let mut first = Sending::begin(&service, None).await;
    first.part("map", "{}").await;
    let mut file_first = Sending::begin(&service, None).await;
    file_first.file("0", "x").await;
    let mut many = Sending::begin(&service, None).await;
    let map: serde_json::Map<_, _> = (0..11)
        .map(|number| (number.to_string(), json!(["variables.file"])))
        .collect();
    many.texts(&import(), &map.into()).await;
    let mut elsewhere = Sending::begin(&service, None).await;
    elsewhere.texts(&import(), &json!({"0": ["query"]})).await;
    let mut list = Sending::begin(&service, None).await;
    list.texts(&json!([import()]), &json!({"0": ["0.variables.file"]}))
        .await;
    let mut unannounced = Sending::begin(&service, None).await;
    unannounced
        .texts(&import(), &json!({"0": ["variables.file"]}))
        .await;
    unannounced
        .send("\r\nContent-Disposition: form-data; name=\"1\"; filename=\"a\"\r\n\r\n")
        .await;
    let mut twice = Sending::begin(&service, None).await;
    twice.texts(&import(), &json!({"0": ["variables.file"]})).await;
    twice
        .send("\r\nContent-Disposition: form-data; name=\"0\"; filename=\"a\"\r\n\r\n1")
        .await;
    twice.file("0", "2").await;
    let mut missing = Sending::begin(&service, None).await;
    missing.texts(&import(), &json!({"0": ["variables.file"]})).await;
    missing.send("--\r\n").await;
    let mut no_files = Sending::begin(&service, None).await;
    no_files
        .texts(&json!({"query": "{__typename}"}), &json!({}))
        .await;
    no_files
        .send("\r\nContent-Disposition: form-data; name=\"0\"; filename=\"a\"\r\n\r\n")
        .await;
    for (mut sending, words) in [
        (first, "operations, map, and then the files"),
        (file_first, "operations, map, and then the files"),
        (many, "10 files at most"),
        (elsewhere, "where null stands"),
        (list, "must be a JSON object"),
        (unannounced, "not in map, or comes twice"),
        (twice, "not in map, or comes twice"),
        (missing, "did not come"),
        (no_files, "not in map"),
    ] {
        let (status, code, message) = sending.refused().await;
        assert_eq!(
            (status, code.as_str()),
            (400, "BAD_REQUEST"),
            "{words}: {message}"
        );
        assert!(message.contains(words), "{words}: {message}");
    }
    nothing_is_stored(&service).await;
}

#[tokio::test]
async fn files_come_only_with_a_mutation_that_takes_them_of_a_caller_who_may_send_them() {
    let service = Service::start_authenticated().await;
    let token = |role, accounts| service.token("ann", role, accounts, Duration::from_mins(5));
    let approver = token(Role::Approver, None);
    let of_query = json!({"query": "query($file: Upload) { __typename }", "variables": {"file": null}});
    let no_file = "mutation($file: String) { deleteRule(input: {id: $file}) { rule { id } } }";
    let no_file = json!({"query": no_file.replace("String", "ID!"), "variables": {"file": null}});
    let reason =
        "mutation($file: Upload!, $reason: String) { importInventory(input: {file: $file}) { run { id } }
        approveTags(input: {ids: [], reason: $reason}) { decided } }";
    let reason = json!({"query": reason, "variables": {"file": null, "reason": null}});
    let (to_file, to_reason) = (
        json!({"0": ["variables.file"]}),
        json!({"0": ["variables.reason", "variables.file"]}),
    );
    for (token, operations, map, expected) in [
        (token(Role::Viewer, None), import(), &to_file, "FORBIDDEN"),
        (
            token(Role::Admin, Some(&["1"][..])),
            import(),
            &to_file,
            "FORBIDDEN",
        ),
        (approver.clone(), of_query, &to_file, "BAD_REQUEST"),
        (approver.clone(), no_file, &to_file, "BAD_USER_INPUT"),
        (approver.clone(), reason, &to_reason, "BAD_USER_INPUT"),
        (
            approver.clone(),
            json!({"query": "mutation {"}),
            &json!({}),
            "GRAPHQL_PARSE_FAILED",
        ),
    ] {
        let mut sending = Sending::begin(&service, Some(&token)).await;
        sending.texts(&operations, map).await;
        // No byte of a file was sent, and none is awaited.
        let (_, code, message) = sending.refused().await;
        assert_eq!(code, expected, "{operations}: {message}");
    }
    nothing_is_stored(&service).await;
    let mut sending = Sending::begin(&service, Some(&approver)).await;
    sending.part("operations", &import().to_string()).await;
    sending.part("map", &to_file.to_string()).await;
    sending.file("0", "cloud\r\n").await;
    sending.end().await;
    let (status, answer) = sending.answer().await;
    assert_eq!(
        (status, &answer["data"]["importInventory"]["run"]["status"]),
        (200, &json!("QUEUED")),
        "{answer}"
    );
}

#[tokio::test]
async fn an_upload_has_its_time_and_its_place() {
    let settings = [
        ("JWT_SECRET", SECRET),
        ("UPLOAD_TIMEOUT", "2"),
        ("UPLOAD_MAX_CONCURRENT", "2"),
    ];
    let service = Service::start_with(&settings).await;
    let token = |name: &str| service.token(name, Role::Approver, None, Duration::from_mins(5));
    let begin = async |name: &str, rest: &str| {
        let mut sending = Sending::begin(&service, Some(&token(name))).await;
        sending.texts(&import(), &json!({"0": ["variables.file"]})).await;
        sending.send(rest).await;
        sending
    };
    let part = "\r\nContent-Disposition: form-data; name=\"0\"; filename=\"a\"\r\n\r\ncloud";
    let mut held = Vec::new();
    // The second one of a caller is refused, and any once both places are taken.
    for (name, other, expected) in [
        ("ann", "ann", (429, "RATE_LIMITED")),
        ("bob", "cleo", (503, "SERVICE_UNAVAILABLE")),
    ] {
        let mut sending = begin(name, part).await;
        loop {
            let (status, code, message) = begin(other, "--\r\n").await.refused().await;
            if status != 400 {
                assert_eq!((status, code.as_str()), expected, "{message}");
                break;
            }
            // The other one was earlier, and the first one perhaps refused.
            let answer = tokio::time::timeout(Duration::from_millis(50), sending.refused()).await;
            if answer.is_ok() {
                sending = begin(name, part).await;
            }
        }
        held.push(sending);
    }
    // One byte now and then does not help.
    for mut sending in held {
        let (status, code, message) = loop {
            let next = tokio::time::timeout(Duration::from_millis(100), sending.refused()).await;
            match next {
                Ok(refused) => break refused,
                Err(_) => sending.send("x").await,
            }
        };
        assert_eq!((status, code.as_str()), (408, "BAD_REQUEST"), "{message}");
        assert!(message.contains("longer than 2 s"), "{message}");
    }
    let mut sending = Sending::begin(&service, Some(&token("ann"))).await;
    sending.part("operations", &import().to_string()).await;
    sending
        .part("map", &json!({"0": ["variables.file"]}).to_string())
        .await;
    sending.file("0", "cloud\r\n").await;
    sending.end().await;
    assert_eq!(sending.answer().await.0, 200);
}

#[tokio::test]
async fn nobody_names_files_of_an_upload_but_the_service() {
    let service = Service::start().await;
    let literal = "mutation { importInventory(input: {file: \"#__graphql_file__:0\"}) { run { id } } }";
    let number = "#__graphql_file__:one";
    for (query, variables) in [
        (literal, json!({})),
        (IMPORT, json!({"file": "#__graphql_file__:0"})),
        (IMPORT, json!({"file": number})),
    ] {
        for way in [super::Way::Post, super::Way::Socket] {
            let (code, message) = service.ask(way, query, &variables).await;
            assert_eq!(code, "BAD_USER_INPUT", "{message}");
            assert!(
                message.contains("as the files of an upload are named"),
                "{message}"
            );
        }
    }
}
