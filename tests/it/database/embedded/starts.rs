//! Starts of the embedded server that meet an obstacle, and the messages of those that fail.

use super::{WRITE, execute, note, options, start, text};
use crate::support::embedded::connect_options;
use crate::support::process::{Serving, run};
use crate::support::scratch::Scratch;
use crate::support::service::client;
use pg_embedded::{BinarySearch, EmbeddedError, EmbeddedServer};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

#[tokio::test]
async fn a_server_that_refuses_is_quoted_and_nothing_of_its_old_log() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    for _ in 0..30 {
        let wrong = connect_options(&server).database("old_message");
        assert!(PgConnection::connect_with(&wrong).await.is_err());
    }
    let control = server.location().join("global/pg_control");
    server.stop().await.unwrap();
    std::fs::rename(&control, control.with_extension("away")).unwrap();
    let error = EmbeddedServer::start(options(scratch.path())).await.unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("PANIC:")
            || told.contains("FATAL:")
            || told.contains("could not find the database system"),
        "{told}"
    );
    assert!(told.contains("pg_control"), "{told}");
    assert!(!told.contains("old_message"), "{told}");
    assert!(told.lines().count() < 8, "{told}");
}

/// Variables that libpq and PostgreSQL's programs heed, all of them wrong for the server that the service runs.
const HOSTILE: [(&str, &str); 12] = [
    ("PGDATA", "/nonexistent"),
    ("PGHOST", "203.0.113.1"),
    ("PGPORT", "1"),
    ("PGUSER", "somebody"),
    ("PGDATABASE", "elsewhere"),
    ("PGPASSWORD", "secret"),
    ("PGOPTIONS", "-c no_such_setting=1"),
    ("PGSSLMODE", "verify-full"),
    ("PGSSLROOTCERT", "/nonexistent"),
    ("PGSERVICE", "nowhere"),
    ("PGCLIENTENCODING", "KOI8"),
    ("PGAPPNAME", "other"),
];

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_libpq_reach_neither_the_server_nor_its_clients() {
    let scratch = Scratch::new();
    let data_dir = scratch.path().join("data");
    let path = std::env::var("PATH").unwrap();
    let mut settings = vec![("DATA_DIR", data_dir.to_str().unwrap()), ("PATH", path.as_str())];
    settings.extend(HOSTILE);
    // Twice: with a cluster to be made, and with one that is there.
    for _ in 0..2 {
        let service = Serving::start(&settings).await;
        let ready = client()
            .get(format!("{}/readyz", service.url))
            .send()
            .await
            .unwrap();
        assert_eq!(ready.status(), 200);
        let (status, log) = service.end("-TERM").await;
        assert!(status.success(), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_judged_before_a_cluster_is_made() {
    let scratch = Scratch::new();
    let data_dir = scratch.path().join("data");
    let path = std::env::var("PATH").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (variable, value) in [
        ("DISCOVERY_SOURCES", "moon"),
        ("DISCOVERY_INTERVAL", "soon"),
        ("TRUSTED_DOCUMENTS", "/nonexistent"),
        ("AUTO_APPLY_THRESHOLD", "7"),
        ("API_PORT", port.as_str()),
    ] {
        let settings = [
            ("DATA_DIR", data_dir.to_str().unwrap()),
            ("PATH", path.as_str()),
            (variable, value),
        ];
        let ended = run(&settings, &["serve"]).await;
        assert_eq!(ended.code, 1, "{variable}: {}", ended.stderr);
        assert!(ended.stderr.contains(variable), "{}", ended.stderr);
        assert!(!data_dir.exists(), "{variable}: something was made");
    }
}

#[tokio::test]
async fn of_two_starts_at_once_one_waits_for_the_other() {
    let scratch = Scratch::new();
    let (one, two) = tokio::join!(start(scratch.path()), start(scratch.path()));
    assert_eq!(one.pid(), two.pid());
    assert_ne!(one.attached(), two.attached());
    one.stop().await.unwrap();
    execute(&two, WRITE).await;
    two.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let scratch = Scratch::new();
    let data_dir = scratch.path().join("d".repeat(120));
    let server = start(&data_dir).await;
    let url = server.url();
    let (_, socket) = url.split_once("host=").unwrap();
    let socket = PathBuf::from(socket.split('&').next().unwrap());
    assert!(!socket.starts_with(&data_dir) && socket.exists(), "{url}");
    assert_eq!(std::fs::metadata(&socket).unwrap().mode() & 0o777, 0o700);
    execute(&server, WRITE).await;
    let attached = start(&data_dir).await;
    assert_eq!(note(&attached).await, "kept");
    attached.stop().await.unwrap();
    server.stop().await.unwrap();
    assert!(!socket.exists(), "nothing is left behind");
}

#[tokio::test]
async fn a_cluster_that_was_not_finished_is_made_again() {
    let scratch = Scratch::new();
    let unfinished = scratch.path().join("postgres.unfinished");
    std::fs::create_dir_all(unfinished.join("base")).unwrap();
    std::fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let server = start(scratch.path()).await;
    execute(&server, WRITE).await;
    assert!(!unfinished.exists());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn without_binaries_the_message_names_both_ways_out() {
    let scratch = Scratch::new();
    let old = scratch.path().join("old");
    std::fs::create_dir(&old).unwrap();
    for program in ["postgres", "initdb"] {
        let path = old.join(program);
        std::fs::write(&path, "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut options = options(scratch.path());
    options.binaries = BinarySearch::only(vec![scratch.path().join("nothing"), old]);
    let error = EmbeddedServer::start(options).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::NoBinaries { .. }));
    let message = error.to_string();
    for part in [
        "version 14.9 is too old",
        "15 or newer",
        "apt-get install postgresql",
        "DATABASE_URL",
    ] {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_its_log() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    let settings = server.location().join("postgresql.conf");
    server.stop().await.unwrap();
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("{text}\nno_such_setting = 1\n")).unwrap();
    let error = EmbeddedServer::start(options(scratch.path())).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Exited { .. }));
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

/// Root's data directory is often one that the server's unprivileged user can not enter.
#[tokio::test]
#[ignore = "needs root"]
async fn root_may_keep_its_data_where_only_root_can_go() {
    assert!(
        rustix::process::geteuid().is_root(),
        "only root has an unprivileged user to run the server as"
    );
    let scratch = Scratch::new();
    let private = scratch.path().join("private");
    std::fs::create_dir(&private).unwrap();
    std::fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let data_dir = private.join("data");
    let server = start(&data_dir).await;
    let location = server.location().to_path_buf();
    assert!(
        location.starts_with("/var/lib/virtual-tagging"),
        "{}",
        location.display()
    );
    assert_eq!(std::fs::read_link(data_dir.join("postgres")).unwrap(), location);
    execute(&server, WRITE).await;
    server.stop().await.unwrap();

    let server = start(&data_dir).await;
    assert_eq!(note(&server).await, "kept");
    server.stop().await.unwrap();

    // With the data directory, the data is gone for the service, but not for the operator.
    std::fs::remove_dir_all(&data_dir).unwrap();
    let server = start(&data_dir).await;
    let tables = text(
        &connect_options(&server),
        "SELECT count(*)::text FROM pg_tables WHERE tablename = 'note'",
    )
    .await;
    assert_eq!(tables, "0");
    server.stop().await.unwrap();
    let home = location.parent().unwrap();
    let kept = std::fs::read_dir(home)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().join("PG_VERSION").exists());
    assert_eq!(kept.count(), 2);
    drop(scratch);
    assert!(!location.exists(), "the test leaves nothing there");
}
