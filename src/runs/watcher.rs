//! Watched runs: however many subscribers watch however many runs, this process asks for all of them at once.

use super::{Run, list};
use crate::auth::{AccountScope, with_account_scope};
use parking_lot::{Mutex, MutexGuard};
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Pause between two queries for the runs that are watched.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// State of a run that is watched.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchedRun {
    /// Nobody has asked yet.
    Unread,
    /// It is gone, or not in the scope.
    Gone,
    /// It was so when somebody last asked.
    Read(Box<Run>),
}

/// Runs that somebody watches, by scope: row-level security shows each scope its own.
type Watched = HashMap<Option<Vec<String>>, HashMap<i64, watch::Sender<WatchedRun>>>;

/// Watches runs for subscribers.
#[derive(Clone, Default)]
pub struct RunWatcher {
    watched: Arc<Mutex<Watched>>,
}

impl RunWatcher {
    /// Receives a run whenever it is not what it was, through `db`, within `scope`, for as long as somebody watches.
    ///
    /// Whoever watches first and then reads the run misses nothing: what the receiver has at first is older.
    pub fn watch(
        &self,
        db: &DatabaseConnection,
        scope: &AccountScope,
        run: i64,
    ) -> watch::Receiver<WatchedRun> {
        let mut watched = self.lock();
        let runs = watched.entry(scope.as_bind()).or_insert_with(|| {
            let poll = self.clone().poll(db.clone(), scope.clone());
            tokio::spawn(with_account_scope(scope, Box::pin(poll)));
            HashMap::new()
        });
        let sender = runs.entry(run);
        sender
            .or_insert_with(|| watch::Sender::new(WatchedRun::Unread))
            .subscribe()
    }

    /// Asks for the runs of a scope until nobody watches one.
    async fn poll(self, db: DatabaseConnection, scope: AccountScope) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let Some(ids) = self.watched_ids(&scope) else {
                return;
            };
            match list::by_ids(&db, &scope, ids.clone()).await {
                Ok(found) => self.publish(&scope, &ids, found),
                Err(error) => error.log("cannot read the progress of runs; trying again"),
            }
        }
    }

    /// Forgets runs that nobody watches any more, and the scope with the last of them.
    fn watched_ids(&self, scope: &AccountScope) -> Option<Vec<i64>> {
        let (mut watched, scope) = (self.lock(), scope.as_bind());
        let runs = watched.get_mut(&scope)?;
        runs.retain(|_, sender| sender.receiver_count() > 0);
        if runs.is_empty() {
            watched.remove(&scope);
            return None;
        }
        Some(runs.keys().copied().collect())
    }

    fn publish(&self, scope: &AccountScope, asked: &[i64], found: Vec<Run>) {
        let watched = self.lock();
        let Some(runs) = watched.get(&scope.as_bind()) else {
            return;
        };
        let mut found: HashMap<i64, Run> = found.into_iter().map(|run| (run.id, run)).collect();
        for id in asked {
            if let Some(sender) = runs.get(id) {
                let now = found.remove(id).map(Box::new);
                let now = now.map_or(WatchedRun::Gone, WatchedRun::Read);
                sender.send_if_modified(|known| {
                    let is_other = *known != now;
                    if is_other {
                        *known = now;
                    }
                    is_other
                });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock()
    }
}
