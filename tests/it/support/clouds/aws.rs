//! AWS: STS, Organizations, Resource Explorer, the Tagging API and AWS Config of an invented organisation.

use super::aws_account::FakeAccount;
use super::aws_signature::{SignedScope, is_signed, scope};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use cloud_api::aws::AwsSettings;
use cloud_api::{CloudClient, NoObserver, RetryPolicy};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use virtual_tagging::providers::{AwsConnection, AwsSourceSettings};

/// Account that the credentials of the test belong to.
pub const CALLER: &str = "999999999999";
const KEY: &str = "AKIATEST";
const SECRET: &str = "a-secret-of-the-test";

/// Misbehaviour of one answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error with this status and code.
    Error(u16, &'static str),
    /// An error with status 200.
    InBody(&'static str),
    /// A page without resources, and with the token that was asked for.
    EmptyPage,
    /// A page with a token that was there before.
    RepeatedToken,
    /// A page of 1,000 resources without a token, whatever was asked for.
    Thousand,
    /// Half of an answer.
    Cut,
    /// No answer.
    Silence,
}

/// Request that came.
#[derive(Clone, Debug)]
pub struct SeenCall {
    pub operation: String,
    pub account: String,
    pub region: String,
    pub at: Instant,
}

#[derive(Default)]
struct FakeState {
    accounts: BTreeMap<String, FakeAccount>,
    /// Secrets, tokens and accounts of access keys.
    keys: HashMap<String, (String, Option<String>, String)>,
    assumed: usize,
    calls: Vec<SeenCall>,
    faults: Vec<(&'static str, Fault)>,
    /// Every so many-th request is throttled.
    throttle_every: Option<usize>,
}

/// The invented organisation.
#[derive(Clone)]
pub struct AwsFake {
    address: SocketAddr,
    state: Arc<Mutex<FakeState>>,
}

impl AwsFake {
    pub async fn start(accounts: impl IntoIterator<Item = FakeAccount>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = (SECRET.to_owned(), None, CALLER.to_owned());
        let state = FakeState {
            accounts: accounts.into_iter().map(|each| (each.id.clone(), each)).collect(),
            keys: [(KEY.to_owned(), own)].into(),
            ..FakeState::default()
        };
        let fake = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(state)),
        };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// A connection with the test's credentials, which does not wait for long.
    pub fn connection(&self) -> Arc<AwsConnection> {
        let retry = RetryPolicy {
            attempt: Duration::from_secs(2),
            base: Duration::from_millis(5),
            ..RetryPolicy::default()
        };
        let client = CloudClient::new(retry, Arc::new(NoObserver)).unwrap();
        let connection = AwsSettings {
            region: "eu-west-1".into(),
            endpoint: Some(format!("http://{}/", self.address).parse().unwrap()),
            external_id: None,
            keys: Some((KEY.into(), SECRET.into())),
        };
        let settings = AwsSourceSettings {
            connection,
            role_name: "reader".into(),
            regions: Vec::new(),
            explorer: true,
        };
        AwsConnection::new(client, settings)
    }

    /// Lets the next call of an operation misbehave.
    pub fn fail(&self, operation: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.push((operation, fault));
    }

    pub fn throttle_every(&self, requests: usize) {
        self.state.lock().unwrap().throttle_every = Some(requests);
    }

    pub fn change(&self, account: &str, change: impl FnOnce(&mut FakeAccount)) {
        change(self.state.lock().unwrap().accounts.get_mut(account).unwrap());
    }

    pub fn calls(&self) -> Vec<SeenCall> {
        self.state.lock().unwrap().calls.clone()
    }

    pub fn count(&self, operation: &str) -> usize {
        let calls = self.calls();
        calls.iter().filter(|call| call.operation == operation).count()
    }
}

/// Call that was let in.
struct Call {
    operation: String,
    account: String,
    region: String,
    body: Value,
}

async fn answer(
    State(fake): State<AwsFake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(scope) = scope(&headers) else {
        return error(403, "MissingAuthenticationToken", "no signature");
    };
    let (outcome, fault) = {
        let mut state = fake.state.lock().unwrap();
        let call = match state.admit(&scope, &method, &uri, &headers, &body) {
            Ok(call) => call,
            Err(refused) => return *refused,
        };
        let fault = state.fault(&call.operation);
        (state.respond(&call, fault.as_ref()), fault)
    };
    match fault {
        Some(Fault::Silence) => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            outcome
        }
        Some(Fault::Cut) => {
            let mut response = Response::new(Body::from("{\"Resources\": ["));
            response
                .headers_mut()
                .insert("connection", "close".parse().unwrap());
            response
        }
        _ => outcome,
    }
}

impl FakeState {
    /// Verifies the signature, and finds the operation.
    fn admit(
        &mut self,
        scope: &SignedScope,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Call, Box<Response>> {
        let Some((secret, token, account)) = self.keys.get(&scope.key) else {
            return Err(Box::new(error(403, "InvalidClientTokenId", "no such key")));
        };
        let stated = headers
            .get("x-amz-security-token")
            .map(|token| token.to_str().unwrap());
        let is_ours = stated == token.as_deref();
        if !is_ours || !is_signed(secret, method.as_str(), uri.path(), headers, body) {
            return Err(Box::new(error(
                403,
                "SignatureDoesNotMatch",
                "no\n\nthe canonical string is long",
            )));
        }
        let account = account.clone();
        let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap());
        let form = String::from_utf8_lossy(body);
        let action = form.split('&').find_map(|field| field.strip_prefix("Action="));
        let operation = match (target, action) {
            (Some(target), _) => target.rsplit('.').next().unwrap().to_owned(),
            (None, Some(action)) => action.to_owned(),
            _ => uri.path().trim_start_matches('/').to_owned(),
        };
        let body = if action.is_some() {
            json!(form)
        } else {
            serde_json::from_slice(body).unwrap()
        };
        self.calls.push(SeenCall {
            operation: operation.clone(),
            account: account.clone(),
            region: scope.region.clone(),
            at: Instant::now(),
        });
        Ok(Call {
            operation,
            account,
            region: scope.region.clone(),
            body,
        })
    }

    /// Fault of the next answer.
    fn fault(&mut self, operation: &str) -> Option<Fault> {
        if let Some(at) = self.faults.iter().position(|(of, _)| *of == operation) {
            return Some(self.faults.remove(at).1);
        }
        let count = self.calls.len();
        let is_throttled = self
            .throttle_every
            .is_some_and(|every| count.is_multiple_of(every));
        // Not those that the library of AWS sends.
        (is_throttled && operation != "AssumeRole").then_some(Fault::Error(400, "ThrottlingException"))
    }

    fn respond(&mut self, call: &Call, fault: Option<&Fault>) -> Response {
        match fault {
            Some(Fault::Error(status, code)) => return error(*status, code, "on demand"),
            Some(Fault::InBody(code)) => {
                return json_response(&json!({ "__type": code, "message": "on demand" }));
            }
            _ => {}
        }
        match call.operation.as_str() {
            "GetCallerIdentity" => xml(format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>",
                call.account
            )),
            "AssumeRole" => self.assume(call),
            "ListAccounts" => self.list_accounts(call),
            operation => {
                let Some(account) = self.accounts.get(&call.account) else {
                    return error(400, "AccessDeniedException", "this account has nothing");
                };
                if account.denied.contains(&operation) {
                    return error(400, "AccessDeniedException", "the role may not call this");
                }
                respond_for(account, call, fault)
            }
        }
    }

    fn assume(&mut self, call: &Call) -> Response {
        let form = call.body.as_str().unwrap();
        let role = form.split("RoleArn=arn%3Aaws%3Aiam%3A%3A").nth(1).unwrap();
        let account = &role[..12];
        let is_open = self
            .accounts
            .get(account)
            .is_some_and(|account| !account.is_closed_to_us);
        if !is_open || !role.contains("role%2Freader") {
            let message = format!("not authorized to perform: sts:AssumeRole on account {account}");
            return (
                StatusCode::FORBIDDEN,
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                     <Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"
                ),
            )
                .into_response();
        }
        self.assumed += 1;
        let (key, secret, token) = (
            format!("ASIA{account}N{}", self.assumed),
            format!("session-secret-{}", self.assumed),
            format!("session-token-{}", self.assumed),
        );
        let held = (secret.clone(), Some(token.clone()), account.to_owned());
        self.keys.insert(key.clone(), held);
        xml(format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
             <SessionToken>{token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
             <AssumedRoleUser><AssumedRoleId>A:v</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/reader/v</Arn>\
             </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        ))
    }

    fn list_accounts(&self, call: &Call) -> Response {
        let begin = offset(&call.body, "NextToken");
        let accounts = self.accounts.values().skip(begin).take(20);
        let accounts: Vec<_> = accounts
            .map(|account| json!({ "Id": account.id, "Name": "a", "State": account.state, "Paths": ["o-1/r-1/"] }))
            .collect();
        let mut page = json!({ "Accounts": accounts });
        if begin + 20 < self.accounts.len() {
            page["NextToken"] = format!("t{}", begin + 20).into();
        }
        json_response(&page)
    }
}

fn respond_for(account: &FakeAccount, call: &Call, fault: Option<&Fault>) -> Response {
    match call.operation.as_str() {
        "ListIndexes" => json_response(&json!({ "Indexes": account.indexes() })),
        "GetView" => {
            let included = if account.view_has_tags {
                json!([{ "Name": "tags" }])
            } else {
                json!([])
            };
            let filter = json!({ "FilterString": account.view_filter });
            json_response(&json!({ "View": { "Filters": filter, "IncludedProperties": included } }))
        }
        "ListResources" => {
            let size = match fault {
                Some(Fault::Thousand) => 1000,
                _ => call.body["MaxResults"].as_u64().unwrap() as usize,
            };
            let count = account.explored_count(&call.region);
            let items = |number| account.explored_at(&call.region, number);
            let mut page = page(call, "Resources", "NextToken", size, count, items, fault);
            page["ViewArn"] = format!(
                "arn:aws:resource-explorer-2:{}:{}:view/all/1",
                call.region, account.id
            )
            .into();
            json_response(&page)
        }
        "GetResources" => {
            let size = call.body["ResourcesPerPage"].as_u64().unwrap() as usize;
            let count = account.tagged_count(&call.region);
            let items = |number| account.tagged_at(&call.region, number);
            let mut page = page(
                call,
                "ResourceTagMappingList",
                "PaginationToken",
                size,
                count,
                items,
                fault,
            );
            if page["PaginationToken"].is_null() {
                page["PaginationToken"] = "".into();
            }
            json_response(&page)
        }
        "SelectAggregateResourceConfig" => {
            let size = call.body["Limit"].as_u64().unwrap() as usize;
            let count = account.configured_count();
            json_response(&page(
                call,
                "Results",
                "NextToken",
                size,
                count,
                |number| account.configured_at(number),
                fault,
            ))
        }
        other => error(400, "UnknownOperationException", other),
    }
}

/// Page of a list, with the fault that is wanted.
fn page(
    call: &Call,
    list: &str,
    token: &str,
    size: usize,
    count: usize,
    item: impl Fn(usize) -> Value,
    fault: Option<&Fault>,
) -> Value {
    let begin = offset(&call.body, token);
    let end = match fault {
        Some(Fault::EmptyPage) => begin,
        _ => count.min(begin + size),
    };
    let items: Vec<_> = (begin..end).map(item).collect();
    let mut page = json!({ list: items });
    match fault {
        Some(Fault::Thousand) => {}
        // Another text for the same place.
        Some(Fault::EmptyPage) => page[token] = format!("e{begin}").into(),
        Some(Fault::RepeatedToken) => page[token] = call.body[token].clone(),
        _ if end < count => page[token] = format!("t{end}").into(),
        _ => {}
    }
    page
}

fn offset(body: &Value, token: &str) -> usize {
    body[token]
        .as_str()
        .map_or(0, |token| token[1..].parse().unwrap())
}

fn json_response(body: &Value) -> Response {
    body.to_string().into_response()
}

fn xml(body: String) -> Response {
    ([("content-type", "text/xml")], body).into_response()
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws#{code}"), "message": message });
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}
