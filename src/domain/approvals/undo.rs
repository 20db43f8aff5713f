//! Taking a decision back.

use super::{Decisions, VirtualTag, check_reason, distinct, lock_resources, outcomes};
use crate::domain::audit::{self, Cause};
use crate::domain::auth::{Actor, Role};
use crate::entities::ApprovalStatus;
use crate::error::{Problem, ProblemCode, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};

/// Takes back the decisions on these tags: they are PENDING again, and what an approval had superseded stands
/// where it stood before. A tag that is not approved or denied stays as it is and is reported.
pub async fn undo(
    db: &DatabaseConnection,
    actor: &Actor,
    ids: Vec<i64>,
    reason: Option<String>,
) -> Result<Decisions> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let ids = distinct(ids)?;
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    let txn = db.begin().await?;
    lock_resources(&txn, &ids, actor).await?;
    let reopen = "chosen AS (SELECT id, approval_status AS old_status FROM virtual_tags
             WHERE id = ANY($1) AND approval_status IN ('APPROVED', 'DENIED')
               AND ($2::text[] IS NULL OR account_id = ANY($2))),
         changed AS (UPDATE virtual_tags t SET approval_status = 'PENDING', decided_by = NULL, decided_at = NULL,
                decision_reason = NULL, updated_at = now()
              FROM chosen c WHERE t.id = c.id
            RETURNING t.*, 'UNDONE'::text AS action, t.tag_value AS old_value, c.old_status)";
    let binds = vec![ids.clone().into(), actor.scope.as_bind().into()];
    let changed: Vec<VirtualTag> = audit::with_trail(&txn, reopen, binds, &cause).await?;
    let undone = changed.iter().map(|tag| tag.id).collect();
    restore_superseded(&txn, undone, &cause).await?;
    let decisions = outcomes(&txn, actor, &ids, &changed, why_not).await?;
    txn.commit().await?;
    Ok(decisions)
}

/// Gives what approvals of `ids` had taken back to where it stood.
pub(super) async fn restore_superseded(
    txn: &impl ConnectionTrait,
    ids: Vec<i64>,
    cause: &Cause,
) -> Result<()> {
    let restore = "changed AS (UPDATE virtual_tags t SET approval_status = superseded_from, superseded_by = NULL,
                superseded_from = NULL, updated_at = now()
              WHERE superseded_by = ANY($1) AND approval_status = 'SUPERSEDED'
            RETURNING t.*, 'RESTORED'::text AS action, t.tag_value AS old_value, 'SUPERSEDED'::text AS old_status)";
    audit::with_trail::<VirtualTag>(txn, restore, vec![ids.into()], cause).await?;
    Ok(())
}

fn why_not(tag: &VirtualTag) -> Problem {
    let message = match tag.approval_status {
        ApprovalStatus::Superseded => "superseded; undo the approval that took its place",
        _ => "not decided, so there is nothing to take back",
    };
    Problem::field(ProblemCode::Conflict, "ids", message)
}
