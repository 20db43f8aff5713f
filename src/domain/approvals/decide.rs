//! The entry of every decision that a person makes about existing tags, be it one, a selection, or an undo.

use super::apply::lock_resources;
use super::bulk;
use super::columns::VirtualTagColumns;
use super::correction::{self, apply_job};
use super::decision::{DecideJob, Decision, DecisionOutcome, Decisions, ItemResult, not_found};
use super::limits::check_reason;
use super::selection::{BoundedSelection, ResolvedSelection};
use super::tags;
use crate::auth::{AccountScope, Actor, Role};
use crate::db::{Begin, sql};
use crate::domain::audit::{Cause, ChangedTag};
use crate::entities::DecisionMode;
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::collections::{HashMap, HashSet};
use tagging::Vocabulary;

/// Decides the selected tags for the actor, who must be an approver: up to [`super::MAX_IMMEDIATE`] in one transaction,
/// more by a run.
///
/// The result has an item for each tag: one that was decided before keeps that decision and is reported with it, so
/// deciding twice is harmless. Approving a value supersedes the other candidates of its key on the resource, and a value
/// approved earlier. Undoing makes decided tags PENDING again and restores what an approval had superseded; on a
/// retired resource, what would be PENDING is withdrawn.
///
/// A run decides what is selected at this moment and exists for the actor, for as long as the actor may: see
/// [`crate::runs::RunHandle::require_rights`]. Refuses more than [`bulk::MAX_SELECTED`] tags.
pub async fn decide(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    selection: impl Into<BoundedSelection>,
    reason: Option<String>,
) -> Result<DecisionOutcome> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let selected = selection.into().resolve(db, actor, decision).await?;
    decide_selected(db, actor, DecideJob::new(decision, reason), selected).await
}

/// Denies the selected tags, which are of one key, and approves another value in their place, as [`decide`] decides: the
/// corrected value holds from then on, and is a label that models learn from.
pub async fn correct(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    selection: impl Into<BoundedSelection>,
    value: &str,
    reason: Option<String>,
) -> Result<DecisionOutcome> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let selected = selection.into().resolve(db, actor, Decision::Deny).await?;
    let corrected = correction::checked(db, vocabulary, &selected, value).await?;
    let job = DecideJob {
        corrected_value: Some(corrected),
        ..DecideJob::new(Decision::Deny, reason)
    };
    decide_selected(db, actor, job, selected).await
}

async fn decide_selected(
    db: &DatabaseConnection,
    actor: &Actor,
    job: DecideJob,
    selected: ResolvedSelection,
) -> Result<DecisionOutcome> {
    if let Some(ids) = selected.ids_if_small(db).await? {
        let decided = decide_ids(db, actor, (&job, selected.mode()), &ids);
        return Ok(DecisionOutcome::Immediate(decided.await?));
    }
    let run = bulk::defer(db, actor, &job, selected).await?;
    Ok(DecisionOutcome::Deferred(Box::new(run)))
}

async fn decide_ids(
    db: &DatabaseConnection,
    actor: &Actor,
    (job, mode): (&DecideJob, DecisionMode),
    ids: &[i64],
) -> Result<Decisions> {
    let cause = Cause {
        actor: actor.subject.clone(),
        reason: job.reason.clone(),
        run_id: None,
    };
    sql::retried(async || {
        let txn = db.begin().await?;
        lock_resources(&txn, ids, &actor.scope).await?;
        let changed = apply_job(&txn, &actor.scope, (job, mode), ids, &cause).await?;
        let decisions = results(&txn, &actor.scope, job.decision, ids, &changed).await?;
        txn.commit().await?;
        Ok(decisions)
    })
    .await
}

/// Reads the tags again and gives the result of each of `ids`; `changed` are those that this call decided.
async fn results(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    decision: Decision,
    ids: &[i64],
    changed: &[ChangedTag],
) -> Result<Decisions> {
    let found = tags::by_ids(db, scope, ids.to_vec(), VirtualTagColumns::all()).await?;
    let mut found: HashMap<i64, _> = found.into_iter().map(|tag| (tag.id, tag)).collect();
    let changed: HashSet<i64> = changed.iter().map(|tag| tag.id).collect();
    let item = |&id: &i64| {
        let tag = found.remove(&id);
        let problem = match &tag {
            None => Some(not_found()),
            Some(tag) if changed.contains(&tag.id) => None,
            Some(tag) => Some(decision.why_not(tag)),
        };
        ItemResult { id, tag, problem }
    };
    Ok(Decisions {
        items: ids.iter().map(item).collect(),
    })
}
