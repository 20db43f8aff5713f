//! Merge phase: workers merge the parts of a file, each in one transaction.

use super::context::ImportContext;
use super::state::{self, ImportStage, ImportState};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::imported;
use crate::domain::audit::Cause;
use crate::domain::inventory::reconcile::Reconciled;
use crate::domain::inventory::staged::{self, StagedPart};
use crate::error::Result;
use crate::runs::{self, ControlFlow, Progress};
use sea_orm::FromQueryResult;
use std::time::Duration;

/// Interval at which the run that others help checks whether they have finished.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum of runs that merge one file at the same time: more would wait for the same pages of the same indexes.
const MAX_WORKERS: i64 = 4;

/// Outcome of an attempt to merge a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartOutcome {
    Merged,
    /// No part is left that no other worker has claimed.
    NoneLeft,
    /// The run was cancelled, or the import has ended.
    Stopped,
}

/// Merges parts until none is left. The run that read the file also waits for the parts of its helpers, and finishes the
/// import.
pub(super) async fn merge_parts(context: &ImportContext<'_>, import: &ImportState) -> Result<()> {
    let max_parallelism = parts_left(context).await?.min(MAX_WORKERS);
    runs::spawn_helper(context.db, context.run, max_parallelism).await?;
    loop {
        match sql::retried(|| merge_part(context, import)).await? {
            PartOutcome::Merged => continue,
            PartOutcome::Stopped => return Ok(()),
            PartOutcome::NoneLeft if import.run_id != context.run.run_id => return Ok(()),
            PartOutcome::NoneLeft => {}
        }
        if finish(context, import).await?
            || context.run.checkpoint(context.db, Progress::default()).await? == ControlFlow::Cancelled
        {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Merges a part in one transaction with the progress of this run and, for a helper, of the run that it helps.
async fn merge_part(context: &ImportContext<'_>, import: &ImportState) -> Result<PartOutcome> {
    let txn = context.db.begin().await?;
    let Some(part) = claim(&txn, context.spec.file_id).await? else {
        return Ok(PartOutcome::NoneLeft);
    };
    let done = merge(context, import, &txn, &part).await?;
    let rows = drop_part(context, &txn, &part).await?;
    let progress = progress(rows, done);
    let flow = context.run.checkpoint(&txn, progress.clone()).await?;
    if import.run_id != context.run.run_id && !runs::add_progress_to(&txn, import.run_id, &progress).await? {
        txn.rollback().await?;
        return Ok(PartOutcome::Stopped);
    }
    txn.commit().await?;
    Ok(match flow {
        ControlFlow::Continue => PartOutcome::Merged,
        ControlFlow::Cancelled => PartOutcome::Stopped,
    })
}

async fn parts_left(context: &ImportContext<'_>) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct PartsLeftRow {
        count: i64,
    }
    let left = "SELECT count(*) AS count FROM import_parts WHERE file_id = $1";
    let left: Option<PartsLeftRow> = sql::row(context.db, left, [context.spec.file_id.into()]).await?;
    Ok(left.map_or(0, |row| row.count))
}

async fn merge(
    context: &ImportContext<'_>,
    import: &ImportState,
    txn: &Transaction,
    part: &StagedPart,
) -> Result<Reconciled> {
    match (context.spec.tags.is_some(), context.spec.dry_run) {
        (false, false) => {
            let source = format!("import:{}", context.run.requested_by);
            staged::merge(txn, part, &source).await
        }
        (false, true) => staged::plan(txn, part, import.run_id).await,
        (true, false) => {
            let cause = Cause {
                actor: context.run.subject().to_owned(),
                reason: None,
                run_id: Some(import.run_id),
            };
            imported::merge(txn, part, &cause).await
        }
        (true, true) => imported::plan(txn, part, import.run_id).await,
    }
}

/// Claims a part that no other worker has claimed.
async fn claim(txn: &Transaction, file_id: i64) -> Result<Option<StagedPart>> {
    let claim = "SELECT file_id, part, first_line, last_line FROM import_parts WHERE file_id = $1
         ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED";
    sql::row(txn, claim, [file_id.into()]).await
}

/// Deletes a part and its rows, and returns the number of rows.
async fn drop_part(context: &ImportContext<'_>, txn: &Transaction, part: &StagedPart) -> Result<u64> {
    let rows = if context.spec.tags.is_some() {
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
        // Tags whose resource was retired since the check.
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

/// Finishes the import if all parts are merged; true if it did.
async fn finish(context: &ImportContext<'_>, import: &ImportState) -> Result<bool> {
    if parts_left(context).await? > 0 {
        return Ok(false);
    }
    let file_id = context.spec.file_id;
    let txn = context.db.begin().await?;
    state::set(&txn, file_id, ImportStage::Done).await?;
    // Each part has its samples; the first ones of the file are kept.
    let surplus = "DELETE FROM import_samples s USING
             (SELECT action, line, row_number() OVER (PARTITION BY action ORDER BY line) AS rank
                FROM import_samples WHERE run_id = $1) ranked
         WHERE s.run_id = $1 AND s.action = ranked.action AND s.line = ranked.line AND rank > $2";
    sql::execute(&txn, surplus, [context.run.run_id.into(), staged::SAMPLES.into()]).await?;
    let _finished_anyway = context.run.checkpoint(&txn, Progress::default()).await?;
    txn.commit().await?;
    if !context.spec.dry_run {
        sql::analyze_after(context.db, import.entries, "resources, virtual_tags").await;
    }
    Ok(true)
}
