//! The statements by which a decision changes tags, shared by decisions in the response, runs, manual edits and imports.

use super::decision::Decision;
use super::undo;
use crate::auth::AccountScope;
use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause, ChangedTag};
use crate::domain::revision;
use crate::entities::DecisionMode;
use crate::error::Result;
use sea_orm::{ActiveEnum, ConnectionTrait, Value};

/// Locks the resources of the tags. Every writer of a resource's tags holds the row of the resource, so evaluation,
/// decisions and edits of one resource are serial; rows are locked in the order of ids, which excludes deadlocks.
pub(super) async fn lock_resources(
    db: &impl ConnectionTrait,
    tag_ids: &[i64],
    scope: &AccountScope,
) -> Result<()> {
    let lock = "SELECT 1 FROM resources WHERE id IN (SELECT resource_id FROM virtual_tags
                 WHERE id = ANY($1) AND ($2::text[] IS NULL OR account_id = ANY($2)))
                 ORDER BY id FOR NO KEY UPDATE";
    sql::execute(db, lock, [tag_ids.to_vec().into(), scope.as_bind().into()]).await?;
    Ok(())
}

/// Applies the decision to those of `ids` that it can be made about, and returns them. The caller holds their resources.
pub(super) async fn apply(
    txn: &Transaction,
    scope: &AccountScope,
    (decision, mode): (Decision, DecisionMode),
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let changed = match decision {
        Decision::Approve => approve(txn, scope, mode, ids, cause).await?,
        Decision::Deny => deny(txn, scope, mode, ids, cause).await?,
        Decision::Undo => undo::reopen(txn, scope, ids, cause).await?,
    };
    let mut resources: Vec<i64> = changed.iter().map(|tag| tag.resource_id).collect();
    resources.sort_unstable();
    resources.dedup();
    revision::make_due(txn, resources).await?;
    Ok(changed)
}

/// Approves those of `ids` that are pending. Of several values of one key on one resource the most confident
/// wins; the others are superseded with the rest.
async fn approve(
    txn: &Transaction,
    scope: &AccountScope,
    mode: DecisionMode,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let winner =
        "winner AS (SELECT DISTINCT ON (resource_id, tag_key) id, resource_id, tag_key FROM virtual_tags
         WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
         ORDER BY resource_id, tag_key, confidence DESC, id)";
    let binds = || vec![ids.to_vec().into(), scope.as_bind().into()];
    supersede(txn, winner, None, Some(mode), binds(), cause).await?;
    // The winners are still the same: those of `ids` that lost are no longer pending.
    let approve = format!(
        "{winner},
         changed AS (UPDATE virtual_tags t SET approval_status = 'APPROVED', decided_by = $3, decided_at = now(),
                decision_reason = $4, decision_mode = $5, approved_by_rule = false, updated_at = now()
              FROM winner w WHERE t.id = w.id
            RETURNING t.*, 'APPROVED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)"
    );
    audit::ids_with_trail(txn, &approve, with_decision(binds(), mode, cause), cause).await
}

async fn deny(
    txn: &Transaction,
    scope: &AccountScope,
    mode: DecisionMode,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let deny = "changed AS (UPDATE virtual_tags t SET approval_status = 'DENIED', decided_by = $3,
                decided_at = now(), decision_reason = $4, decision_mode = $5, updated_at = now()
              WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
            RETURNING t.*, 'DENIED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";
    let binds = vec![ids.to_vec().into(), scope.as_bind().into()];
    audit::ids_with_trail(txn, deny, with_decision(binds, mode, cause), cause).await
}

fn with_decision(mut binds: Vec<Value>, mode: DecisionMode, cause: &Cause) -> Vec<Value> {
    binds.extend([
        cause.actor.clone().into(),
        cause.reason.clone().into(),
        mode.to_value().into(),
    ]);
    binds
}

/// Supersedes the pending and approved tags that lose to a winner: those of the same key on the same resource. Called
/// before the winners are approved, because a key has at most one approved value at any moment.
///
/// `winner` is the text of common table expressions up to and including `winner (id, resource_id, tag_key)`, over
/// `values`; `spared` a query of ids of tags that do not lose; `mode` the way in which a person judged those that were
/// proposed, by approving the winner. Each winner looks into the index, whatever the planner estimates for their number.
pub(super) async fn supersede(
    txn: &Transaction,
    winner: &str,
    spared: Option<&str>,
    mode: Option<DecisionMode>,
    values: Vec<Value>,
    cause: &Cause,
) -> Result<()> {
    let spared = spared.map_or_else(String::new, |spared| format!("WHERE t.id NOT IN ({spared})"));
    let mode = mode.map_or_else(|| "NULL".to_owned(), |mode| format!("'{}'", mode.to_value()));
    let supersede = format!(
        "{winner},
         loser AS (
            SELECT t.id, t.approval_status AS old_status, w.id AS winner_id FROM winner w CROSS JOIN LATERAL (
                SELECT id, approval_status FROM virtual_tags t
                 WHERE t.resource_id = w.resource_id AND t.tag_key = w.tag_key AND t.id <> w.id
                   AND t.approval_status IN ('PENDING', 'APPROVED') OFFSET 0) t {spared}),
         changed AS (
            UPDATE virtual_tags t SET approval_status = 'SUPERSEDED', superseded_by = l.winner_id,
                   superseded_from = l.old_status, updated_at = now(),
                   decision_mode = CASE l.old_status WHEN 'PENDING' THEN {mode} ELSE t.decision_mode END
              FROM loser l WHERE t.id = l.id
            RETURNING t.*, 'SUPERSEDED'::text AS action, t.tag_value AS old_value, l.old_status)"
    );
    audit::count_with_trail(txn, &supersede, values, cause).await?;
    Ok(())
}
