//! The second wall: what PostgreSQL shows by the accounts that are set, to raw SQL and to the service itself.

use crate::support::api::{Api, actor};
use futures::future::join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::sync::Arc;
use tokio::sync::Semaphore;
use virtual_tagging::auth::{AccountScope, Role, with_account_scope};
use virtual_tagging::domain::approvals::ResourceColumns;
use virtual_tagging::domain::approvals::tags::AnyTagFilter;
use virtual_tagging::domain::counters;
use virtual_tagging::domain::exports::ExportRequest;
use virtual_tagging::domain::inventory::list;
use virtual_tagging::domain::inventory::list::ResourceFilter;

/// Tables of no account, readable for everybody.
const FOR_ALL: [&str; 11] = [
    "rules",
    "rule_versions",
    "schedules",
    "engine_state",
    "runs_in_scope",
    "tagged_unsure",
    "coverage_unsure",
    "coverage_keys",
    "discovery_sources",
    "vocabulary_keys",
    "vocabulary_versions",
];
/// Tables closed to the role, though no row is of an account.
const FOR_NOBODY: [&str; 1] = ["seaql_migrations"];

/// Tables and views, and whether the role may read them at all.
async fn relations(db: &mut PgConnection) -> Vec<(String, bool, bool, bool)> {
    let rows = sqlx::query(
        "SELECT c.relname::text, c.relkind = 'v' OR c.relrowsecurity, has_table_privilege('virtual_tagging_reader', c.oid, 'SELECT'),
                EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id')
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
            AND NOT c.relispartition ORDER BY 1",
    );
    let rows = rows.fetch_all(db).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

async fn number(db: &mut PgConnection, statement: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(statement))
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn raw_sql_sees_what_is_in_scope_and_changes_nothing() {
    let api = Api::with_rows(20).await;
    counters::fold(&api.fixture.pool).await.unwrap();
    let mut owner = PgConnection::connect_with(&api.fixture.db.connect_options())
        .await
        .unwrap();
    let mut reader = PgConnection::connect_with(&api.fixture.db.connect_options())
        .await
        .unwrap();
    let as_reader = "BEGIN; SET LOCAL ROLE virtual_tagging_reader";
    let relations = relations(&mut owner).await;
    assert!(relations.len() > 30, "{relations:?}");
    let mut of_accounts = 0;
    for (name, is_walled, may_read, has_account) in relations {
        let is_for_all = FOR_ALL.contains(&name.as_str());
        assert!(
            is_walled || is_for_all || FOR_NOBODY.contains(&name.as_str()),
            "{name} has no policy"
        );
        for change in [
            format!("DELETE FROM {name}"),
            format!("TRUNCATE {name}"),
            format!("INSERT INTO {name} DEFAULT VALUES"),
        ] {
            sqlx::raw_sql(as_reader).execute(&mut reader).await.unwrap();
            assert!(
                sqlx::raw_sql(AssertSqlSafe(change.clone()))
                    .execute(&mut reader)
                    .await
                    .is_err(),
                "{change}"
            );
            sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.unwrap();
        }
        let all = number(&mut owner, format!("SELECT count(*) FROM {name}")).await;
        for scope in [
            None,
            Some("{}"),
            Some("{elsewhere}"),
            Some("{account-1}"),
            Some("{account-0,account-1}"),
        ] {
            sqlx::raw_sql(as_reader).execute(&mut reader).await.unwrap();
            if let Some(scope) = scope {
                let set = format!("SET LOCAL virtual_tagging.accounts = '{scope}'");
                sqlx::raw_sql(AssertSqlSafe(set))
                    .execute(&mut reader)
                    .await
                    .unwrap();
            }
            let count = format!("SELECT count(*) FROM {name}");
            let seen = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count))
                .fetch_one(&mut reader)
                .await;
            sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.unwrap();
            if !may_read {
                assert!(seen.is_err(), "{name} is read");
                continue;
            }
            let rows = match scope {
                _ if is_for_all => "true".to_owned(),
                _ if ["import_rejections", "scheduler_jobs"].contains(&name.as_str()) => "false".to_owned(),
                None | Some("{}") => "false".to_owned(),
                Some(scope) if has_account => format!("account_id = ANY ('{scope}')"),
                Some(scope) if ["api_tokens", "rule_suggestions"].contains(&name.as_str()) => {
                    format!("accounts <@ '{scope}'")
                }
                Some(scope) => {
                    format!("resource_id IN (SELECT id FROM resources WHERE account_id = ANY ('{scope}'))")
                }
            };
            let expected = number(&mut owner, format!("SELECT count(*) FROM {name} WHERE {rows}")).await;
            assert_eq!(seen.unwrap(), expected, "{name} {scope:?}");
            if scope == Some("{account-1}") && !is_for_all && (1..all).contains(&expected) {
                of_accounts += 1;
            }
        }
    }
    assert!(of_accounts >= 6, "{of_accounts} tables had rows of two accounts");
}

/// A search by account uses an index.
#[tokio::test]
async fn the_wall_does_not_hide_the_indexes() {
    let api = Api::with_rows(2_000).await;
    let mut reader = PgConnection::connect_with(&api.fixture.db.connect_options())
        .await
        .unwrap();
    sqlx::raw_sql("ANALYZE").execute(&mut reader).await.unwrap();
    let set =
        "BEGIN; SET LOCAL ROLE virtual_tagging_reader; SET LOCAL virtual_tagging.accounts = '{account-9}'";
    sqlx::raw_sql(set).execute(&mut reader).await.unwrap();
    for (list, index) in [
        (
            "SELECT * FROM resources WHERE account_id = 'account-9' ORDER BY id LIMIT 51",
            "resources_account",
        ),
        (
            "SELECT * FROM virtual_tags WHERE account_id = 'account-9' ORDER BY id LIMIT 51",
            "virtual_tags_account",
        ),
        (
            "SELECT * FROM tag_audit WHERE account_id = 'account-9' ORDER BY \"timestamp\" DESC, id DESC LIMIT 51",
            "account_id_timestamp",
        ),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {list}")))
            .fetch_all(&mut reader)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{list}: {plan}");
    }
}

/// Totals are estimated for callers limited to accounts as for others.
#[tokio::test]
async fn the_wall_does_not_halve_what_the_planner_expects() {
    let api = Api::with_rows(2_000).await;
    let mut db = PgConnection::connect_with(&api.fixture.db.connect_options())
        .await
        .unwrap();
    // Apart, so that no transaction that changed something stays open.
    for statement in [
        "ANALYZE",
        "BEGIN; SET LOCAL virtual_tagging.accounts = '{account-1}'",
    ] {
        sqlx::raw_sql(statement).execute(&mut db).await.unwrap();
    }
    let of_resource = "i JOIN resources r ON r.id = i.resource_id WHERE r.account_id = 'account-1'";
    let lists = [
        "resources WHERE account_id = 'account-1'".to_owned(),
        "virtual_tags WHERE account_id = 'account-1' AND tag_key = 'team'".to_owned(),
        "tag_audit WHERE account_id = 'account-1'".to_owned(),
        format!("ml_inferences {of_resource}"),
    ];
    let mut expected = Vec::new();
    for role in ["NONE", "virtual_tagging_reader"] {
        let set = AssertSqlSafe(format!("SET LOCAL ROLE {role}"));
        sqlx::raw_sql(set).execute(&mut db).await.unwrap();
        for list in &lists {
            let explain = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) SELECT 1 FROM {list}"));
            let plan: serde_json::Value = sqlx::query_scalar(explain).fetch_one(&mut db).await.unwrap();
            expected.push(plan[0]["Plan"]["Plan Rows"].as_f64().unwrap());
        }
    }
    let (owner, reader) = expected.split_at(lists.len());
    for ((list, owner), reader) in lists.iter().zip(owner).zip(reader) {
        assert!(
            reader / owner > 0.95,
            "{list}: {reader} rows, {owner} to the owner"
        );
    }
}

/// Ids of others look like ids of nobody; an id that names an account may be taken by its own.
#[tokio::test]
async fn an_id_of_another_account_is_refused_as_one_of_nobody_is() {
    let api = Api::with_rows(2).await;
    let create = async |cloud: &str, account: &str, id: &str| {
        let create = "mutation($id: String!, $account: String!, $cloud: Cloud!) { createResource(input: {resourceId: $id,
            name: \"n\", cloud: $cloud, accountId: $account, resourceType: \"t\"}) {
            resource { resourceId } userErrors { code field message } } }";
        let caller = Some(actor(Role::Admin, only(&[account])));
        let variables = serde_json::json!({ "id": id, "account": account, "cloud": cloud });
        let answer = api.answer_to(caller, create, variables).await;
        serde_json::to_value(answer).unwrap()["data"]["createResource"].take()
    };
    let foreign = "SELECT resource_id AS id FROM resources WHERE account_id = 'account-0'";
    let foreign: String = sqlx::query_scalar(foreign)
        .fetch_one(api.fixture.pool.get_postgres_connection_pool())
        .await
        .unwrap();
    let refused = create("AWS", "account-1", &foreign).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID", "{refused}");
    for id in [
        "arn:of-nobody",
        "arn:aws:s3:::bucket",
        "arn:aws:sqs:eu-west-1:account-10:account-1",
    ] {
        assert_eq!(create("AWS", "account-1", id).await, refused, "{id}");
    }
    for (cloud, account, own) in [
        ("AWS", "111122223333", "arn:aws:sqs:eu-west-1:111122223333:orders"),
        ("GCP", "acme", "//pubsub.googleapis.com/projects/acme/topics/t"),
        ("AZURE", "5d2c7a10", "/Subscriptions/5D2C7A10/resourceGroups/rg"),
    ] {
        let made = create(cloud, account, own).await;
        assert_eq!(made["resource"]["resourceId"], own, "{made}");
        assert_eq!(
            create(cloud, account, own).await["userErrors"][0]["code"],
            "CONFLICT"
        );
    }
}

fn only(accounts: &[&str]) -> AccountScope {
    AccountScope::Only(accounts.iter().map(|&account| account.to_owned()).collect())
}

/// Readers of different accounts share the connections, and the finders forget the scope: each sees their own part.
#[tokio::test]
async fn a_finder_that_forgets_the_scope_meets_the_wall() {
    let api = Api::with_rows(40).await;
    let scoped = &api.fixture.scoped;
    let ids: Vec<i64> = (0..100).collect();
    let seen = async |scope: AccountScope| {
        let all = list::by_ids(scoped, &AccountScope::All, ids.clone(), ResourceColumns::all());
        let found = with_account_scope(&scope, Box::pin(all)).await.unwrap();
        let mut accounts: Vec<String> = found.into_iter().map(|resource| resource.account_id).collect();
        accounts.sort();
        let count = accounts.len();
        accounts.dedup();
        (accounts, count)
    };
    let callers = (0..60).map(|caller| match caller % 4 {
        0 => (only(&["account-0"]), vec!["account-0"], 20),
        1 => (only(&["account-1", "it's {odd},\"\\"]), vec!["account-1"], 20),
        2 => (
            only(&["account-0", "account-1"]),
            vec!["account-0", "account-1"],
            40,
        ),
        _ => (only(&[]), vec![], 0),
    });
    let checks = callers.map(async |(scope, accounts, count)| {
        assert_eq!(
            seen(scope.clone()).await,
            (accounts.into_iter().map(str::to_owned).collect(), count),
            "{scope:?}"
        );
    });
    join_all(checks).await;
    // Work that nobody is known to have asked for.
    let unmarked = list::by_ids(scoped, &AccountScope::All, ids.clone(), ResourceColumns::all())
        .await
        .unwrap();
    assert_eq!(unmarked, []);
}

#[tokio::test]
async fn exports_are_read_behind_the_wall() {
    let api = Api::with_rows(16).await;
    api.fixture.pool.get_postgres_connection_pool().close().await;
    let tags = ExportRequest::Tags {
        filter: AnyTagFilter::default(),
        of_retired: true,
    };
    for request in [ExportRequest::Resources(ResourceFilter::default()), tags] {
        let reader = actor(Role::Viewer, only(&["account-1"]));
        let db = (**api.services.reads(&reader.scope)).clone();
        let mut export = request.begin(db, Arc::new(Semaphore::new(1)), &reader).unwrap();
        let page = String::from_utf8(export.next_page().await.unwrap().unwrap()).unwrap();
        assert!(
            page.contains("account-1") && !page.contains("account-0"),
            "{page}"
        );
    }
}
