//! Needs of the service of PostgreSQL's roles, on clusters of the tests' own: roles are of a whole cluster.

use crate::support::cluster::{Cluster, until_ready};
use crate::support::embedded::connect_options;
use crate::support::process::{Serving, run};
use crate::support::service::{SECRET, client};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use std::collections::BTreeSet;
use virtual_tagging::db::row_security::verify_row_security;
use virtual_tagging::db::{PoolSettings, Pools};

const READER: &str = "virtual_tagging_reader";

/// The names of the resources that a caller limited to account 1 is shown.
async fn seen_by_limited_caller(service: &Serving) -> Value {
    let arguments = ["token", "--sub", "ada", "--role", "viewer", "--accounts", "1"];
    let token = run(&[("JWT_SECRET", SECRET)], &arguments).await.stdout;
    let query = json!({ "query": "{ resources { nodes { name } } approvals { totalCount } tagAudit { totalCount } }" });
    let request = client().post(format!("{}/graphql", service.url));
    let request = request.bearer_auth(token.trim()).json(&query);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"]["resources"]["nodes"].clone()
}

const RESOURCES: &str =
    "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
    SELECT 'i-' || n, 'name-' || n, 'aws', n::text, 'ec2.instance', 'test' FROM generate_series(1, 2) n";

/// Takes the role away, as it is missing where a dump of the database was restored in a new cluster.
const FORGET: &str = "DROP OWNED BY virtual_tagging_reader; DROP ROLE virtual_tagging_reader";

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_limited_callers_and_its_grants_are_made_again_at_each_start() {
    let cluster = Cluster::start().await;
    let service = cluster.service().await;
    cluster.execute(RESOURCES).await;
    let seen = json!([{ "name": "name-1" }]);
    assert_eq!(seen_by_limited_caller(&service).await, seen);
    service.end("-TERM").await;

    // Without rights on roles, the service cannot help itself, and says who can, and how.
    cluster.execute(FORGET).await;
    for arguments in [&["migrate", "up"][..], &["serve", "--port", "0"]] {
        let ended = cluster.run(arguments).await;
        assert_eq!(ended.code, 1, "{}", ended.stdout);
        let told = ended.stderr;
        let advice = "an administrator must run: CREATE ROLE virtual_tagging_reader NOLOGIN; \
                      GRANT virtual_tagging_reader TO virtual_tagging; then start again";
        assert!(told.contains(advice), "{told}");
    }
    cluster
        .execute(
            "CREATE ROLE virtual_tagging_reader NOLOGIN; GRANT virtual_tagging_reader TO virtual_tagging",
        )
        .await;
    let service = cluster.service().await;
    assert_eq!(seen_by_limited_caller(&service).await, seen);
    service.end("-TERM").await;

    // With them, it does.
    cluster
        .execute(&format!("{FORGET}; ALTER ROLE virtual_tagging CREATEROLE"))
        .await;
    let service = cluster.service().await;
    until_ready(&service, true).await;
    assert_eq!(seen_by_limited_caller(&service).await, seen);
    let mut administrator = cluster.administrator().await;
    let is_superuser: bool =
        sqlx::query_scalar("SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname LIKE 'virtual\\_tagging%'")
            .fetch_one(&mut administrator)
            .await
            .unwrap();
    assert!(!is_superuser);
    drop(administrator);
    service.end("-TERM").await;
    cluster.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_needs_a_role_that_owns_its_database_and_no_more() {
    let cluster = Cluster::start().await;
    cluster.execute("DROP ROLE virtual_tagging_reader").await;
    let ended = cluster.run(&["migrate", "up"]).await;
    assert_eq!(ended.code, 1);
    assert!(
        ended
            .stderr
            .contains("CREATE ROLE virtual_tagging_reader NOLOGIN"),
        "{}",
        ended.stderr
    );
    cluster
        .execute(
            "CREATE ROLE virtual_tagging_reader NOLOGIN; GRANT virtual_tagging_reader TO virtual_tagging",
        )
        .await;
    let service = cluster.service().await;
    until_ready(&service, true).await;
    service.end("-TERM").await;
    cluster.server.stop().await.unwrap();
}

async fn readable(administrator: &mut PgConnection) -> BTreeSet<String> {
    let readable = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p', 'v') AND has_table_privilege($1, oid, 'SELECT')";
    let names: Vec<String> = sqlx::query_scalar(readable)
        .bind(READER)
        .fetch_all(administrator)
        .await
        .unwrap();
    names.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_grant_is_looked_at_by_readiness_and_made_by_a_start() {
    let cluster = Cluster::start().await;
    let service = cluster.service().await;
    until_ready(&service, true).await;
    let mut administrator = cluster.administrator().await;
    let all = readable(&mut administrator).await;
    let listed = migration::READER_TABLES.map(str::to_owned);
    assert_eq!(
        all,
        BTreeSet::from(listed),
        "migration::READER_TABLES has what migrations grant"
    );
    // Readiness asks the same; one verification after the other is asked for here, for readiness is kept for a second.
    let settings = PoolSettings::default();
    let pools = Pools::open(connect_options(&cluster.server), &settings)
        .await
        .unwrap();
    for name in &all {
        cluster
            .execute(&format!("REVOKE SELECT ON {name} FROM {READER}"))
            .await;
        let verified = verify_row_security(&pools.scoped).await;
        assert!(verified.is_err(), "{name}");
        cluster
            .execute(&format!("GRANT SELECT ON {name} TO {READER}"))
            .await;
        verify_row_security(&pools.scoped).await.unwrap();
    }
    cluster
        .execute(&format!(
            "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {READER}"
        ))
        .await;
    let body = until_ready(&service, false).await;
    assert_eq!(body["row_security"]["ok"], false, "{body}");
    let up = cluster.run(&["migrate", "up"]).await;
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(readable(&mut administrator).await, all);
    until_ready(&service, true).await;
    drop(administrator);
    service.end("-TERM").await;
    cluster.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_or_database_that_is_wrong_is_told_at_once() {
    let cluster = Cluster::start().await;
    cluster
        .execute(
            "CREATE ROLE stranger LOGIN; CREATE ROLE group_only NOLOGIN; CREATE ROLE secured LOGIN PASSWORD 'right';
             REVOKE CONNECT ON DATABASE virtual_tagging FROM PUBLIC",
        )
        .await;
    let access = cluster.server.location().join("pg_hba.conf");
    let rules = std::fs::read_to_string(&access).unwrap();
    std::fs::write(&access, format!("local all secured scram-sha-256\n{rules}")).unwrap();
    let cluster = cluster.restart().await;
    let url = cluster.server.url();
    let of_user = |user: &str| url.replace("user=virtual_tagging", &format!("user={user}"));
    let of_database = url.replace("/virtual_tagging?", "/elsewhere?");
    for (url, words) in [
        (
            of_user("nobody_known"),
            ["role \"nobody_known\" does not exist", "the role must be there"],
        ),
        (
            of_user("group_only"),
            ["not permitted to log in", "be allowed to log in"],
        ),
        (
            of_user("secured&password=wrong"),
            ["password authentication failed", "user and password"],
        ),
        (of_user("stranger"), ["permission denied for database", "CONNECT"]),
        (
            of_database,
            ["database \"elsewhere\" does not exist", "CREATE DATABASE"],
        ),
    ] {
        let ended = run(&[("DATABASE_URL", url.as_str())], &["serve", "--port", "0"]).await;
        assert_eq!(ended.code, 1, "{url}: {}", ended.stdout);
        for word in words {
            assert!(ended.stderr.contains(word), "{url}: {word}: {}", ended.stderr);
        }
        // One attempt, and no password.
        assert!(!ended.stderr.contains("next attempt"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("wrong"), "{}", ended.stderr);
    }
    cluster.server.stop().await.unwrap();
}
