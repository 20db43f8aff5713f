//! The entry of every decision that a person makes about existing tags, be it one, a selection, or an undo.

use super::apply::{apply, lock_resources};
use super::bulk;
use super::decision::{DecideJob, Decision, DecisionOutcome, Decisions, ItemResult, not_found};
use super::limits::check_reason;
use super::selection::Selection;
use super::tags;
use crate::auth::{AccountScope, Actor, Role};
use crate::db::{Begin, sql};
use crate::domain::audit::{Cause, ChangedTag};
use crate::entities::DecisionMode;
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::collections::{HashMap, HashSet};

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
    selection: Selection,
    reason: Option<String>,
) -> Result<DecisionOutcome> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let selected = selection.resolve(db, actor, decision).await?;
    if let Some(ids) = selected.ids_if_small(db).await? {
        let decided = decide_ids(db, actor, (decision, selected.mode()), &ids, reason);
        return Ok(DecisionOutcome::Immediate(decided.await?));
    }
    let run = bulk::defer(db, actor, &DecideJob { decision, reason }, selected).await?;
    Ok(DecisionOutcome::Deferred(Box::new(run)))
}

async fn decide_ids(
    db: &DatabaseConnection,
    actor: &Actor,
    (decision, mode): (Decision, DecisionMode),
    ids: &[i64],
    reason: Option<String>,
) -> Result<Decisions> {
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    sql::retried(async || {
        let txn = db.begin().await?;
        lock_resources(&txn, ids, &actor.scope).await?;
        let changed = apply(&txn, &actor.scope, (decision, mode), ids, &cause).await?;
        let decisions = results(&txn, &actor.scope, decision, ids, &changed).await?;
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
    let found = tags::by_ids(db, scope, ids.to_vec()).await?;
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
