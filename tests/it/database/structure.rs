//! Structure of the database: `schema.sql` shows it, and each migration takes back what it made.

use crate::support::db::TestDb;
use crate::support::process::run;
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
