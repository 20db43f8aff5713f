//! The second wall: what raw SQL sees as the role that reads, by the scope that is set.

use super::Api;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use virtual_tagging::domain::counters;

/// What is no account's, and is for everybody.
const FOR_ALL: [&str; 3] = ["rules", "schedules", "engine_state"];
/// What the role does not get at, though no row is of an account.
const FOR_NOBODY: [&str; 2] = ["scheduler_jobs", "seaql_migrations"];

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
    counters::fold(&api.world.pool).await.unwrap();
    let mut owner = PgConnection::connect_with(&api.world.db.connect_options())
        .await
        .unwrap();
    let mut reader = PgConnection::connect_with(&api.world.db.connect_options())
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
            let expected = match scope {
                _ if is_for_all => all,
                Some("{account-1}") if has_account => {
                    number(
                        &mut owner,
                        format!("SELECT count(*) FROM {name} WHERE account_id = 'account-1'"),
                    )
                    .await
                }
                Some("{account-1}") => {
                    let of_resource =
                        "resource_id IN (SELECT id FROM resources WHERE account_id = 'account-1')";
                    number(
                        &mut owner,
                        format!("SELECT count(*) FROM {name} WHERE {of_resource}"),
                    )
                    .await
                }
                Some("{account-0,account-1}") => all,
                _ => 0,
            };
            assert_eq!(seen.unwrap(), expected, "{name} {scope:?}");
            if scope == Some("{account-1}") && !is_for_all && (1..all).contains(&expected) {
                of_accounts += 1;
            }
        }
    }
    assert!(of_accounts >= 6, "{of_accounts} tables had rows of two accounts");
}

/// The scope is one that an index finds.
#[tokio::test]
async fn the_wall_does_not_hide_the_indexes() {
    let api = Api::with_rows(2_000).await;
    let mut reader = PgConnection::connect_with(&api.world.db.connect_options())
        .await
        .unwrap();
    sqlx::raw_sql("ANALYZE").execute(&mut reader).await.unwrap();
    let set =
        "BEGIN; SET LOCAL ROLE virtual_tagging_reader; SET LOCAL virtual_tagging.accounts = '{account-9}'";
    sqlx::raw_sql(set).execute(&mut reader).await.unwrap();
    for (list, index) in [
        (
            "SELECT * FROM resources ORDER BY id LIMIT 51",
            "resources_account",
        ),
        (
            "SELECT * FROM virtual_tags ORDER BY id LIMIT 51",
            "virtual_tags_account",
        ),
        (
            "SELECT * FROM tag_audit ORDER BY \"timestamp\" DESC, id DESC LIMIT 51",
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
