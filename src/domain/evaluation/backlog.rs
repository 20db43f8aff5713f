//! Backlog of evaluation: resources that are due, and the progress of a run.

use crate::auth::Actor;
use crate::db::sql;
use crate::error::Result;
use crate::runs::{Progress, RunHandle};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Shortest time between two counts of the backlog, and the share of all time that they take at most: a million takes long.
const PAUSE: Duration = Duration::from_secs(2);
const SHARE: u32 = 50;

/// True when any resource is due under the present revision.
pub async fn is_due(db: &impl ConnectionTrait) -> Result<bool> {
    let due = "SELECT 1 FROM evaluations WHERE revision < (SELECT revision FROM engine_state) LIMIT 1";
    Ok(db.query_one_raw(sql::statement(due, [])).await?.is_some())
}

#[derive(FromQueryResult)]
struct DueCount {
    count: i64,
}

/// Resources that are due under `revision`, those in other hands included.
async fn count(db: &DatabaseConnection, revision: i64) -> Result<i64> {
    let count = "SELECT count(*) AS count FROM evaluations WHERE revision < $1";
    Ok(sql::row::<DueCount>(db, count, [revision.into()])
        .await?
        .map_or(0, |row| row.count))
}

/// Counts the resources within the actor's scope that are due under the present revision.
pub async fn due_resources(db: &DatabaseConnection, actor: &Actor) -> Result<i64> {
    let due = "SELECT count(*) AS count FROM evaluations e
          WHERE e.revision < (SELECT revision FROM engine_state)
            AND ($1::text[] IS NULL OR EXISTS (
                SELECT FROM resources r WHERE r.id = e.resource_id AND r.account_id = ANY($1)))";
    let due = sql::row::<DueCount>(db, due, [actor.scope.as_bind().into()]).await?;
    Ok(due.map_or(0, |row| row.count))
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

    /// Number of resources that are due, when it is time to count: at first, when the revision is another, and after a pause.
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

/// Progress of a back-fill. The run that was asked for shows the progress of all who work on it, so that its total stays; one
/// that helps shows what it did itself, and its total when it has ended.
pub(super) struct BackfillProgress {
    helps: bool,
    done: i64,
    total: i64,
}

impl BackfillProgress {
    pub(super) fn of(run: &RunHandle) -> Self {
        Self {
            helps: run.is_helper(),
            done: run.done_before,
            total: run.total_before.unwrap_or(0),
        }
    }

    /// Progress that a chunk adds, which evaluated so many of the `due` ones, if these were counted before it; the last chunk
    /// evaluates none, and leaves nothing to do.
    pub(super) fn add(
        &mut self,
        evaluated: i64,
        due: Option<i64>,
        counts: BTreeMap<&'static str, i64>,
    ) -> Progress {
        let before = self.done;
        match (evaluated, due) {
            (0, _) if !self.helps => self.done = self.done.max(self.total),
            (_, Some(due)) if !self.helps => {
                self.total = self.total.max(self.done + due);
                self.done = self.total - due + evaluated;
            }
            _ => self.done += evaluated,
        }
        // Newly due ones may be among those that were evaluated, too.
        self.total = self.total.max(self.done);
        Progress {
            done_delta: self.done - before,
            total: (evaluated == 0 || !self.helps).then_some(self.total),
            counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BackfillProgress;
    use std::collections::BTreeMap;

    /// Counts shown after each chunk: so many evaluated, so many due when it began.
    fn shown(mut share: BackfillProgress, chunks: &[(i64, Option<i64>)]) -> Vec<(i64, Option<i64>)> {
        let (mut done, mut total) = (share.done, None);
        let show = |&(evaluated, due): &(i64, Option<i64>)| {
            let progress = share.add(evaluated, due, BTreeMap::new());
            done += progress.done_delta;
            total = total.max(progress.total);
            (done, total)
        };
        chunks.iter().map(show).collect()
    }

    #[test]
    fn the_total_stays_whoever_does_the_work_and_grows_with_it() {
        let share = |helps| BackfillProgress {
            helps,
            done: 0,
            total: 0,
        };
        // 1,000 are due; others do 500 of them, and 50 more become due.
        let chunks = [
            (100, Some(1_000)),
            (100, None),
            (100, Some(300)),
            (50, Some(250)),
            (0, None),
        ];
        let all = [
            (100, Some(1_000)),
            (200, Some(1_000)),
            (800, Some(1_000)),
            (850, Some(1_050)),
            (1_050, Some(1_050)),
        ];
        assert_eq!(shown(share(false), &chunks), all);
        let own = [
            (100, None),
            (200, None),
            (300, None),
            (350, None),
            (350, Some(350)),
        ];
        assert_eq!(shown(share(true), &chunks), own);
        assert_eq!(shown(share(false), &[(0, Some(0))]), [(0, Some(0))]);
        // Begun again by another worker.
        let again = BackfillProgress {
            done: 600,
            total: 1_000,
            ..share(false)
        };
        assert_eq!(shown(again, &[(0, Some(0))]), [(1_000, Some(1_000))]);
    }
}
