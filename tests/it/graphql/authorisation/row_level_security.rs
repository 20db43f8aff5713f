//! The second wall under every root field: where reads go, and what comes of it when finders forget their scope.

use super::cases::{CASES, Scope};
use super::{Ids, STATE, answer, code, eve, foreign, is_nothing};
use crate::support::api::Api;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use virtual_tagging::auth::{AccountScope, Role, with_account_scope};
use virtual_tagging::db::ReadPool;
use virtual_tagging::graphql::schema::build;

/// Those whose accounts are limited read through connections of their own, whatever they read.
#[tokio::test]
async fn what_limited_callers_read_is_read_behind_the_wall() {
    let mut api = Api::with_rows(16).await;
    let ids = Ids::of(&api).await;
    let own = || Some(eve(Role::Admin, AccountScope::Only(vec!["account-1".into()])));
    // All subscribers share the reading of events.
    let is_read = |name: &str| !name.starts_with("Mutation") && !name.ends_with("Events");
    let reads = || CASES.iter().filter(|case| is_read(case.0));
    let mut before = Vec::new();
    for (_, operation, ..) in reads() {
        before.push(answer(&api, own(), &ids.fill(operation)).await);
    }
    api.services.db = api.fixture.db.connect().await;
    api.services.db.get_postgres_connection_pool().close().await;
    api.services.reads = ReadPool::all(api.services.db.clone());
    api.schema = build(api.services.clone());
    for ((name, operation, ..), before) in reads().zip(before) {
        assert_eq!(answer(&api, own(), &ids.fill(operation)).await, before, "{name}");
    }
}

/// As if every finder had forgotten its scope: the actor's is all accounts, and PostgreSQL knows better.
async fn blind(api: &Api, operation: &str) -> Value {
    let own = AccountScope::Only(vec!["account-1".into()]);
    let forgetful = Some(eve(Role::Admin, AccountScope::All));
    with_account_scope(&own, Box::pin(answer(api, forgetful, operation))).await
}

#[tokio::test]
async fn nothing_leaks_where_the_first_wall_is_down() {
    let mut api = Api::with_rows(16).await;
    let ids = Ids::of(&api).await;
    api.services.db = api.fixture.scoped.clone();
    api.services.reads = api.services.scoped.clone();
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
        let before = api.fixture.number(STATE, []).await;
        let answer = blind(&api, &ids.fill(operation)).await;
        assert_eq!(api.fixture.number(STATE, []).await, before, "{name}: {answer}");
        refused += usize::from(code(&answer) == "INTERNAL_SERVER_ERROR");
    }
    assert!(refused >= 6, "{refused} changes were refused by PostgreSQL");
    let own = "SELECT id FROM virtual_tags WHERE account_id = 'account-1' LIMIT 1";
    let own = URL_SAFE_NO_PAD.encode(format!("VirtualTag:{}", api.fixture.number(own, []).await));
    let approve = format!("mutation {{ approveTags(input: {{ids: [\"{own}\"]}}) {{ decided }} }}");
    assert_eq!(blind(&api, &approve).await["data"]["approveTags"]["decided"], 1);
}
