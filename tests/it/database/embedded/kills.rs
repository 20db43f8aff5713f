//! The embedded server after kills: of itself, of its service, and of a start.

use super::{WRITE, durable, execute, is_alive, kill, note, start, text};
use crate::support::embedded::{admin_options, connect_options};
use crate::support::scratch::Scratch;
use crate::support::wait::wait_until;
use pg_embedded::EmbeddedServer;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

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
        .args([
            "--ignored",
            "--exact",
            "database::embedded::kills::service_to_be_killed",
        ])
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
