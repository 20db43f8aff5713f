//! Every root field for nobody, for a role that is too low, and for accounts that it is not about.

use super::{Api, actor};
use async_graphql::{Request, Response, UploadValue, Variables};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use virtual_tagging::db::scoped::within;
use virtual_tagging::domain::auth::{AccountScope, Actor, Role};
use virtual_tagging::domain::csv::{Export, ExportFilter, ExportKind};
use virtual_tagging::graphql::context::{RequestId, execute, subscribe};
use virtual_tagging::graphql::course::Course;
use virtual_tagging::graphql::error::finish;
use virtual_tagging::graphql::schema::build;

/// Who may not ask for a field.
enum Low {
    /// This role gets `FORBIDDEN`; the next one is asked in the other cases.
    Forbidden(Role),
    /// Nobody who is signed in; this says why.
    Nobody(&'static str),
}

/// What somebody gets who is limited to the account of odd resources, and asks for what is of the other.
enum Scope {
    /// `FORBIDDEN`: it concerns all accounts.
    Forbidden,
    /// A refusal in the payload, as if it did not exist; nothing is changed.
    Refused,
    /// Nothing, as if it did not exist.
    Null,
    /// Their own part: less than all, and nothing to who has no account here.
    Part,
    /// As everybody else; this says why.
    Everything(&'static str),
}

use Low::{Forbidden, Nobody};
use Role::{Approver, Viewer};

/// Of all who may read at all.
const READS: Low = Nobody("whoever is signed in may read");
const RULES: Scope = Scope::Everything("rules are for all accounts, and show none");
const RUNS: Scope =
    Scope::Everything("runs are of no account; what they show of accounts has fields of its own");

/// Each root field: an operation that asks for what is of the account that the limited actor has not, or for
/// everything; `%R` is a resource there, `%T` a tag that waits, and `%N` the number of rows of a page.
const CASES: &[(&str, &str, Low, Scope)] = &[
    ("Query.apiTokens", "{ apiTokens { totalCount nodes { name accounts } } }", Forbidden(Approver), Scope::Null),
    ("Query.approvalGroups", "{ approvalGroups(first: 500) { nodes { count } } }", READS, Scope::Part),
    (
        "Query.approvalStats",
        "{ approvalStats { pending suggestions autoApplied byKey { count } byConfidence { count } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.approvals",
        "{ approvals(first: 500) { totalCount nodes { accountId: resource { accountId name resourceId } } } }",
        READS,
        Scope::Part,
    ),
    (
        "Query.dashboard",
        "{ dashboard { approvals { pending } resourcesByCloud { resources tagged } tagsByStatus { count } } }",
        READS,
        Scope::Part,
    ),
    ("Query.inferTags", "{ inferTags(input: {id: \"%R\"}) { predictions { key } } }", READS, Scope::Refused),
    ("Query.jobRun", "{ jobRun(id: \"%J\") { id rejections { totalCount nodes { line } } importPlan { inserted } } }", READS, RUNS),
    ("Query.jobRuns", "{ jobRuns(first: 2) { nodes { id } } }", READS, RUNS),
    (
        "Query.mlInferences",
        "{ mlInferences(first: 500) { totalCount nodes { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.node", "{ node(id: \"%R\") { id } }", READS, Scope::Null),
    (
        "Query.nodes",
        "{ nodes(ids: [\"%R\", \"%T\", \"%A\", \"%I\"]) { id } }",
        READS,
        Scope::Null,
    ),
    (
        "Query.previewRule",
        "{ previewRule(input: {rule: {ruleName: \"all\", condition: \"true\", tagKey: \"team\", tagValue: \"x\"}})
           { preview { matches examples { resource { accountId name } } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.resource", "{ resource(id: \"%R\") { id } }", READS, Scope::Null),
    (
        "Query.resources",
        "{ resources(first: 500) { totalCount nodes { accountId name resourceId
           virtualTags { totalCount } inferences { totalCount } audit { totalCount } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.rule", "{ rule(id: \"%U\") { ruleName } }", READS, RULES),
    ("Query.rules", "{ rules(first: 2) { nodes { ruleName } } }", READS, RULES),
    ("Query.schedules", "{ schedules { jobName } }", READS, Scope::Everything("schedules are of no account")),
    (
        "Query.tagAudit",
        "{ tagAudit(first: 500) { totalCount nodes { accountId resource { name } virtualTag { tagValue } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.viewer", "{ viewer { subject } }", READS, Scope::Everything("it is about the caller")),
    (
        "Query.virtualTags",
        "{ virtualTags(first: 500) { totalCount nodes { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
    ("Query.vocabulary", "{ vocabulary { name } }", READS, Scope::Everything("the vocabulary is the program's")),
    (
        "Mutation.approveTags",
        "mutation { approveTags(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.cancelRun",
        "mutation { cancelRun(input: {id: \"%J\"}) { run { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.createApiToken",
        "mutation { createApiToken(input: {name: \"x\", role: VIEWER, accounts: [\"account-0\"],
           expiresAt: \"2000-01-01T00:00:00Z\"}) { secret userErrors { code field } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.createResource",
        "mutation { createResource(input: {resourceId: \"arn:new\", name: \"new\", cloud: AWS, accountId: \"account-0\",
           resourceType: \"instance\"}) { resource { id } userErrors { code field } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.createRule",
        "mutation { createRule(input: {ruleName: \"x\", condition: \"true\", tagKey: \"k\", tagValue: \"v\"}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.createVirtualTag",
        "mutation { createVirtualTag(input: {resourceId: \"%R\", tagKey: \"k\", tagValue: \"v\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.deleteResource",
        "mutation { deleteResource(input: {id: \"%R\"}) { resource { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.deleteRule",
        "mutation { deleteRule(input: {id: \"%U\"}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.deleteVirtualTag",
        "mutation { deleteVirtualTag(input: {id: \"%T\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.denyTags",
        "mutation { denyTags(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.importInventory",
        "mutation($file: Upload!) { importInventory(input: {file: $file}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.importVirtualTags",
        "mutation($file: Upload!) { importVirtualTags(input: {file: $file, status: PENDING}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.pauseSchedule",
        "mutation { pauseSchedule(input: {jobName: DISCOVER}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.reorderRules",
        "mutation { reorderRules(input: {ids: [\"%U\"]}) { rules { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.resumeSchedule",
        "mutation { resumeSchedule(input: {jobName: DISCOVER}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.retryRun",
        "mutation { retryRun(input: {id: \"%J\"}) { run { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.revokeApiToken",
        "mutation { revokeApiToken(input: {id: \"%K\"}) { apiToken { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    ("Mutation.runAutoTagging", "mutation { runAutoTagging { run { id } } }", Forbidden(Viewer), Scope::Forbidden),
    ("Mutation.runDiscovery", "mutation { runDiscovery { run { id } } }", Forbidden(Viewer), Scope::Forbidden),
    (
        "Mutation.setRuleEnabled",
        "mutation { setRuleEnabled(input: {id: \"%U\", enabled: false}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.triggerSchedule",
        "mutation { triggerSchedule(input: {jobName: DISCOVER}) { run { id } } }",
        Forbidden(Viewer),
        Scope::Forbidden,
    ),
    (
        "Mutation.undoDecisions",
        "mutation { undoDecisions(input: {ids: [\"%T\"]}) { decided results { outcome tag { id } } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Mutation.updateResource",
        "mutation { updateResource(input: {id: \"%R\", name: \"x\"}) { resource { id } userErrors { code } } }",
        Forbidden(Approver),
        Scope::Refused,
    ),
    (
        "Mutation.updateRule",
        "mutation { updateRule(input: {id: \"%U\", priority: 1}) { rule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.updateSchedule",
        "mutation { updateSchedule(input: {jobName: DISCOVER, cron: \"* * * * *\"}) { schedule { id } } }",
        Forbidden(Approver),
        Scope::Forbidden,
    ),
    (
        "Mutation.updateVirtualTag",
        "mutation { updateVirtualTag(input: {id: \"%T\", tagValue: \"x\"}) { virtualTag { id } userErrors { code } } }",
        Forbidden(Viewer),
        Scope::Refused,
    ),
    (
        "Subscription.approvalEvents",
        "subscription { approvalEvents(after: \"%C\") { events { change { accountId resource { name } } } } }",
        READS,
        Scope::Part,
    ),
    (
        "Subscription.approvalStats",
        "subscription { approvalStats { pending suggestions autoApplied } }",
        READS,
        Scope::Part,
    ),
    ("Subscription.jobProgress", "subscription { jobProgress(runId: \"%J\") { id } }", READS, RUNS),
    (
        "Subscription.resourceEvents",
        "subscription { resourceEvents(after: \"%D\") { events { resource { accountId name } } } }",
        READS,
        Scope::Part,
    ),
];

/// A number that differs after every change.
const STATE: &str = "SELECT (count(*) + sum(hashtext(t::text)))::bigint FROM (SELECT id, tag_value, approval_status FROM virtual_tags
        UNION ALL SELECT id, name, cloud FROM resources UNION ALL SELECT id, rule_name, version::text FROM rules
        UNION ALL SELECT id, name, revoked_by FROM api_tokens UNION ALL SELECT id, status, job_name FROM scheduler_jobs
        UNION ALL SELECT 0, cron, paused_by FROM schedules) t";

/// The operations with the ids of the other account in them.
struct Ids(Vec<(&'static str, String)>);

impl Ids {
    async fn of(api: &Api) -> Self {
        let id = |kind: &str, key: String| URL_SAFE_NO_PAD.encode(format!("{kind}:{key}"));
        let one = async |statement: &'static str| api.world.number(statement, []).await.to_string();
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
    answer_within(Duration::from_secs(30), api, caller, operation).await
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
        let course = Arc::new(Course::new(None));
        let mut answers = subscribe(&api.schema, &api.services, request, caller, id.clone(), course);
        match tokio::time::timeout(time, answers.next()).await {
            Ok(response) => response.unwrap(),
            Err(_nothing_to_tell) => return Value::Null,
        }
    } else {
        execute(&api.schema, &api.services, request, caller, id.clone()).await
    };
    finish(&mut response, &id);
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
        Viewer => Approver,
        Approver | Role::Admin => Role::Admin,
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

#[tokio::test]
async fn exports_show_what_is_in_scope() {
    let api = Api::with_rows(16).await;
    for kind in [ExportKind::Resources, ExportKind::Tags] {
        let read = async |scope| {
            let reader = actor(Viewer, scope);
            let filter = ExportFilter::default();
            let mut export = Export::new(api.world.pool.clone(), &reader, kind, &filter).unwrap();
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
    let schema = async_graphql::parser::parse_schema(include_str!("../../../schema.graphql")).unwrap();
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
    let schedule =
        "INSERT INTO schedules (job_name, cron, active_from) VALUES ('discover', '0 0 1 1 *', now())";
    virtual_tagging::db::sql::execute(&api.world.pool, schedule, [])
        .await
        .unwrap();
    let ids = Ids::of(&api).await;
    let before = api.world.number(STATE, []).await;
    for (name, operation, low, scope) in CASES {
        let operation = ids.fill(operation);
        let nobody = answer(&api, None, &operation).await;
        assert_eq!(code(&nobody), "UNAUTHENTICATED", "{name}: {nobody}");
        assert!(is_nothing(&nobody["data"]), "{name}: {nobody}");
        let role = match low {
            Forbidden(role) => {
                let refused = answer(&api, Some(eve(*role, AccountScope::All)), &operation).await;
                assert_eq!(code(&refused), "FORBIDDEN", "{name}: {refused}");
                next(*role)
            }
            Nobody(why) => {
                assert!(!why.is_empty());
                Viewer
            }
        };
        check_scope(&api, name, &operation, role, scope).await;
    }
    assert_eq!(
        api.world.number(STATE, []).await,
        before,
        "a refusal changed something"
    );
}

/// Those whose accounts are limited read through connections of their own, whatever they read.
#[tokio::test]
async fn what_limited_callers_read_is_read_behind_the_wall() {
    let mut api = Api::with_rows(16).await;
    let ids = Ids::of(&api).await;
    let own = || Some(eve(Role::Admin, AccountScope::Only(vec!["account-1".into()])));
    let reads = || CASES.iter().filter(|case| !case.0.starts_with("Mutation"));
    let mut before = Vec::new();
    for (_, operation, ..) in reads() {
        before.push(answer(&api, own(), &ids.fill(operation)).await);
    }
    api.services.db = api.world.db.connect().await;
    api.services.db.get_postgres_connection_pool().close().await;
    api.schema = build(api.services.clone());
    for ((name, operation, ..), before) in reads().zip(before) {
        assert_eq!(answer(&api, own(), &ids.fill(operation)).await, before, "{name}");
    }
}

/// As if every finder had forgotten its scope: the actor's is all accounts, and PostgreSQL knows better.
async fn blind(api: &Api, operation: &str) -> Value {
    let own = AccountScope::Only(vec!["account-1".into()]);
    let forgetful = Some(eve(Role::Admin, AccountScope::All));
    within(&own, Box::pin(answer(api, forgetful, operation))).await
}

#[tokio::test]
async fn nothing_leaks_where_the_first_wall_is_down() {
    let mut api = Api::with_rows(16).await;
    let ids = Ids::of(&api).await;
    api.services.db = api.world.scoped.clone();
    api.schema = build(api.services.clone());
    let mut answered = 0;
    for (name, operation, _, scope) in CASES.iter().filter(|case| case.0.starts_with("Query")) {
        // Totals of everything are not for this role.
        let answer = blind(&api, &ids.fill(operation).replace("totalCount ", "")).await;
        let mut leaks = Vec::new();
        foreign(&answer["data"], &mut leaks);
        assert!(leaks.is_empty(), "{name} leaks {leaks:?}");
        match scope {
            Scope::Null => assert!(is_nothing(&answer["data"]), "{name}: {answer}"),
            Scope::Part if code(&answer) == "OK" => answered += 1,
            _ => {}
        }
    }
    assert!(answered >= 5, "{answered} lists and figures were answered");
}

#[tokio::test]
async fn nothing_is_changed_where_the_first_wall_is_down() {
    let api = Api::with_rows(16).await;
    let ids = Ids::of(&api).await;
    let mut refused = 0;
    for (name, operation, _, scope) in CASES {
        if !matches!(scope, Scope::Refused) || !name.starts_with("Mutation") || name.contains("ApiToken") {
            continue;
        }
        let before = api.world.number(STATE, []).await;
        let answer = blind(&api, &ids.fill(operation)).await;
        assert_eq!(api.world.number(STATE, []).await, before, "{name}: {answer}");
        refused += usize::from(code(&answer) == "INTERNAL_SERVER_ERROR");
    }
    assert!(refused >= 6, "{refused} changes were refused by PostgreSQL");
    let own = "SELECT id FROM virtual_tags WHERE account_id = 'account-1' LIMIT 1";
    let own = URL_SAFE_NO_PAD.encode(format!("VirtualTag:{}", api.world.number(own, []).await));
    let approve = format!("mutation {{ approveTags(input: {{ids: [\"{own}\"]}}) {{ decided }} }}");
    assert_eq!(blind(&api, &approve).await["data"]["approveTags"]["decided"], 1);
}
