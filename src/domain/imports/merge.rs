//! The second phase: parts of what was read are merged, by whoever is free.

use super::Work;
use super::state::{self, Import, Stage};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::imported;
use crate::domain::audit::Cause;
use crate::domain::inventory::reconcile::Reconciled;
use crate::domain::inventory::staged::{self, Part};
use crate::error::Result;
use crate::runs::{self, ControlFlow, Progress};
use sea_orm::FromQueryResult;
use std::time::Duration;

/// How often the run that others help looks whether they have done.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How many runs merge one file at the same time, at most: more would wait for the same pages of the same indexes.
const MOST_WORKERS: i64 = 4;

/// What became of one attempt to take a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Merged,
    /// No part is left that is not in other hands.
    Nothing,
    /// The run is told to stop, or the import has ended.
    Stopped,
}

/// Merges parts until none is left. The run that was asked for also waits for those that others have, and ends the
/// import.
pub(super) async fn work_off(work: &Work<'_>, import: &Import) -> Result<()> {
    let max_parallelism = parts_left(work).await?.min(MOST_WORKERS);
    runs::spawn_helper(work.db, work.wake, work.run, max_parallelism).await?;
    loop {
        match sql::retried(|| take(work, import)).await? {
            Taken::Merged => continue,
            Taken::Stopped => return Ok(()),
            Taken::Nothing if import.run_id != work.run.run_id => return Ok(()),
            Taken::Nothing => {}
        }
        if end(work, import).await?
            || work.run.checkpoint(work.db, Progress::default()).await? == ControlFlow::Cancelled
        {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// One transaction: a part, and the progress of all who are concerned.
async fn take(work: &Work<'_>, import: &Import) -> Result<Taken> {
    let txn = work.db.begin().await?;
    let Some(part) = claim(&txn, work.spec.file_id).await? else {
        return Ok(Taken::Nothing);
    };
    let done = merge(work, import, &txn, &part).await?;
    let rows = drop_part(work, &txn, &part).await?;
    let progress = progress(rows, done);
    let flow = work.run.checkpoint(&txn, progress.clone()).await?;
    if import.run_id != work.run.run_id && !runs::add_progress_to(&txn, import.run_id, &progress).await? {
        txn.rollback().await?;
        return Ok(Taken::Stopped);
    }
    txn.commit().await?;
    Ok(match flow {
        ControlFlow::Continue => Taken::Merged,
        ControlFlow::Cancelled => Taken::Stopped,
    })
}

async fn parts_left(work: &Work<'_>) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct Left {
        count: i64,
    }
    let left = "SELECT count(*) AS count FROM import_parts WHERE file_id = $1";
    let left: Option<Left> = sql::row(work.db, left, [work.spec.file_id.into()]).await?;
    Ok(left.map_or(0, |row| row.count))
}

async fn merge(work: &Work<'_>, import: &Import, txn: &Transaction, part: &Part) -> Result<Reconciled> {
    match (work.spec.tags.is_some(), work.spec.dry_run) {
        (false, false) => {
            let source = format!("import:{}", work.run.requested_by);
            staged::merge(txn, part, &source).await
        }
        (false, true) => staged::plan(txn, part, import.run_id).await,
        (true, false) => {
            let cause = Cause {
                actor: work.run.subject().to_owned(),
                reason: None,
                run_id: Some(import.run_id),
            };
            imported::merge(txn, part, &cause).await
        }
        (true, true) => imported::plan(txn, part, import.run_id).await,
    }
}

/// A part that is in nobody's hands.
async fn claim(txn: &Transaction, file_id: i64) -> Result<Option<Part>> {
    let claim = "SELECT file_id, part, first_line, last_line FROM import_parts WHERE file_id = $1
         ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED";
    sql::row(txn, claim, [file_id.into()]).await
}

/// Gives how many rows it had.
async fn drop_part(work: &Work<'_>, txn: &Transaction, part: &Part) -> Result<u64> {
    let rows = if work.spec.tags.is_some() {
        "DELETE FROM import_tags WHERE file_id = $1 AND line BETWEEN $2 AND $3"
    } else {
        "DELETE FROM import_rows WHERE file_id = $1 AND line BETWEEN $2 AND $3"
    };
    let rows = sql::execute(txn, rows, part.span()).await?;
    let drop = "DELETE FROM import_parts WHERE file_id = $1 AND part = $2";
    sql::execute(txn, drop, [part.file_id.into(), part.part.into()]).await?;
    Ok(rows)
}

fn progress(rows: u64, done: Reconciled) -> Progress {
    let counts = [
        ("inserted", done.inserted as i64),
        ("updated", done.updated as i64),
        ("unchanged", done.unchanged as i64),
        // Tags whose resource has gone since the check.
        (
            "rejected",
            (rows - done.inserted - done.updated - done.unchanged) as i64,
        ),
    ];
    Progress {
        done_delta: rows as i64,
        total: None,
        counts: counts.into(),
    }
}

/// Ends the import when all parts are merged; gives whether it did.
async fn end(work: &Work<'_>, import: &Import) -> Result<bool> {
    if parts_left(work).await? > 0 {
        return Ok(false);
    }
    let file_id = work.spec.file_id;
    let txn = work.db.begin().await?;
    state::set(&txn, file_id, Stage::Done).await?;
    // Each part gave its examples; the first ones of all stay.
    let surplus = "DELETE FROM import_samples s USING
             (SELECT action, line, row_number() OVER (PARTITION BY action ORDER BY line) AS rank
                FROM import_samples WHERE run_id = $1) ranked
         WHERE s.run_id = $1 AND s.action = ranked.action AND s.line = ranked.line AND rank > $2";
    sql::execute(&txn, surplus, [work.run.run_id.into(), staged::SAMPLES.into()]).await?;
    let _told_by_the_end = work.run.checkpoint(&txn, Progress::default()).await?;
    txn.commit().await?;
    if !work.spec.dry_run {
        sql::analyze_after(work.db, import.entries, "resources, virtual_tags").await;
    }
    Ok(true)
}
