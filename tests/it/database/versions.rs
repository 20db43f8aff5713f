//! Two versions of the program on one database, while replicas are updated or an update is rolled back: the program here
//! is the older one, on a schema that a newer one has brought further.

use crate::support::db::TestDb;
use crate::support::process::{Serving, program, run};
use crate::support::service::client;
use crate::support::wait::wait_until;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use sea_orm::DatabaseConnection;
use serde_json::Value;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::time::Duration;
use virtual_tagging::db::migrate::{self, MigrationState};
use virtual_tagging::db::sql;

/// Tables that statements of the program give whole rows of, and others.
const TABLES: [&str; 7] = [
    "resources",
    "virtual_tags",
    "tag_audit",
    "scheduler_jobs",
    "schedules",
    "rules",
    "api_tokens",
];

/// Change of the schema by a newer version: it adds something, and says which migration programs must know.
async fn migrate_further(db: &DatabaseConnection, name: &str, requires: &str) {
    for table in TABLES {
        let add = format!("ALTER TABLE {table} ADD COLUMN of_{name} text");
        sql::execute(db, &add, []).await.unwrap();
    }
    for statement in [
        format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{name}', 0)"),
        format!("INSERT INTO schema_compatibility (migration, requires) VALUES ('{name}', '{requires}')"),
    ] {
        sql::execute(db, &statement, []).await.unwrap();
    }
}

async fn take_back(db: &DatabaseConnection, name: &str) {
    for table in TABLES {
        let drop = format!("ALTER TABLE {table} DROP COLUMN of_{name}");
        sql::execute(db, &drop, []).await.unwrap();
    }
    for statement in [
        format!("DELETE FROM seaql_migrations WHERE version = '{name}'"),
        format!("DELETE FROM schema_compatibility WHERE migration = '{name}'"),
    ] {
        sql::execute(db, &statement, []).await.unwrap();
    }
}

/// Waits for this answer of `/readyz`, which may be up to a second old.
async fn until_ready(service: &Serving, is_ready: bool) -> Value {
    until_said(service, is_ready, "").await
}

/// The same, once the state of the migrations says this, too: what `/readyz` found is its answer for a second.
async fn until_said(service: &Serving, is_ready: bool, detail: &str) -> Value {
    let description = format!("readiness: {is_ready}, {detail}");
    wait_until(Duration::from_secs(20), description, async || {
        let answer = client()
            .get(format!("{}/readyz", service.url))
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        let migrations = body["migrations"]["detail"].as_str().unwrap_or_default();
        if body["ready"] == is_ready && migrations.contains(detail) {
            Ok(body)
        } else {
            Err(body)
        }
    })
    .await
}

/// Sends an operation until it is answered. A connection may refuse, once, what it had planned before the schema changed;
/// that is told as a passing fault, and nothing else is.
async fn until_answered(service: &Serving, operation: &str) {
    let body = serde_json::json!({ "query": operation });
    for _ in 0..20 {
        let request = client().post(format!("{}/graphql", service.url)).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        match answer.get("errors") {
            None => return,
            Some(errors) => assert_eq!(errors[0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}"),
        }
    }
    panic!("in vain: {operation}");
}

/// Waits until no run is under way, of which none may have failed.
async fn succeeded(service: &Serving) {
    let runs = "{ jobRuns(first: 50) { nodes { status error } } }";
    let ended = service
        .until(&client(), runs, |data| {
            let runs = data["jobRuns"]["nodes"].as_array().unwrap();
            runs.iter()
                .all(|run| run["status"] != "QUEUED" && run["status"] != "RUNNING")
        })
        .await;
    let runs = ended["jobRuns"]["nodes"].as_array().unwrap();
    assert!(runs.iter().all(|run| run["status"] == "SUCCEEDED"), "{ended}");
}

#[tokio::test]
async fn migrations_say_what_a_program_must_know() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let known: Vec<String> = migrate::status(&db)
        .await
        .unwrap()
        .into_iter()
        .map(|each| {
            assert_eq!(each.state, MigrationState::Applied, "{}", each.name);
            each.name
        })
        .collect();
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT migration, requires FROM schema_compatibility ORDER BY migration")
            .fetch_all(db.get_postgres_connection_pool())
            .await
            .unwrap();
    let told: Vec<_> = rows.iter().map(|(migration, _)| migration.clone()).collect();
    assert_eq!(told, known);
    for (migration, requires) in &rows {
        let of = |name: &str| known.iter().position(|each| each == name);
        assert!(
            of(requires) <= of(migration) && of(requires).is_some(),
            "{migration}: {requires}"
        );
    }
    let this = "0020_schema_compatibility".to_owned();
    assert!(rows.contains(&(this, "0013_scoped_callers".into())), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_replica_serves_on_a_newer_schema_and_starts_on_it() {
    let test = TestDb::create().await;
    let (db, url) = (test.connect().await, test.url());
    let settings = [("DATABASE_URL", url.as_str()), ("DISCOVERY_SOURCES", "")];
    let running = Serving::start(&settings).await;
    until_ready(&running, true).await;
    // Its connections have planned their statements.
    for _ in 0..3 {
        running
            .data(&client(), "mutation { runDiscovery { run { id } } }")
            .await;
        succeeded(&running).await;
    }
    migrate_further(&db, "9001_future", "0020_schema_compatibility").await;
    migrate_further(&db, "9002_future", "0013_scoped_callers").await;

    let asked = "{ resources { totalCount } approvals(first: 1) { nodes { id } } }";
    let work = "mutation { runDiscovery { run { id } } }";
    let create = |name: &str| {
        format!(
            "mutation {{ createResource(input: {{cloud: AWS, accountId: \"1\", resourceType: \"a.b\", \
             resourceId: \"{name}\", name: \"{name}\"}}) {{ resource {{ id }} userErrors {{ message }} }} }}"
        )
    };
    // Beside the running one comes another of its version: a restart, or a rollback.
    let started = Serving::start(&settings).await;
    for (service, name) in [(&running, "one"), (&started, "two")] {
        let ready = until_said(service, true, "9001_future, 9002_future").await;
        let detail = ready["migrations"]["detail"].as_str().unwrap();
        assert!(detail.contains("works with it"), "{ready}");
        for operation in [&create(name), asked, work] {
            until_answered(service, operation).await;
        }
        succeeded(service).await;
    }
    let status = run(&settings, &["migrate", "status"]).await;
    assert!(
        status.stdout.contains("newer    9002_future"),
        "{}",
        status.stdout
    );
    assert!(!status.stdout.contains("missing"), "{}", status.stdout);
    let up = run(&settings, &["migrate", "up"]).await;
    assert_eq!((up.code, up.stdout), (0, status.stdout), "{}", up.stderr);
    let down = run(&settings, &["migrate", "down", "--yes"]).await;
    assert_eq!(down.code, 1);
    assert!(
        down.stderr.contains("the version that applied them"),
        "{}",
        down.stderr
    );
    for service in [running, started] {
        let (ended, log) = service.end("-TERM").await;
        assert!(ended.success() && !log.contains("ERROR"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_schema_that_is_too_new_a_replica_says_what_to_do() {
    let test = TestDb::create().await;
    let (db, url) = (test.connect().await, test.url());
    let settings = [("DATABASE_URL", url.as_str()), ("DISCOVERY_SOURCES", "")];
    let running = Serving::start(&settings).await;
    migrate_further(&db, "9001_future", "0020_schema_compatibility").await;
    migrate_further(&db, "9002_future", "9001_future").await;

    let words = [
        "too new for this version",
        "9001_future, 9002_future",
        "knows 9001_future",
        "down --steps 2",
    ];
    let ready = until_ready(&running, false).await;
    let detail = ready["migrations"]["detail"].as_str().unwrap();
    for arguments in [&["serve", "--port", "0"][..], &["worker"], &["migrate", "up"]] {
        let ended = run(&settings, arguments).await;
        assert_eq!(ended.code, 1, "{arguments:?}: {}", ended.stderr);
        for word in words {
            assert!(
                ended.stderr.contains(word) && detail.contains(word),
                "{word}: {}",
                ended.stderr
            );
        }
    }
    let status = run(&settings, &["migrate", "status"]).await;
    assert!(
        status.stdout.contains("newer    9001_future"),
        "{}",
        status.stdout
    );
    assert!(
        status
            .stdout
            .contains("too new  9002_future  (needs a version that knows 9001_future)"),
        "{}",
        status.stdout
    );

    // The newer version takes its last migration back, and this one goes on.
    take_back(&db, "9002_future").await;
    until_ready(&running, true).await;
    let (ended, log) = running.end("-TERM").await;
    assert!(ended.success(), "{log}");
}

#[tokio::test]
async fn a_migration_that_says_nothing_must_be_known() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let unknown = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('9001_silent', 0)";
    sql::execute(&db, unknown, []).await.unwrap();
    let last = migrate::status(&db).await.unwrap().pop().unwrap();
    assert_eq!(last.state, MigrationState::TooNew("9001_silent".into()));
}

/// Outcome of `migrate down` at a terminal where this is typed.
async fn typed(settings: &[(&str, &str)], answer: &str) -> std::process::Output {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let terminal = openpt(flags).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let input = std::fs::File::open(std::ffi::OsStr::from_bytes(name.as_bytes())).unwrap();
    let mut terminal = std::fs::File::from(terminal);
    let mut command = program(settings, &["migrate", "down"]);
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let down = command.spawn().unwrap();
    writeln!(terminal, "{answer}").unwrap();
    down.wait_with_output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_migrations_back_is_asked_for_first() {
    let test = TestDb::create().await;
    let (db, url) = (test.connect().await, test.url());
    let settings = [("DATABASE_URL", url.as_str())];
    let last = migrate::status(&db).await.unwrap().pop().unwrap().name;
    let is_applied = async || {
        let all = migrate::status(&db).await.unwrap();
        all.into_iter().all(|each| each.state == MigrationState::Applied)
    };
    let refused = run(&settings, &["migrate", "down"]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert!(is_applied().await);

    let declined = typed(&settings, "").await;
    let told = String::from_utf8(declined.stderr).unwrap();
    assert_eq!(declined.status.code(), Some(1), "{told}");
    assert!(
        told.contains(&last) && told.contains("[y/N]") && told.contains("nothing was taken back"),
        "{told}"
    );
    assert!(is_applied().await);

    let confirmed = typed(&settings, "y").await;
    assert!(confirmed.status.success());
    assert!(!is_applied().await);
    let told = String::from_utf8(confirmed.stdout).unwrap();
    assert!(told.contains(&format!("missing  {last}")), "{told}");
}
