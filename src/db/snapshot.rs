//! Snapshot of the database: the changes that a statement sees.
//!
//! PostgreSQL names it by the transactions that have not ended (`pg_current_snapshot`). Statements with equal snapshots see
//! the same rows, and no snapshot comes back once a change was committed: so a snapshot is the version of all that is stored,
//! whoever changed it, from whichever process.

use super::ReadPool;
use super::sql;
use crate::error::{Error, Result};
use sea_orm::FromQueryResult;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

const SNAPSHOT: &str = "SELECT pg_current_snapshot()::text AS name";

/// Reader of the present snapshot. Calls that wait at the same time share one statement.
pub struct SnapshotReader {
    db: ReadPool,
    /// Statements that have begun.
    begun: AtomicU64,
    last: Mutex<NumberedSnapshot>,
}

/// Snapshot by the statement of this number; the first one has 1.
struct NumberedSnapshot {
    number: u64,
    name: Arc<str>,
}

#[derive(FromQueryResult)]
struct SnapshotRow {
    name: String,
}

impl SnapshotReader {
    /// Builds a reader over the pool whose connections show everything.
    pub fn new(db: ReadPool) -> Self {
        Self {
            db,
            begun: AtomicU64::new(0),
            last: Mutex::new(NumberedSnapshot {
                number: 0,
                name: "".into(),
            }),
        }
    }

    /// Snapshot that has all changes that were committed before the call.
    pub async fn current(&self) -> Result<Arc<str>> {
        let begun = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        // A statement that began after the call has ended while it waited.
        if last.number <= begun {
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            let row: Option<SnapshotRow> = sql::row(&self.db, SNAPSHOT, []).await?;
            let row = row.ok_or_else(|| Error::internal("the database names no snapshot"))?;
            let name = row.name.into();
            *last = NumberedSnapshot { number, name };
        }
        Ok(last.name.clone())
    }
}
