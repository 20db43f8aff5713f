//! Structure of the database: `schema.sql` shows it, and each migration takes back what it made.

use crate::support::db::TestDb;
use crate::support::process::run;
use sea_orm::DatabaseConnection;
use std::path::Path;
use virtual_tagging::db::migrate::{self, MigrationState};
use virtual_tagging::db::structure;

#[tokio::test]
async fn the_committed_structure_is_that_of_a_migrated_database() {
    let database = TestDb::create().await;
    let described = structure::describe(&database.connect().await).await.unwrap();
    let committed = include_str!("../../../schema.sql");
    if committed != described {
        let difference = committed
            .lines()
            .zip(described.lines())
            .find(|(one, other)| one != other);
        panic!("schema.sql differs: `cargo run -- schema --sql > schema.sql` renews it\n{difference:#?}");
    }
}

/// The command that writes `schema.sql`, on a database that has all migrations and on one that lacks the last.
#[tokio::test]
async fn the_command_prints_the_structure_of_a_database_of_its_version() {
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str())];
    let printed = run(&settings, &["schema", "--sql"]).await;
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let committed =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.sql")).unwrap();
    assert!(printed.stdout == committed, "{}", printed.stdout);

    migrate::down(&database.connect().await, 1).await.unwrap();
    let refused = run(&settings, &["schema", "--sql"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("migrate status"), "{}", refused.stderr);
}

/// Back to nothing and forth again, one migration after the other: each leaves what was there before it.
#[tokio::test]
async fn each_migration_takes_back_what_it_made() {
    let database = TestDb::create().await;
    let db = database.connect().await;
    let names: Vec<String> = migrate::status(&db)
        .await
        .unwrap()
        .into_iter()
        .map(|migration| migration.name)
        .collect();
    let steps = u32::try_from(names.len()).unwrap();
    migrate::down(&db, steps).await.unwrap();
    let mut before = Vec::new();
    for _ in &names {
        before.push(structure::describe(&db).await.unwrap());
        migrate::up(&db, Some(1)).await.unwrap();
    }
    let all = migrate::status(&db).await.unwrap();
    assert!(
        all.iter()
            .all(|migration| migration.state == MigrationState::Applied)
    );
    assert!(structure::describe(&db).await.unwrap() == include_str!("../../../schema.sql"));
    for (name, before) in names.iter().zip(&before).rev() {
        migrate::down(&db, 1).await.unwrap();
        let after = structure::describe(&db).await.unwrap();
        let missing: Vec<&str> = before.lines().filter(|line| !after.contains(line)).collect();
        let left: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
        assert!(
            *before == after,
            "{name} leaves {left:#?} and takes {missing:#?} with it"
        );
    }
}

/// Number of migrations from this one on.
async fn steps_to(db: &DatabaseConnection, name: &str) -> u32 {
    let all = migrate::status(db).await.unwrap();
    let later = all.iter().rev().take_while(|migration| migration.name != name);
    u32::try_from(later.count()).unwrap() + 1
}

/// Keys that were named with an underscore are renamed where they are stored, and back.
#[tokio::test]
async fn keys_are_renamed_where_they_are_stored() {
    let database = TestDb::create().await;
    let db = database.connect().await;
    let pool = db.get_postgres_connection_pool();
    let from_vocabulary = steps_to(&db, "0029_vocabulary").await;
    migrate::down(&db, from_vocabulary).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
         SELECT 'i-' || n, 'x', 'aws', '1', 'ec2/instance', 'test' FROM generate_series(1, 2) n;
         INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
             evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT r.id, t.key, t.value, 'MANUAL', 1, false, t.status, '{}', 'MANUAL', r.cloud, r.account_id, r.resource_type
           FROM resources r JOIN (VALUES ('i-1', 'cost_center', '7', 'APPROVED'), ('i-1', 'cost_center', '8', 'DENIED'),
                ('i-2', 'cost_center', '7', 'APPROVED'), ('i-2', 'cost-center', '9', 'APPROVED'),
                ('i-2', 'business_unit', 'a', 'PENDING'), ('i-2', 'business-unit', 'a', 'DENIED'))
                t(resource, key, value, status) ON t.resource = r.resource_id;
         INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
         VALUES ('a', 'resource.tags[''cost_center''] == ''7'' && ''cost_center'' in resource.tags
                  && has(resource.tags.business_unit) && resource.native_tags[''cost_center''] != ''cost_center''',
                 'business_unit', 'x', 1, 0.9, 'a', 'a')",
    )
    .execute(pool)
    .await
    .unwrap();
    migrate::up(&db, None).await.unwrap();
    let tags: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT r.resource_id, tag_key, tag_value, approval_status FROM virtual_tags t
           JOIN resources r ON r.id = t.resource_id ORDER BY 1, 2, 3",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let row = |resource: &str, key: &str, value: &str, status: &str| {
        (resource.into(), key.into(), value.into(), status.into())
    };
    assert_eq!(
        tags,
        [
            row("i-1", "cost-center", "7", "APPROVED"),
            row("i-1", "cost-center", "8", "DENIED"),
            row("i-2", "business-unit", "a", "DENIED"),
            row("i-2", "cost-center", "7", "SUPERSEDED"),
            row("i-2", "cost-center", "9", "APPROVED"),
        ]
    );
    let (key, condition): (String, String) = sqlx::query_as("SELECT tag_key, condition FROM rules")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(key, "business-unit");
    for part in [
        "resource.tags['cost-center'] == '7'",
        "'cost-center' in resource.tags",
        "('business-unit' in resource.tags)",
        "resource.native_tags['cost_center'] != 'cost_center'",
    ] {
        assert!(condition.contains(part), "{part}: {condition}");
    }
    tagging::rules::Condition::compile(&condition).unwrap();
    migrate::down(&db, from_vocabulary).await.unwrap();
    let old: i64 = sqlx::query_scalar("SELECT count(*) FROM virtual_tags WHERE tag_key LIKE '%\\_%'")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(old, 5);
}

/// Resources of Azure whose ids differ in case become one: the one that is there, with the tags that only others have.
#[tokio::test]
async fn resources_whose_ids_differ_in_case_become_one() {
    let database = TestDb::create().await;
    let db = database.connect().await;
    let pool = db.get_postgres_connection_pool();
    migrate::down(&db, steps_to(&db, "0036_resource_identity").await)
        .await
        .unwrap();
    sqlx::raw_sql(
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by, retired_at)
         VALUES ('/subscriptions/A/x', 'retired', 'azure', 'A', 'Microsoft.X/y', 'test', now()),
                ('/subscriptions/a/X', 'present', 'azure', 'a', 'microsoft.x/y', 'test', NULL),
                ('/subscriptions/a/x', 'later', 'azure', 'a', 'microsoft.x/y', 'test', NULL),
                ('/subscriptions/a/other', 'other', 'azure', 'a', 'Microsoft.X/y', 'test', NULL),
                ('//x.googleapis.com/A', 'upper', 'gcp', 'p', 'x.googleapis.com/Y', 'test', NULL),
                ('//x.googleapis.com/a', 'lower', 'gcp', 'p', 'x.googleapis.com/Y', 'test', NULL);
         INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
             evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT r.id, t.key, t.value, 'MANUAL', 1, false, 'APPROVED', '{}', 'MANUAL', r.cloud, r.account_id, r.resource_type
           FROM resources r JOIN (VALUES ('retired', 'owner', 'old'), ('retired', 'team', 'old'), ('present', 'team', 'new'),
                ('later', 'team', 'later'), ('later', 'owner', 'later'), ('later', 'tier', 'later'), ('other', 'team', 'own'))
                t(resource, key, value) ON t.resource = r.name",
    )
    .execute(pool)
    .await
    .unwrap();
    migrate::up(&db, None).await.unwrap();
    let resources: Vec<(String, String)> =
        sqlx::query_as("SELECT name, resource_type FROM resources ORDER BY id")
            .fetch_all(pool)
            .await
            .unwrap();
    let row = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    assert_eq!(
        resources,
        [
            row("present", "microsoft.x/y"),
            row("other", "microsoft.x/y"),
            row("upper", "x.googleapis.com/Y"),
            row("lower", "x.googleapis.com/Y"),
        ]
    );
    let tags: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', r.name, tag_key, tag_value, t.account_id, t.resource_type) FROM virtual_tags t
           JOIN resources r ON r.id = t.resource_id ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(
        tags,
        [
            "other team own a microsoft.x/y",
            "present owner later a microsoft.x/y",
            "present team new a microsoft.x/y",
            "present tier later a microsoft.x/y",
        ]
    );
}
