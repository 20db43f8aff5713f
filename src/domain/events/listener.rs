//! Listener of the commits that replicas announce, one per process.

use crate::db::{Notification, Transaction};
use sea_orm::DatabaseConnection;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Channel of LISTEN and NOTIFY.
const CHANNEL: &str = "virtual_tagging_events";
/// Pause before another attempt to listen; the tails poll meanwhile.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Notifies the tails of all replicas when the transaction has committed. Called by every writer of a log.
pub fn announce(txn: &Transaction) {
    txn.on_commit(Notification(CHANNEL));
}

/// Listener that wakes the tails of this process when any replica has announced a commit.
#[derive(Clone, Default)]
pub struct EventListener {
    heard: watch::Sender<()>,
}

impl EventListener {
    /// Receiver that changes whenever a replica has announced a commit, while [`Self::run`] runs here.
    pub(super) fn heard(&self) -> watch::Receiver<()> {
        self.heard.subscribe()
    }

    /// Listens until shutdown. Keeps one connection of the pool.
    pub async fn run(self, db: DatabaseConnection, shutdown: CancellationToken) {
        tokio::select! {
            () = self.listen(&db) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn listen(&self, db: &DatabaseConnection) {
        loop {
            if let Err(error) = self.listen_once(db).await {
                tracing::debug!(%error, "cannot listen; polling");
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// Listens until the connection breaks.
    async fn listen_once(&self, db: &DatabaseConnection) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(db.get_postgres_connection_pool()).await?;
        listener.listen(CHANNEL).await?;
        loop {
            let notification = listener.try_recv().await?;
            // A connection that broke may have missed a notification.
            self.heard.send_replace(());
            if notification.is_none() {
                return Ok(());
            }
        }
    }
}
