//! The embedded server through its life: kept data, ownership, durability, and sharing.

mod kills;
mod starts;

use crate::support::embedded;
use crate::support::embedded::{admin_options, connect_options};
use crate::support::scratch::Scratch;
use pg_embedded::{Durability, EmbeddedServer, Options};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn options(data_dir: &Path) -> Options {
    Options {
        durability: Durability::Throwaway,
        ..embedded::options(data_dir)
    }
}

async fn start(data_dir: &Path) -> EmbeddedServer {
    EmbeddedServer::start(options(data_dir))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn durable(data_dir: &Path) -> EmbeddedServer {
    EmbeddedServer::start(embedded::options(data_dir)).await.unwrap()
}

async fn execute(server: &EmbeddedServer, statements: &str) {
    let mut connection = PgConnection::connect_with(&connect_options(server))
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn text(options: &PgConnectOptions, query: &str) -> String {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

async fn note(server: &EmbeddedServer) -> String {
    text(&connect_options(server), "SELECT text FROM note").await
}

const WRITE: &str = "CREATE TABLE note (text text); INSERT INTO note VALUES ('kept')";

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn is_alive(pid: i32) -> bool {
    rustix::process::test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

#[tokio::test]
async fn data_is_kept_between_starts() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    execute(&server, WRITE).await;
    let pid = server.pid();
    server.stop().await.unwrap();
    assert!(!is_alive(pid));
    assert!(
        !scratch.path().join("postgres/postmaster.pid").exists(),
        "a clean stop leaves no lock"
    );

    let server = start(scratch.path()).await;
    assert_eq!(note(&server).await, "kept");
    assert!(!server.attached());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_service_owns_its_database_and_is_no_superuser() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    execute(&server, "CREATE EXTENSION hstore; CREATE EXTENSION pgcrypto").await;
    let service: PgConnectOptions = server.url().parse().unwrap();
    let facts = "SELECT concat_ws(' ', current_user, current_database(), current_setting('is_superuser'),
        '[' || current_setting('listen_addresses') || ']', current_setting('data_checksums'))";
    let expected = "virtual_tagging virtual_tagging off [] on";
    assert_eq!(text(&service, facts).await, expected);
    let version = text(&admin_options(&server), "SHOW server_version").await;
    assert!(version.starts_with(server.version()), "{version}");
    let mode = std::fs::metadata(server.location()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn durability_is_given_at_each_start() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    assert_eq!(
        text(&connect_options(&server), "SELECT current_setting('fsync')").await,
        "off"
    );
    server.stop().await.unwrap();
    let server = durable(scratch.path()).await;
    assert_eq!(
        text(&connect_options(&server), "SELECT current_setting('fsync')").await,
        "on"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_user_stops_the_server() {
    let scratch = Scratch::new();
    let first = start(scratch.path()).await;
    execute(&first, WRITE).await;
    let second = start(scratch.path()).await;
    assert!(second.attached() && !first.attached());
    assert_eq!(first.pid(), second.pid());
    second.stop().await.unwrap();
    assert_eq!(
        note(&first).await,
        "kept",
        "the second to come leaves the server running"
    );

    let third = start(scratch.path()).await;
    let pid = first.pid();
    first.stop().await.unwrap();
    assert_eq!(
        note(&third).await,
        "kept",
        "the first to come leaves it to the third"
    );
    third.stop().await.unwrap();
    assert!(
        !scratch.path().join("postgres/postmaster.pid").exists(),
        "process {pid} is stopped by the last"
    );
}
