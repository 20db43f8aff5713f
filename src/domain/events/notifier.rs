//! Waking the tails after a commit.

use sea_orm::DatabaseConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The channel of LISTEN and NOTIFY.
pub(super) const CHANNEL: &str = "virtual_tagging_events";
/// Commits within this time of each other share one NOTIFY.
const COALESCE: Duration = Duration::from_millis(10);

/// Tells the tails of all replicas that something was committed. Call it after the commit: a NOTIFY within a
/// transaction takes a lock on the whole database when it commits. A lost one costs only the time until the next
/// poll of the tails.
#[derive(Clone, Default)]
pub struct Notifier {
    /// Wakes the task that sends the NOTIFY.
    send: Arc<Notify>,
}

impl Notifier {
    /// Something was committed. Costs nothing, and never waits.
    pub fn committed(&self) {
        self.send.notify_one();
    }

    /// Sends what [`Self::committed`] asks for, until shutdown.
    pub async fn run(self, db: DatabaseConnection, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = self.send.notified() => {}
                () = shutdown.cancelled() => return,
            }
            let notify = crate::db::sql::execute(&db, "SELECT pg_notify($1, '')", [CHANNEL.into()]).await;
            if let Err(error) = notify {
                tracing::warn!(%error, "cannot announce events; they are found by the next poll");
            }
            tokio::time::sleep(COALESCE).await;
        }
    }
}
