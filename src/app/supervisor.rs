//! Supervisor of the embedded PostgreSQL: one that dies is started again.

use pg_embedded::EmbeddedServer;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Interval of checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// The longest pause between two attempts to start it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Owner of the server. Dropping it only asks the server to shut down.
pub(super) struct Supervisor {
    stopping: CancellationToken,
    server: AbortOnDropHandle<EmbeddedServer>,
}

impl Supervisor {
    /// Supervises a server that runs.
    pub(super) fn of(server: EmbeddedServer) -> Self {
        let stopping = CancellationToken::new();
        let task = tokio::spawn(supervise(server, stopping.clone()));
        Self {
            stopping,
            server: AbortOnDropHandle::new(task),
        }
    }

    /// Stops the server, unless another process uses it, and waits for that.
    pub(super) async fn stop(self) {
        self.stopping.cancel();
        match self.server.await {
            Ok(server) => {
                if let Err(error) = server.stop().await {
                    tracing::error!("stopping the embedded PostgreSQL: {error}");
                }
            }
            Err(error) => tracing::error!("the supervisor of the embedded PostgreSQL failed: {error}"),
        }
    }
}

/// Gives the server back when it is to be stopped.
async fn supervise(mut server: EmbeddedServer, stopping: CancellationToken) -> EmbeddedServer {
    let mut pause = CHECK_INTERVAL;
    while stopping
        .run_until_cancelled(tokio::time::sleep(pause))
        .await
        .is_some()
    {
        match server.revive().await {
            Ok(false) => pause = CHECK_INTERVAL,
            Ok(true) => {
                tracing::warn!(
                    pid = server.pid(),
                    "the embedded PostgreSQL had died and is started again"
                );
                pause = CHECK_INTERVAL;
            }
            Err(error) => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                tracing::error!(
                    pause_seconds = pause.as_secs_f64(),
                    %error,
                    "the embedded PostgreSQL has died and does not start"
                );
            }
        }
    }
    server
}
