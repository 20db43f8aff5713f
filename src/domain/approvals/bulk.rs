//! Bulk decisions: a run decides more tags than fit into a response.
//!
//! The selection is fixed in the transaction of the request, with the state in which each tag was seen. The run decides it
//! in chunks, each in one transaction with the outcomes of its tags and the progress of the run. So a kill repeats at most
//! one chunk, and no tag is decided that was not selected.

use super::apply::lock_resources;
use super::columns::VirtualTagColumns;
use super::correction::apply_job;
use super::decision::{DecideJob, Decision, counter_name, not_found};
use super::selection::ResolvedSelection;
use super::tags;
use crate::auth::{AccountScope, Actor, Role, with_account_scope};
use crate::db::{Begin, sql};
use crate::domain::audit::{Cause, ChangedTag};
use crate::entities::virtual_tag::Model as VirtualTag;
use crate::entities::{DecisionMode, JobName, Outcome};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, ControlFlow, Job, Progress, Run, RunHandle};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Maximum of tags that one call may select.
pub const MAX_SELECTED: usize = 1_000_000;

/// Tags decided in one transaction. Those of one resource are in the same chunk, so that values of one key compete.
const CHUNK: i64 = 2_000;

/// Queues a run that decides what is selected, and fixes the selection in the same transaction.
pub(super) async fn defer(
    db: &DatabaseConnection,
    actor: &Actor,
    job: &DecideJob,
    selected: ResolvedSelection,
) -> Result<Run> {
    let txn = db.begin().await?;
    let run = runs::add(&txn, actor, job).await?;
    let mut values = selected.values.clone();
    values.push(run.id.into());
    // By resource: locks are then taken in the order of ids, and the rows of a chunk are near each other.
    let fix = format!(
        "INSERT INTO decision_items (run_id, position, resource_id, virtual_tag_id, account_id, seen_at)
         SELECT ${}, row_number() OVER (ORDER BY resource_id, id), resource_id, id, account_id, updated_at
           FROM ({} LIMIT {}) selected",
        values.len(),
        selected.text,
        MAX_SELECTED + 1
    );
    let count = sql::execute(&txn, &fix, values).await?;
    if count > MAX_SELECTED as u64 {
        let message = format!("more than {MAX_SELECTED} tags are selected; narrow the filter");
        return Err(Error::Validation(vec![Problem::field(
            ProblemCode::TooMany,
            "filter",
            message,
        )]));
    }
    selected.check_size(count)?;
    // A caller that may see all of these accounts may see the run.
    let total = "UPDATE scheduler_jobs SET progress_total = $2, accounts = (
             SELECT coalesce(array_agg(DISTINCT account_id), '{}') FROM decision_items
              WHERE run_id = $1 AND account_id IS NOT NULL)
         WHERE id = $1 RETURNING *";
    let run: Option<Run> = sql::row(&txn, total, [run.id.into(), (count as i64).into()]).await?;
    let run = run.ok_or_else(|| Error::internal("the run has gone while it was made"))?;
    txn.commit().await?;
    Ok(run)
}

#[async_trait::async_trait]
impl Job for DecideJob {
    const NAME: JobName = JobName::Decide;
    const PRIORITY: i16 = 100;
    const TIME_LIMIT: Duration = Duration::from_hours(4);
    const ROLE: Role = Role::Approver;
    const IS_ACCOUNT_SCOPED: bool = true;

    type Context = DatabaseConnection;

    async fn run(self, db: &DatabaseConnection, run: &RunHandle) -> Result<()> {
        decide_items(db, run, &self).await
    }
}

/// Decides the tags of a run, chunk by chunk, until all are decided or the run is cancelled, which leaves the remaining
/// ones as they are. So does the loss of an account by the principal of the run.
async fn decide_items(db: &DatabaseConnection, run: &RunHandle, job: &DecideJob) -> Result<()> {
    let cause = Cause {
        actor: run.subject().to_owned(),
        reason: job.reason.clone(),
        run_id: Some(run.run_id),
    };
    let scope = run.scope();
    let mut done = run.done_before;
    loop {
        let chunk = Box::pin(sql::retried(|| chunk(db, run, &scope, job, done, &cause)));
        let (items, flow) = with_account_scope(&scope, chunk).await?;
        done += items;
        if items == 0 || flow == ControlFlow::Cancelled {
            sql::analyze_after(db, done - run.done_before, "virtual_tags").await;
            return Ok(());
        }
    }
}

/// Decides the items of the chunk behind position `done`, and returns their number, which is zero at the end.
async fn chunk(
    db: &DatabaseConnection,
    run: &RunHandle,
    scope: &AccountScope,
    job: &DecideJob,
    done: i64,
    cause: &Cause,
) -> Result<(i64, ControlFlow)> {
    let txn = db.begin().await?;
    let items = ItemRange {
        run_id: run.run_id,
        from: done,
        to: end(&txn, run.run_id, done).await?,
    };
    let total = items.to - items.from;
    if total == 0 {
        return Ok((0, ControlFlow::Continue));
    }
    let ids = items.tags(&txn, "").await?;
    lock_resources(&txn, &ids, scope).await?;
    let unchanged = items
        .tags(
            &txn,
            "AND t.updated_at = i.seen_at AND t.account_id = i.account_id",
        )
        .await?;
    // The selected tags were within the scope of the caller, and are in the same accounts still.
    let (decision, mode) = (job.decision, DecisionMode::Bulk);
    let changed = apply_job(&txn, scope, (job, mode), &unchanged, cause).await?;
    items.record_outcomes(&txn, decision, &changed).await?;
    let mut counts = items.refuse(&txn, scope, decision).await?;
    *counts.entry(counter_name(decision.outcome())).or_default() += changed.len() as i64;
    let progress = Progress {
        done_delta: total,
        total: None,
        counts,
    };
    let flow = run.checkpoint(&txn, progress).await?;
    txn.commit().await?;
    Ok((total, flow))
}

/// Position of the last item of the chunk behind `done`: [`CHUNK`] items on, and then to the end of the resource.
async fn end(txn: &impl ConnectionTrait, run_id: i64, done: i64) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct ChunkEndRow {
        end: Option<i64>,
    }
    let end = "SELECT coalesce(
             (SELECT next.position - 1 FROM decision_items last JOIN decision_items next ON next.run_id = last.run_id
                 AND next.position > last.position AND next.resource_id IS DISTINCT FROM last.resource_id
               WHERE last.run_id = $1 AND last.position = $2 ORDER BY next.position LIMIT 1),
             (SELECT max(position) FROM decision_items WHERE run_id = $1)) AS \"end\"";
    let row: Option<ChunkEndRow> = sql::row(txn, end, [run_id.into(), (done + CHUNK).into()]).await?;
    Ok(row.and_then(|row| row.end).unwrap_or(done))
}

/// Items of a chunk: those behind position `from` up to `to`.
struct ItemRange {
    run_id: i64,
    from: i64,
    to: i64,
}

impl ItemRange {
    fn binds(&self) -> Vec<sea_orm::Value> {
        vec![self.run_id.into(), self.from.into(), self.to.into()]
    }

    /// Ids of the existing tags that meet `condition` on the tag `t` and the item `i`.
    async fn tags(&self, txn: &impl ConnectionTrait, condition: &str) -> Result<Vec<i64>> {
        #[derive(FromQueryResult)]
        struct ItemTagRow {
            id: i64,
        }
        let tags = format!(
            "SELECT t.id FROM decision_items i JOIN virtual_tags t ON t.id = i.virtual_tag_id
              WHERE i.run_id = $1 AND i.position > $2 AND i.position <= $3 {condition}"
        );
        let rows: Vec<ItemTagRow> = sql::rows(txn, &tags, self.binds()).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Records the outcome of the tags that were decided.
    async fn record_outcomes(
        &self,
        txn: &impl ConnectionTrait,
        decision: Decision,
        changed: &[ChangedTag],
    ) -> Result<()> {
        let record = "UPDATE decision_items i SET outcome = $4, decided_at = now() FROM unnest($5::bigint[]) changed(id)
             WHERE i.run_id = $1 AND i.position > $2 AND i.position <= $3 AND i.virtual_tag_id = changed.id";
        let mut binds = self.binds();
        let changed: Vec<i64> = changed.iter().map(|tag| tag.id).collect();
        binds.extend([decision.outcome().to_value().into(), changed.into()]);
        sql::execute(txn, record, binds).await?;
        Ok(())
    }

    /// Records the outcome of the remaining tags, with the reason; returns their number by outcome.
    async fn refuse(
        &self,
        txn: &impl ConnectionTrait,
        scope: &AccountScope,
        decision: Decision,
    ) -> Result<BTreeMap<&'static str, i64>> {
        let left = "SELECT position, virtual_tag_id, account_id FROM decision_items
             WHERE run_id = $1 AND position > $2 AND position <= $3 AND outcome IS NULL";
        let left: Vec<PendingItem> = sql::rows(txn, left, self.binds()).await?;
        let mut counts = BTreeMap::new();
        if left.is_empty() {
            return Ok(counts);
        }
        let ids: Vec<i64> = left.iter().map(|item| item.virtual_tag_id).collect();
        let tags = tags::by_ids(txn, &AccountScope::All, ids, VirtualTagColumns::all()).await?;
        let tags: HashMap<i64, VirtualTag> = tags.into_iter().map(|tag| (tag.id, tag)).collect();
        let refusals: Vec<UndecidedItem> = left
            .iter()
            .map(|item| {
                let problem = item.why_not(scope, decision, tags.get(&item.virtual_tag_id));
                let outcome = outcome(&problem);
                *counts.entry(counter_name(outcome)).or_default() += 1;
                UndecidedItem {
                    position: item.position,
                    outcome,
                    message: problem.message,
                }
            })
            .collect();
        let refuse = "UPDATE decision_items i SET outcome = r.outcome, message = r.message
              FROM jsonb_to_recordset($2) AS r(position bigint, outcome text, message text)
             WHERE i.run_id = $1 AND i.position = r.position";
        sql::execute(txn, refuse, [self.run_id.into(), sql::recordset(&refusals)?]).await?;
        Ok(counts)
    }
}

/// Item that was not decided.
#[derive(FromQueryResult)]
struct PendingItem {
    position: i64,
    virtual_tag_id: i64,
    account_id: Option<String>,
}

impl PendingItem {
    fn why_not(&self, scope: &AccountScope, decision: Decision, tag: Option<&VirtualTag>) -> Problem {
        let stale = || Problem::new(ProblemCode::Stale, "it changed after it was selected");
        match (tag, &self.account_id) {
            (_, Some(account)) if !scope.allows(account) => Problem::new(
                ProblemCode::Forbidden,
                "its account is none of those of whoever has the run done",
            ),
            (None, _) | (_, None) => not_found(),
            // The actor may not know to which account it moved.
            (Some(tag), Some(account)) if tag.account_id != *account => stale(),
            (Some(tag), _) if decision.applies_to(tag.approval_status) => stale(),
            (Some(tag), _) => decision.why_not(tag),
        }
    }
}

#[derive(Serialize)]
struct UndecidedItem {
    position: i64,
    outcome: Outcome,
    message: String,
}

fn outcome(problem: &Problem) -> Outcome {
    match problem.code {
        ProblemCode::NotFound => Outcome::NotFound,
        ProblemCode::AlreadyDecided => Outcome::AlreadyDecided,
        ProblemCode::Stale => Outcome::Stale,
        ProblemCode::Forbidden => Outcome::Forbidden,
        ProblemCode::Invalid | ProblemCode::Conflict | ProblemCode::TooMany => Outcome::Conflict,
    }
}
