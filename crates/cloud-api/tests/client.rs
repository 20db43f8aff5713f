//! The client against a server that answers as a script says: throttles, errors with status 200, cut and slow answers, pages
//! that repeat themselves, expired tokens; and no log shows a secret.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cloud_api::aws::{AwsCredentials, AwsSettings, TaggingService};
use cloud_api::{
    AccessToken, ApiError, ApiErrorKind, ApiRate, ApiRequest, ApiTarget, BearerSigner, CloudClient,
    CredentialError, NoObserver, PagedOperation, Pages, Platform, RequestObserver, RetryPolicy, TokenSource,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "ya29.secret-of-the-test";

#[derive(Clone)]
enum Reply {
    /// Status, headers, body.
    Whole(u16, &'static str, String),
    /// Half of what its length says.
    Cut,
    /// Nothing until the client leaves.
    Silence,
}

fn ok(body: Value) -> Reply {
    Reply::Whole(200, "", body.to_string())
}

/// Server that gives one reply after the other, each on a connection of its own.
struct ScriptedServer {
    url: reqwest::Url,
    requests: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            for reply in script {
                let (socket, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                tokio::spawn(serve(socket, reply, seen));
            }
        });
        Self {
            url: url.parse().unwrap(),
            requests,
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, reply: Reply, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = socket.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                break;
            }
        }
    }
    seen.lock()
        .unwrap()
        .push(String::from_utf8_lossy(&request).into_owned());
    match reply {
        Reply::Whole(status, headers, body) => {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        Reply::Cut => {
            let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 900\r\n\r\n{\"value\": ";
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        Reply::Silence => {
            let _left = socket.read(&mut chunk).await;
        }
    }
}

#[derive(Default)]
struct Counted {
    codes: Mutex<Vec<String>>,
    throttled: AtomicUsize,
    pages: AtomicUsize,
}

impl RequestObserver for Counted {
    fn answered(&self, _: &ApiTarget, code: &str, _: Duration) {
        self.codes.lock().unwrap().push(code.to_owned());
    }

    fn throttled(&self, _: &ApiTarget) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    fn page(&self, _: &ApiTarget) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }
}

/// Source of tokens with numbers at their end.
struct NumberedTokens(Arc<AtomicUsize>);

#[async_trait]
impl TokenSource for NumberedTokens {
    async fn fetch(&self) -> Result<AccessToken, CredentialError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(AccessToken {
            secret: format!("{SECRET}-{number}"),
            expires_at: SystemTime::now() + Duration::from_hours(1),
        })
    }
}

fn signer() -> (Arc<BearerSigner<NumberedTokens>>, Arc<AtomicUsize>) {
    let fetched = Arc::new(AtomicUsize::new(0));
    let signer = BearerSigner::new(NumberedTokens(Arc::clone(&fetched)));
    (Arc::new(signer), fetched)
}

fn quick() -> RetryPolicy {
    RetryPolicy {
        attempt: Duration::from_secs(2),
        base: Duration::from_millis(2),
        ..RetryPolicy::default()
    }
}

fn target() -> ApiTarget {
    ApiTarget {
        platform: Platform::Gcp,
        api: "cloudasset:searchAllResources",
        account: "projects/p".into(),
        region: String::new(),
        rate: ApiRate::per_second(1000),
    }
}

async fn get(
    script: Vec<Reply>,
    retry: RetryPolicy,
) -> (Result<Value, ApiError>, ScriptedServer, Arc<Counted>) {
    let server = ScriptedServer::start(script).await;
    let observer = Arc::new(Counted::default());
    let client = CloudClient::new(retry, Arc::clone(&observer) as Arc<dyn RequestObserver>).unwrap();
    let request = ApiRequest::get(target(), server.url.clone());
    let answer = client.json(&request, signer().0.as_ref()).await;
    (answer, server, observer)
}

#[tokio::test]
async fn throttles_faults_and_broken_answers_are_tried_again() {
    let throttle = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.to_owned();
    let script = vec![
        Reply::Whole(429, "retry-after: 0\r\n", String::new()),
        Reply::Whole(503, "", "busy".into()),
        Reply::Whole(200, "", throttle.clone()),
        Reply::Whole(400, "", throttle),
        Reply::Cut,
        Reply::Silence,
        Reply::Whole(200, "", "{\"value\": ".into()),
        ok(json!({ "value": 7 })),
    ];
    let (answer, server, observer) = get(script, quick()).await;
    assert_eq!(answer.unwrap()["value"], 7);
    assert_eq!(server.requests().len(), 8);
    assert_eq!(observer.throttled.load(Ordering::Relaxed), 4);
    let codes = observer.codes.lock().unwrap().join(" ");
    assert_eq!(codes, "429 503 200 400 unreachable timeout 200 200");
}

#[tokio::test]
async fn a_call_gives_up_and_says_why() {
    let script = vec![Reply::Whole(503, "", String::new()); 3];
    let retry = RetryPolicy {
        attempts: 3,
        ..quick()
    };
    let (answer, server, _) = get(script, retry).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Throttled);
    assert_eq!(
        error.to_string(),
        "cloudasset:searchAllResources in projects/p: no code (HTTP 503) (attempt 3)"
    );
    assert_eq!(server.requests().len(), 3);

    // It does not wait for longer than it may.
    let script = vec![Reply::Whole(429, "retry-after: 3600\r\n", String::new())];
    let (answer, ..) = get(script, quick()).await;
    assert_eq!(answer.unwrap_err().kind, ApiErrorKind::Throttled);
}

#[tokio::test]
async fn a_refused_request_is_not_repeated_and_a_redirect_is_not_followed() {
    let denied = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no right\nto it"}}"#;
    let (answer, server, _) = get(vec![Reply::Whole(403, "", denied.into())], quick()).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Refused);
    assert!(error.has_code("PERMISSION_DENIED"));
    assert!(
        error
            .to_string()
            .ends_with("PERMISSION_DENIED (HTTP 403): no right"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
    let moved = Reply::Whole(302, "location: http://127.0.0.1:1/\r\n", String::new());
    let (answer, ..) = get(vec![moved], quick()).await;
    assert_eq!(answer.unwrap_err().kind, ApiErrorKind::Refused);
}

#[tokio::test]
async fn an_answer_without_end_is_left() {
    let mut retry = quick();
    retry.max_answer = 1000;
    let (answer, ..) = get(vec![ok(json!({ "value": "x".repeat(2000) }))], retry).await;
    assert!(answer.unwrap_err().to_string().contains("more than 1000 bytes"));
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_a_fresh_one_kept() {
    let expired = Reply::Whole(401, "", r#"{"error":{"status":"UNAUTHENTICATED"}}"#.into());
    let server = ScriptedServer::start(vec![
        ok(json!(1)),
        expired.clone(),
        ok(json!(2)),
        expired.clone(),
        expired,
    ])
    .await;
    let client = CloudClient::new(quick(), Arc::new(NoObserver)).unwrap();
    let request = ApiRequest::get(target(), server.url.clone());
    let (signer, fetched) = signer();
    for expected in [1, 2] {
        let answer: Value = client.json(&request, signer.as_ref()).await.unwrap();
        assert_eq!(answer, expected);
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
    let refused = client.json::<Value>(&request, signer.as_ref()).await.unwrap_err();
    assert_eq!(refused.kind, ApiErrorKind::Credentials);
    let bearers: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.split_once(SECRET).unwrap().1[..2].to_owned())
        .collect();
    assert_eq!(bearers, ["-0", "-0", "-1", "-1", "-2"]);
}

struct Listing(reqwest::Url);

impl PagedOperation for Listing {
    type Page = Value;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let mut url = self.0.clone();
        url.query_pairs_mut()
            .append_pair("pageToken", token.unwrap_or("none"));
        Ok(ApiRequest::get(target(), url))
    }

    fn next_token<'p>(&self, page: &'p Value) -> Option<&'p str> {
        page["next"].as_str()
    }

    fn end_doubt(&self, last: &Value) -> Option<String> {
        (last["items"].as_array()?.len() >= 3).then(|| "cut at three".into())
    }
}

async fn list(script: Vec<Value>) -> (Vec<Value>, Option<String>, Result<(), ApiError>, Arc<Counted>) {
    let server = ScriptedServer::start(script.into_iter().map(ok).collect()).await;
    let observer = Arc::new(Counted::default());
    let client = CloudClient::new(quick(), Arc::clone(&observer) as Arc<dyn RequestObserver>).unwrap();
    let mut pages = Pages::new(&client, signer().0, Listing(server.url.clone()));
    let mut items = Vec::new();
    let end = loop {
        match pages.next().await {
            Ok(Some(page)) => items.extend(page["items"].as_array().unwrap().clone()),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    (items, pages.doubt().map(str::to_owned), end, observer)
}

#[tokio::test]
async fn pages_end_without_a_token_or_with_an_empty_one_and_not_before() {
    let (items, doubt, end, observer) = list(vec![
        json!({ "items": [1, 2], "next": "a" }),
        json!({ "items": [], "next": "b" }),
        json!({ "items": [3], "next": "" }),
    ])
    .await;
    end.unwrap();
    assert_eq!((items.len(), doubt), (3, None));
    assert_eq!(observer.pages.load(Ordering::Relaxed), 3);
    let (_, doubt, end, _) = list(vec![json!({ "items": [1, 2, 3] })]).await;
    end.unwrap();
    assert_eq!(doubt.as_deref(), Some("cut at three"));
}

#[tokio::test]
async fn a_token_that_was_there_before_ends_the_pages_with_an_error() {
    let page = |next| json!({ "items": [1], "next": next });
    let (items, _, end, _) = list(vec![page("a"), page("b"), page("a"), page("b")]).await;
    assert_eq!(items.len(), 2);
    let error = end.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Protocol);
    assert!(
        error
            .to_string()
            .ends_with("page 3 has a token that was there before"),
        "{error}"
    );
}

/// Log of a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_and_no_error_shows_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For all tests of the process: what a thread alone has set may miss events that others met before.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let (answer, server, _) = get(vec![Reply::Whole(400, "", "{}".into())], quick()).await;
    assert!(server.requests()[0].contains(SECRET));
    let mut shown = answer.unwrap_err().to_string();

    let canonical = format!("no match\n\nthe canonical string is x-amz-security-token:{SECRET}");
    let refused = json!({ "__type": "SignatureDoesNotMatch", "message": canonical }).to_string();
    let server = ScriptedServer::start(vec![Reply::Whole(403, "", refused)]).await;
    let client = CloudClient::new(quick(), Arc::new(NoObserver)).unwrap();
    let settings = AwsSettings {
        region: "eu-west-1".into(),
        endpoint: Some(server.url.clone()),
        external_id: None,
        keys: Some(("AKIDEXAMPLE".into(), SECRET.into())),
    };
    let credentials = AwsCredentials::of_process(&settings).await.unwrap();
    let tagging = TaggingService::new(&credentials, "111122223333", "eu-west-1");
    let error = tagging.resources(&client).next().await.unwrap_err();
    assert!(server.requests()[0].contains("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    shown += &format!("{error} {error:?} {credentials:?} {settings:?}");

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("a request failed"), "{log}");
    assert!(!log.contains(SECRET), "{log}");
    assert!(!shown.contains(SECRET), "{shown}");
}
