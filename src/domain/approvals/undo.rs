//! Undo: decided tags become PENDING again, and what their approvals superseded is restored. A value that a denial named as the
//! right one goes with the denial.

use crate::auth::AccountScope;
use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause, ChangedTag};
use crate::error::Result;
use sea_orm::FromQueryResult;

/// Reopens those of `ids` that are decided: PENDING again or, on a retired resource, withdrawn.
pub(super) async fn reopen(
    txn: &Transaction,
    scope: &AccountScope,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let corrected = corrected_values(txn, scope, ids).await?;
    let approved = [ids, corrected.as_slice()].concat();
    let superseded = superseded_by_approval(txn, scope, &approved).await?;
    let reopen = "chosen AS (SELECT id, approval_status AS old_status FROM virtual_tags
             WHERE id = ANY($1) AND approval_status IN ('APPROVED', 'DENIED')
               AND ($2::text[] IS NULL OR account_id = ANY($2))),
         changed AS (UPDATE virtual_tags t
                SET approval_status = CASE WHEN r.retired_at IS NULL THEN 'PENDING' ELSE 'SUPERSEDED' END,
                decided_by = NULL, decided_at = NULL, decision_reason = NULL, decision_mode = NULL, updated_at = now()
              FROM chosen c, resources r WHERE t.id = c.id AND r.id = t.resource_id
            RETURNING t.*, 'UNDONE'::text AS action, t.tag_value AS old_value, c.old_status)";
    let binds = vec![ids.to_vec().into(), scope.as_bind().into()];
    let changed = audit::ids_with_trail(txn, reopen, binds, cause).await?;
    withdraw(txn, corrected, cause).await?;
    restore(txn, superseded, cause).await?;
    Ok(changed)
}

/// Tags that were approved in place of those of `ids` that are denied: by the same decision, so at the same time, which is
/// that of its transaction.
async fn corrected_values(txn: &Transaction, scope: &AccountScope, ids: &[i64]) -> Result<Vec<i64>> {
    #[derive(FromQueryResult)]
    struct CorrectedTag {
        id: i64,
    }
    let corrected = "SELECT DISTINCT w.id FROM virtual_tags d JOIN virtual_tags w
             ON w.resource_id = d.resource_id AND w.tag_key = d.tag_key AND w.decided_at = d.decided_at
         WHERE d.id = ANY($1) AND d.approval_status = 'DENIED' AND w.approval_status = 'APPROVED' AND w.source = 'MANUAL'
           AND ($2::text[] IS NULL OR d.account_id = ANY($2))";
    let binds = [ids.to_vec().into(), scope.as_bind().into()];
    let corrected: Vec<CorrectedTag> = sql::rows(txn, corrected, binds).await?;
    Ok(corrected.into_iter().map(|tag| tag.id).collect())
}

/// Withdraws approved tags, as if they had never been made.
async fn withdraw(txn: &Transaction, ids: Vec<i64>, cause: &Cause) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let withdraw = "changed AS (UPDATE virtual_tags t SET approval_status = 'SUPERSEDED', superseded_by = NULL,
                superseded_from = NULL, decided_by = NULL, decided_at = NULL, decision_reason = NULL, decision_mode = NULL,
                updated_at = now()
              WHERE t.id = ANY($1)
            RETURNING t.*, 'WITHDRAWN'::text AS action, t.tag_value AS old_value, 'APPROVED'::text AS old_status)";
    audit::ids_with_trail(txn, withdraw, vec![ids.into()], cause).await?;
    Ok(())
}

/// Tags that the present approvals of `ids` superseded; not those that an earlier approval of the same tag superseded,
/// because another value may have been approved since. Both rows carry the time of the same transaction.
pub(super) async fn superseded_by_approval(
    txn: &Transaction,
    scope: &AccountScope,
    ids: &[i64],
) -> Result<Vec<i64>> {
    #[derive(FromQueryResult)]
    struct SupersededTag {
        id: i64,
    }
    let superseded = "SELECT t.id FROM virtual_tags t JOIN virtual_tags w ON w.id = t.superseded_by
         WHERE w.id = ANY($1) AND w.approval_status = 'APPROVED' AND t.approval_status = 'SUPERSEDED'
           AND t.updated_at = w.decided_at AND ($2::text[] IS NULL OR w.account_id = ANY($2))";
    let binds = [ids.to_vec().into(), scope.as_bind().into()];
    let superseded: Vec<SupersededTag> = sql::rows(txn, superseded, binds).await?;
    Ok(superseded.into_iter().map(|tag| tag.id).collect())
}

/// Restores the status that superseded tags had before. What was pending on a resource that is retired since is
/// withdrawn, as the retirement would have done: it would never be decided.
pub(super) async fn restore(txn: &Transaction, ids: Vec<i64>, cause: &Cause) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let restore = "chosen AS (SELECT t.id, t.superseded_from = 'PENDING' AND r.retired_at IS NOT NULL AS gone
              FROM virtual_tags t JOIN resources r ON r.id = t.resource_id WHERE t.id = ANY($1)),
         changed AS (UPDATE virtual_tags t
                SET approval_status = CASE WHEN c.gone THEN 'SUPERSEDED' ELSE t.superseded_from END,
                decision_mode = CASE t.superseded_from WHEN 'APPROVED' THEN t.decision_mode END,
                superseded_by = NULL, superseded_from = NULL, updated_at = now()
              FROM chosen c WHERE t.id = c.id
            RETURNING t.*, CASE WHEN c.gone THEN 'WITHDRAWN' ELSE 'RESTORED' END AS action,
                t.tag_value AS old_value, 'SUPERSEDED'::text AS old_status)";
    audit::ids_with_trail(txn, restore, vec![ids.into()], cause).await?;
    Ok(())
}
