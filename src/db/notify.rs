//! NOTIFY, coalesced: commits that follow each other closely share one.

use super::sql;
use parking_lot::{Mutex, MutexGuard};
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

/// NOTIFY on a channel, without a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notification(pub &'static str);

/// Commits within this time of each other share one NOTIFY.
const COALESCE: Duration = Duration::from_millis(10);

/// A channel of a database: where it is, its name, and the channel's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ChannelKey {
    host: String,
    port: u16,
    database: Option<String>,
    channel: &'static str,
}

/// Channels on which a task of this process sends at present, and whether to send once more.
static SENDING: LazyLock<Mutex<HashMap<ChannelKey, bool>>> = LazyLock::new(Mutex::default);

fn sending() -> MutexGuard<'static, HashMap<ChannelKey, bool>> {
    SENDING.lock()
}

/// Sends a notification at once, or a few milliseconds later where one was sent just now. Never waits.
pub(super) fn send(db: &DatabaseConnection, notification: Notification) {
    let options = db.get_postgres_connection_pool().connect_options();
    let key = ChannelKey {
        host: options.get_host().to_owned(),
        port: options.get_port(),
        database: options.get_database().map(str::to_owned),
        channel: notification.0,
    };
    let mut sending = sending();
    if let Some(again) = sending.get_mut(&key) {
        *again = true;
        return;
    }
    sending.insert(key.clone(), false);
    drop(sending);
    tokio::spawn(NotifySender { key, ended: false }.run(db.clone()));
}

/// Task that sends on a channel, one at a time; dropping it, be it with its runtime, lets another start.
struct NotifySender {
    key: ChannelKey,
    ended: bool,
}

impl NotifySender {
    async fn run(mut self, db: DatabaseConnection) {
        while !self.ended {
            let notify = sql::execute(&db, "SELECT pg_notify($1, '')", [self.key.channel.into()]).await;
            if let Err(error) = notify {
                error.log("a commit cannot be announced; it is found by the next poll");
            }
            tokio::time::sleep(COALESCE).await;
            self.end_unless_asked_again();
        }
    }

    fn end_unless_asked_again(&mut self) {
        let mut sending = sending();
        match sending.get_mut(&self.key) {
            Some(again) if *again => *again = false,
            _ => {
                sending.remove(&self.key);
                self.ended = true;
            }
        }
    }
}

impl Drop for NotifySender {
    fn drop(&mut self) {
        if !self.ended {
            sending().remove(&self.key);
        }
    }
}
