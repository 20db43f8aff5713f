//! Signals end every command, also as the first process of a container, whose default is to ignore them.

use crate::support::db::TestDb;
use crate::support::process::program;
use crate::support::wait::wait_until;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().expect("it runs")).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Exit code and stderr.
async fn end_of(mut child: Child) -> (Option<i32>, String) {
    let mut told = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let ended = async {
        stderr.read_to_string(&mut told).await.unwrap();
        child.wait().await.unwrap()
    };
    let status = tokio::time::timeout(Duration::from_secs(40), ended).await;
    (status.expect("an end within 40 s").code(), told)
}

fn spawn(command: &mut Command) -> Child {
    command
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Pipe with the name of an inventory.
async fn pipe_in(directory: &Path) -> PathBuf {
    let pipe = directory.join("inventory.jsonl");
    let made = Command::new("mkfifo").arg(&pipe).status().await.unwrap();
    assert!(made.success());
    pipe
}

/// Waits until somebody waits for the lock of migrations, or anything else that the condition asks.
async fn until(db: &TestDb, condition: &str) {
    let pool = db.connect().await;
    wait_until(Duration::from_secs(30), condition, async || {
        let is_met: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(condition))
            .fetch_one(pool.get_postgres_connection_pool())
            .await
            .unwrap();
        is_met
    })
    .await;
}

#[tokio::test]
async fn an_import_ends_between_two_batches_and_is_taken_up_again() {
    let database = TestDb::create().await;
    let (url, scratch) = (database.url(), tempfile::tempdir().unwrap());
    let settings = [("DATABASE_URL", url.as_str())];
    let pipe = pipe_in(scratch.path()).await;
    let line = |number: usize| {
        format!(
            "{{\"cloud\":\"aws\",\"account_id\":\"1\",\"resource_type\":\"ec2\",\"resource_id\":\"i-{number}\",\"name\":\"web\",\"native_tags\":{{}}}}\n"
        )
    };
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let import = spawn(&mut program(&settings, &["import", pipe.to_str().unwrap()]));
        // Whoever writes stays: the import waits for more when the signal comes.
        let path = pipe.clone();
        let writer = tokio::task::spawn_blocking(move || {
            use std::io::Write;
            let mut writer = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            for number in 0..2500 {
                writer.write_all(line(number).as_bytes()).unwrap();
            }
            writer.flush().unwrap();
            writer
        });
        let writer = writer.await.unwrap();
        until(&database, "SELECT count(*) >= 2000 FROM resources").await;
        send(&import, signal);
        let (ended, told) = end_of(import).await;
        assert_eq!(ended, Some(code), "{told}");
        assert!(told.contains("SIGTERM") || told.contains("SIGINT"), "{told}");
        drop(writer);
    }
    let whole = scratch.path().join("whole.jsonl");
    std::fs::write(&whole, (0..2500).map(line).collect::<String>()).unwrap();
    let again = crate::support::process::run(&settings, &["import", whole.to_str().unwrap()]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    until(&database, "SELECT count(*) = 2500 FROM resources").await;
}

#[tokio::test]
async fn an_evaluation_ends_while_it_waits_for_its_file() {
    let scratch = tempfile::tempdir().unwrap();
    let pipe = pipe_in(scratch.path()).await;
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let evaluation = spawn(&mut program(&[], &["evaluate", pipe.to_str().unwrap()]));
        // Open once the evaluation reads, and open until it has ended.
        let path = pipe.clone();
        let open = move || std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let writer = tokio::task::spawn_blocking(open).await.unwrap();
        send(&evaluation, signal);
        let (ended, told) = end_of(evaluation).await;
        assert_eq!(ended, Some(code), "{told}");
        drop(writer);
    }
}

#[tokio::test]
async fn a_migration_that_waits_for_another_is_given_up() {
    const WAITING: &str = "FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str())];
    let pool = database.connect().await;
    let mut other = pool.get_postgres_connection_pool().acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(33329987552829799)")
        .execute(&mut *other)
        .await
        .unwrap();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        // PostgreSQL notices within a second that the last one is gone.
        until(&database, &format!("SELECT count(*) = 0 {WAITING}")).await;
        let migrate = spawn(&mut program(&settings, &["migrate", "up"]));
        until(&database, &format!("SELECT count(*) > 0 {WAITING}")).await;
        send(&migrate, signal);
        let (ended, told) = end_of(migrate).await;
        assert_eq!(ended, Some(code), "{told}");
    }
}

#[tokio::test]
async fn a_command_that_waits_for_its_database_ends_at_once() {
    let settings = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")];
    for arguments in [&["migrate", "status"][..], &["audit", "verify"]] {
        let mut waiting = spawn(&mut program(&settings, arguments));
        // The first line tells that it waits, and that signals are listened to.
        let mut first = [0];
        waiting
            .stderr
            .as_mut()
            .unwrap()
            .read_exact(&mut first)
            .await
            .unwrap();
        send(&waiting, Signal::TERM);
        let (ended, told) = end_of(waiting).await;
        assert_eq!(ended, Some(143), "{told}");
    }
}
