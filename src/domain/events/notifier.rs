//! Waking the tails after a commit: sending and hearing NOTIFY, once for each process.

use sea_orm::DatabaseConnection;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// The channel of LISTEN and NOTIFY.
const CHANNEL: &str = "virtual_tagging_events";
/// Commits within this time of each other share one NOTIFY.
const COALESCE: Duration = Duration::from_millis(10);
/// The pause before another attempt to listen; the tails poll meanwhile.
const RECONNECT: Duration = Duration::from_secs(1);

/// Tells the tails of all replicas that something was committed. Call it after the commit: a NOTIFY within a
/// transaction takes a lock on the whole database when it commits. A lost one costs only the time until the next
/// poll of the tails.
#[derive(Clone, Default)]
pub struct Notifier {
    /// Wakes the task that sends the NOTIFY.
    send: Arc<Notify>,
    /// Wakes the tails of this process.
    heard: watch::Sender<()>,
}

impl Notifier {
    /// Something was committed. Costs nothing, and never waits.
    pub fn committed(&self) {
        self.send.notify_one();
    }

    /// Changes whenever any replica has announced a commit, while [`Self::run`] runs here.
    pub(super) fn heard(&self) -> watch::Receiver<()> {
        self.heard.subscribe()
    }

    /// Sends what [`Self::committed`] asks for, and tells the tails of this process what others send, until
    /// shutdown. Keeps one connection of the pool, on which it listens.
    pub async fn run(self, db: DatabaseConnection, shutdown: CancellationToken) {
        tokio::select! {
            () = self.send_all(&db) => {}
            () = self.listen(&db) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn send_all(&self, db: &DatabaseConnection) {
        loop {
            self.send.notified().await;
            let notify = crate::db::sql::execute(db, "SELECT pg_notify($1, '')", [CHANNEL.into()]).await;
            if let Err(error) = notify {
                error.log("cannot announce events; they are found by the next poll");
            }
            tokio::time::sleep(COALESCE).await;
        }
    }

    async fn listen(&self, db: &DatabaseConnection) {
        loop {
            if let Err(error) = self.hear(db).await {
                tracing::debug!(%error, "cannot listen; polling");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    /// Listens until the connection breaks.
    async fn hear(&self, db: &DatabaseConnection) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(db.get_postgres_connection_pool()).await?;
        listener.listen(CHANNEL).await?;
        loop {
            let notification = listener.try_recv().await?;
            // A connection that broke may have missed something, too.
            self.heard.send_replace(());
            if notification.is_none() {
                return Ok(());
            }
        }
    }
}
