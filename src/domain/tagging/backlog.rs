//! How much there is to evaluate.

use crate::db::sql;
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::time::{Duration, Instant};

/// How often at most the backlog is counted, and of all time how small a share that takes: a million takes long.
const PAUSE: Duration = Duration::from_secs(2);
const SHARE: u32 = 50;

/// Whether any resource is due under the present revision.
pub async fn is_due(db: &impl ConnectionTrait) -> Result<bool> {
    let due = "SELECT 1 FROM evaluations WHERE revision < (SELECT revision FROM engine_state) LIMIT 1";
    Ok(db.query_one_raw(sql::statement(due, [])).await?.is_some())
}

/// Resources that are due under `revision`, those in other hands included.
async fn count(db: &DatabaseConnection, revision: i64) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        count: i64,
    }
    let count = "SELECT count(*) AS count FROM evaluations WHERE revision < $1";
    Ok(sql::row::<Count>(db, count, [revision.into()])
        .await?
        .map_or(0, |row| row.count))
}

/// The backlog as one worker sees it, now and then.
pub(super) struct Backlog {
    next: Instant,
    revision: i64,
}

impl Backlog {
    pub(super) fn new() -> Self {
        Self {
            next: Instant::now(),
            revision: 0,
        }
    }

    /// How many resources are due, when it is time to look: at first, when the revision is another, and after a pause.
    pub(super) async fn look(&mut self, db: &DatabaseConnection, revision: i64) -> Result<Option<i64>> {
        let started = Instant::now();
        if started < self.next && revision == self.revision {
            return Ok(None);
        }
        let due = count(db, revision).await?;
        self.next = Instant::now() + PAUSE.max(started.elapsed() * SHARE);
        self.revision = revision;
        Ok(Some(due))
    }
}
