//! The embedded server through its life: kept data, crashes, sharing, and messages when it can not start.

use crate::support::wait::wait_until;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::embedded::{self, admin_options, connect_options};
use pg_embedded::{BinarySearch, Durability, EmbeddedError, EmbeddedServer, Options};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};

use crate::support::process::{Serving, run};
use crate::support::scratch::Scratch;
use crate::support::service::client;

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

async fn wait_until_unreachable(server: &EmbeddedServer) {
    wait_until(Duration::from_secs(30), "the end of the postmaster", async || {
        PgConnection::connect_with(&connect_options(server))
            .await
            .is_err()
    })
    .await;
}

#[tokio::test]
async fn a_killed_server_recovers() {
    let scratch = Scratch::new();
    let server = durable(scratch.path()).await;
    execute(&server, WRITE).await;
    // A session that is busy outlives the postmaster for a while, and the new server has to wait for its end.
    let busy = connect_options(&server);
    let busy = tokio::spawn(async move {
        let mut connection = PgConnection::connect_with(&busy).await.unwrap();
        let _ = sqlx::query("SELECT count(*) FROM generate_series(1, 3000000)")
            .execute(&mut connection)
            .await;
    });
    let mut observer = PgConnection::connect_with(&connect_options(&server))
        .await
        .unwrap();
    wait_until(Duration::from_secs(20), "the session to be busy", async || {
        let is_busy = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active'
            AND query = 'SELECT count(*) FROM generate_series(1, 3000000)')";
        let is_busy: bool = sqlx::query_scalar(is_busy)
            .fetch_one(&mut observer)
            .await
            .unwrap();
        is_busy
    })
    .await;
    drop(observer);
    let killed = server.pid();
    kill(killed);
    wait_until_unreachable(&server).await;
    drop(server);

    let server = durable(scratch.path()).await;
    assert_ne!(server.pid(), killed);
    assert_eq!(note(&server).await, "kept");
    server.stop().await.unwrap();
    busy.await.unwrap();
}

#[tokio::test]
async fn a_lock_that_names_another_program_is_removed() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    execute(&server, WRITE).await;
    let lock = server.location().join("postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let stale = format!("{}\n{rest}", std::process::id());
    server.stop().await.unwrap();
    std::fs::write(&lock, stale).unwrap();

    let server = start(scratch.path()).await;
    assert_eq!(note(&server).await, "kept");
    server.stop().await.unwrap();
}

/// A process of the user that owns the cluster, which has nothing to do with it.
struct Bystander(std::process::Child);

impl Bystander {
    fn of(owner: u32) -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").stdin(Stdio::null());
        if rustix::process::geteuid().is_root() {
            std::os::unix::process::CommandExt::uid(&mut command, owner);
        }
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Puts another number in the place of the first line, which is that of the server's process.
fn recycle(lock: &Path, pid: &str) {
    let text = std::fs::read_to_string(lock).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    std::fs::write(lock, format!("{pid}\n{rest}")).unwrap();
}

#[tokio::test]
async fn after_a_kill_numbers_that_other_processes_have_now_are_no_obstacle() {
    let scratch = Scratch::new();
    let server = start(scratch.path()).await;
    execute(&server, WRITE).await;
    let owner = std::fs::metadata(server.location()).unwrap().uid();
    let cluster_lock = server.location().join("postmaster.pid");
    let socket_lock = scratch.path().join("postgres-run/.s.PGSQL.5432.lock");
    let bystander = Bystander::of(owner);
    let other = start(&scratch.path().join("other")).await;
    // A session of another server is a program of PostgreSQL, too.
    let session = PgConnection::connect_with(&connect_options(&other))
        .await
        .unwrap();
    let backend = text(
        &admin_options(&other),
        "SELECT pid::text FROM pg_stat_activity WHERE usename = 'virtual_tagging'",
    )
    .await;
    let mut server = Some(server);
    for (of_cluster, of_socket) in [
        (bystander.pid().to_string(), bystander.pid().to_string()),
        // The new server replaces the one, and would stop at the other.
        ("2147480000".into(), bystander.pid().to_string()),
        (backend.clone(), backend),
        (other.pid().to_string(), other.pid().to_string()),
        // As a power cut leaves files.
        (String::new(), String::new()),
    ] {
        let killed = server.take().unwrap();
        kill(killed.pid());
        wait_until_unreachable(&killed).await;
        drop(killed);
        if of_cluster.is_empty() {
            std::fs::write(&cluster_lock, "").unwrap();
            std::fs::write(&socket_lock, "").unwrap();
        } else {
            recycle(&cluster_lock, &of_cluster);
            recycle(&socket_lock, &of_socket);
        }
        let again = start(scratch.path()).await;
        assert_eq!(note(&again).await, "kept", "{of_cluster}, {of_socket}");
        server = Some(again);
    }
    session.close().await.unwrap();
    other.stop().await.unwrap();
    server.unwrap().stop().await.unwrap();
    assert!(is_alive(bystander.pid().cast_signed()), "nobody else was ended");
}

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
async fn a_cancelled_start_leaves_no_server() {
    let scratch = Scratch::new();
    start(scratch.path()).await.stop().await.unwrap();
    let lock = scratch.path().join("postgres/postmaster.pid");
    loop {
        let spawned = wait_until(Duration::from_mins(1), "a server", async || lock.exists());
        tokio::select! {
            biased;
            () = spawned => break,
            // Too late to cancel.
            server = start(scratch.path()) => server.stop().await.unwrap(),
        }
    }
    wait_until(Duration::from_secs(30), "the end of the server", async || {
        !lock.exists()
    })
    .await;
}

/// The process that [`a_server_that_outlived_its_service_is_adopted`] kills.
#[tokio::test]
#[ignore = "run by another test as a process"]
async fn service_to_be_killed() {
    let Some(data_dir) = std::env::var_os("KILLED_SERVICE_DATA_DIR") else {
        return;
    };
    let server = start(Path::new(&data_dir)).await;
    execute(&server, WRITE).await;
    let notice = PathBuf::from(data_dir).join("written");
    std::fs::write(notice, server.pid().to_string()).unwrap();
    // Until it is killed, or the test that started it is.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[tokio::test]
async fn a_server_that_outlived_its_service_is_adopted() {
    let scratch = Scratch::new();
    let mut service = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "database::embedded::service_to_be_killed"])
        .env("KILLED_SERVICE_DATA_DIR", scratch.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let notice = scratch.path().join("written");
    let pid = wait_until(Duration::from_mins(1), "the service to write", async || {
        assert!(service.try_wait().unwrap().is_none(), "the service ended early");
        std::fs::read_to_string(&notice).ok()?.parse().ok()
    })
    .await;
    service.kill().unwrap();
    service.wait().unwrap();
    assert!(is_alive(pid), "the server outlives a killed service");

    let server = start(scratch.path()).await;
    assert_eq!(server.pid(), pid);
    assert!(!server.attached(), "nobody else uses it");
    assert_eq!(note(&server).await, "kept");
    server.stop().await.unwrap();
    assert!(
        !scratch.path().join("postgres/postmaster.pid").exists(),
        "it is stopped like an own one"
    );
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
