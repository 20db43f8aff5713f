//! Every root field for nobody, for a role that is too low, and for accounts that it is not about.

mod cases;
mod row_level_security;

use crate::support::api::{Api, actor};
use async_graphql::{Request, Response, UploadValue, Variables};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cases::{CASES, Low, Scope};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::domain::approvals::tags::AnyTagFilter;
use virtual_tagging::domain::exports::ExportRequest;
use virtual_tagging::domain::inventory::list::ResourceFilter;
use virtual_tagging::graphql::execution::{annotate_errors, execute, subscribe};
use virtual_tagging::graphql::state::RequestId;
use virtual_tagging::graphql::subscriptions::progress::SubscriptionProgress;

/// A number that differs after every change.
const STATE: &str = "SELECT (count(*) + sum(hashtext(t::text)))::bigint FROM (SELECT id, tag_value, approval_status FROM virtual_tags
        UNION ALL SELECT id, name, cloud FROM resources UNION ALL SELECT id, rule_name, version::text FROM rules
        UNION ALL SELECT id, name, revoked_by FROM api_tokens UNION ALL SELECT id, status, job_name FROM scheduler_jobs
        UNION ALL SELECT 0, cron, paused_by FROM schedules
        UNION ALL SELECT id, status, decided_by FROM rule_suggestions
        UNION ALL SELECT version, status, status_reason FROM models
        UNION ALL SELECT 0, name, definition::text FROM vocabulary_keys) t";

/// The operations with the ids of the other account in them.
struct Ids(Vec<(&'static str, String)>);

impl Ids {
    async fn of(api: &Api) -> Self {
        let id = |kind: &str, key: String| URL_SAFE_NO_PAD.encode(format!("{kind}:{key}"));
        let one = async |statement: &'static str| api.fixture.number(statement, []).await.to_string();
        let audit = "SELECT (extract(epoch FROM \"timestamp\") * 1000000)::bigint FROM tag_audit
            WHERE account_id = 'account-0' ORDER BY id LIMIT 1";
        let audit_id = "SELECT id FROM tag_audit WHERE account_id = 'account-0' ORDER BY id LIMIT 1";
        let inference = "SELECT i.id FROM ml_inferences i JOIN resources r ON r.id = i.resource_id
            WHERE r.account_id = 'account-0' LIMIT 1";
        Self(vec![
            (
                "%R",
                id(
                    "Resource",
                    one("SELECT id FROM resources WHERE account_id = 'account-0' LIMIT 1").await,
                ),
            ),
            (
                "%T",
                id(
                    "VirtualTag",
                    one("SELECT id FROM virtual_tags WHERE account_id = 'account-0' LIMIT 1").await,
                ),
            ),
            (
                "%A",
                id(
                    "TagAudit",
                    format!("{}.{}", one(audit).await, one(audit_id).await),
                ),
            ),
            ("%I", id("MlInference", one(inference).await)),
            (
                "%J",
                id("JobRun", one("SELECT min(id) FROM scheduler_jobs").await),
            ),
            ("%U", id("Rule", one("SELECT min(id) FROM rules").await)),
            ("%K", id("ApiToken", one("SELECT min(id) FROM api_tokens").await)),
            (
                "%S",
                id(
                    "RuleSuggestion",
                    one("SELECT id FROM rule_suggestions WHERE accounts = '{account-0}' LIMIT 1").await,
                ),
            ),
            ("%C", URL_SAFE_NO_PAD.encode("1:tags:0.0")),
            ("%D", URL_SAFE_NO_PAD.encode("1:resources:0.0")),
        ])
    }

    fn fill(&self, operation: &str) -> String {
        let fill = |text: String, (name, id): &(&str, String)| text.replace(name, id);
        self.0.iter().fold(operation.to_owned(), fill)
    }
}

/// The first answer to an operation of any kind.
async fn answer(api: &Api, caller: Option<Actor>, operation: &str) -> Value {
    answer_within(Duration::from_mins(1), api, caller, operation).await
}

/// The first answer to an operation of any kind; null when a subscription has nothing to tell for so long.
async fn answer_within(time: Duration, api: &Api, caller: Option<Actor>, operation: &str) -> Value {
    let mut request = Request::new(operation);
    if operation.contains("$file") {
        request = request.variables(Variables::from_json(json!({"file": null})));
        let content = tempfile::tempfile().unwrap();
        let upload = UploadValue {
            filename: "x.csv".into(),
            content_type: None,
            content,
        };
        request.set_upload("variables.file", upload);
    }
    let id = RequestId("test".into());
    let mut response: Response = if operation.starts_with("subscription") {
        let course = Arc::new(SubscriptionProgress::new(None));
        let mut answers = subscribe(&api.schema, &api.services, request, caller, id.clone(), course);
        match tokio::time::timeout(time, answers.next()).await {
            Ok(response) => response.unwrap(),
            Err(_nothing_to_tell) => return Value::Null,
        }
    } else {
        execute(&api.schema, &api.services, request, caller, id.clone()).await
    };
    annotate_errors(&mut response, &id);
    serde_json::to_value(response).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("OK")
}

/// Nothing but null, zero, and lists and objects of that.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(object) => object.values().all(is_nothing),
        Value::Bool(_) | Value::String(_) => false,
    }
}

/// The sum of all numbers, and the number of all texts: how much an answer tells.
fn amount(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap(),
        Value::Array(list) => list.iter().map(amount).sum(),
        Value::Object(object) => object.values().map(amount).sum(),
        Value::String(_) => 1.0,
        Value::Null | Value::Bool(_) => 0.0,
    }
}

/// Texts that speak of the account that is not the actor's.
fn foreign(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let number = text.strip_prefix("prod-web-").or(text.strip_prefix("arn:"));
            let is_even = number
                .and_then(|number| number.parse::<u32>().ok())
                .is_some_and(|n| n % 2 == 0);
            if is_even || text == "account-0" {
                found.push(text.clone());
            }
        }
        Value::Array(list) => list.iter().for_each(|each| foreign(each, found)),
        Value::Object(object) => object.values().for_each(|each| foreign(each, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Somebody else than who asked for the runs.
fn eve(role: Role, scope: AccountScope) -> Actor {
    let subject = "eve".into();
    Actor {
        subject,
        ..actor(role, scope)
    }
}

fn next(role: Role) -> Role {
    match role {
        Role::Viewer => Role::Approver,
        Role::Approver | Role::Admin => Role::Admin,
    }
}

async fn check_scope(api: &Api, name: &str, operation: &str, role: Role, scope: &Scope) {
    let of = |accounts: &[&str]| {
        let accounts = accounts.iter().map(|&account| account.to_owned()).collect();
        Some(eve(role, AccountScope::Only(accounts)))
    };
    let (own, none) = (of(&["account-1"]), of(&[]));
    let limited = answer(api, own.clone(), operation).await;
    let mut leaks = Vec::new();
    foreign(&limited["data"], &mut leaks);
    assert!(leaks.is_empty(), "{name} leaks {leaks:?}");
    match scope {
        Scope::Forbidden => assert_eq!(code(&limited), "FORBIDDEN", "{name}: {limited}"),
        Scope::Null => assert!(
            code(&limited) == "OK" && is_nothing(&limited["data"]),
            "{name}: {limited}"
        ),
        Scope::Refused => {
            let data = limited["data"]
                .as_object()
                .and_then(|data| data.values().next())
                .cloned()
                .unwrap_or_default();
            let in_payload = data["userErrors"]
                .as_array()
                .is_some_and(|errors| !errors.is_empty());
            let not_found = data["results"].as_array().is_some_and(|results| {
                !results.is_empty()
                    && results
                        .iter()
                        .all(|each| each["outcome"] == "NOT_FOUND" && each["tag"].is_null())
            });
            assert!(
                in_payload || not_found || code(&limited) == "NOT_FOUND",
                "{name}: {limited}"
            );
        }
        Scope::Part => {
            let all = answer(api, Some(eve(role, AccountScope::All)), operation).await;
            let (part, whole) = (amount(&limited["data"]), amount(&all["data"]));
            assert!(0.0 < part && part < whole, "{name}: {part} of {whole}: {limited}");
            let nothing = answer_within(Duration::from_secs(1), api, none, operation).await;
            assert!(is_nothing(&nothing["data"]), "{name}: {nothing}");
        }
        Scope::Everything(why) => {
            assert!(!why.is_empty());
            assert_eq!(code(&limited), "OK", "{name}: {limited}");
        }
    }
}

/// Exports of everything.
fn exports() -> [ExportRequest; 2] {
    let tags = ExportRequest::Tags {
        filter: AnyTagFilter::default(),
        of_retired: true,
    };
    [ExportRequest::Resources(ResourceFilter::default()), tags]
}

#[tokio::test]
async fn exports_show_what_is_in_scope() {
    let api = Api::with_rows(16).await;
    for request in exports() {
        let read = async |scope| {
            let reader = actor(Role::Viewer, scope);
            let permits = Arc::new(Semaphore::new(1));
            let mut export = request.begin(api.fixture.pool.clone(), permits, &reader).unwrap();
            let mut text = Vec::new();
            while let Some(page) = export.next_page().await.unwrap() {
                text.extend(page);
            }
            String::from_utf8(text).unwrap()
        };
        let only = |accounts: &[&str]| {
            AccountScope::Only(accounts.iter().map(|&account| account.to_owned()).collect())
        };
        let all = read(AccountScope::All).await;
        assert!(all.contains("account-0") && all.contains("account-1"), "{all}");
        let own = read(only(&["account-1"])).await;
        assert!(own.contains("account-1") && !own.contains("account-0"), "{own}");
        assert_eq!(own.lines().count() - 1, (all.lines().count() - 1) / 2);
        assert_eq!(read(only(&["elsewhere"])).await.lines().count(), 1);
    }
}

/// The root fields of the schema.
fn root_fields() -> BTreeSet<String> {
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let schema = async_graphql::parser::parse_schema(include_str!("../../../../schema.graphql")).unwrap();
    let mut found = BTreeSet::new();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.to_string();
        if let (TypeKind::Object(object), "Query" | "Mutation" | "Subscription") =
            (&definition.node.kind, name.as_str())
        {
            found.extend(
                object
                    .fields
                    .iter()
                    .map(|field| format!("{name}.{}", field.node.name.node)),
            );
        }
    }
    found
}

#[test]
fn every_root_field_has_its_cases() {
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.0.to_owned()).collect();
    assert_eq!(root_fields(), cases);
}

#[tokio::test]
async fn nobody_the_wrong_role_and_the_wrong_accounts_are_refused_by_every_root_field() {
    // Few enough for one batch of events.
    let api = Api::with_rows(16).await;
    api.follow();
    let schedule =
        "INSERT INTO schedules (job_name, cron, active_from) VALUES ('discover', '0 0 1 1 *', now())";
    virtual_tagging::db::sql::execute(&api.fixture.pool, schedule, [])
        .await
        .unwrap();
    let ids = Ids::of(&api).await;
    let before = api.fixture.number(STATE, []).await;
    for (name, operation, low, scope) in CASES {
        let operation = ids.fill(operation);
        let nobody = answer(&api, None, &operation).await;
        assert_eq!(code(&nobody), "UNAUTHENTICATED", "{name}: {nobody}");
        assert!(is_nothing(&nobody["data"]), "{name}: {nobody}");
        let role = match low {
            Low::Forbidden(role) => {
                let refused = answer(&api, Some(eve(*role, AccountScope::All)), &operation).await;
                assert_eq!(code(&refused), "FORBIDDEN", "{name}: {refused}");
                next(*role)
            }
            Low::Nobody(why) => {
                assert!(!why.is_empty());
                Role::Viewer
            }
        };
        check_scope(&api, name, &operation, role, scope).await;
    }
    assert_eq!(
        api.fixture.number(STATE, []).await,
        before,
        "a refusal changed something"
    );
}
