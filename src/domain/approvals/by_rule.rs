//! Approvals that nobody gives tag by tag: those of accepted suggestions, and those of keys that are approved automatically.
//! Both are made, and taken back, by the evaluation.

use super::apply::supersede;
use super::undo;
use crate::auth::Actor;
use crate::db::Transaction;
use crate::domain::audit::{self, Cause};
use crate::error::Result;
use sea_orm::Value;
use serde::Serialize;

/// Person who accepted the suggestion that a rule was made of, or the policy of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    pub decided_by: String,
    pub decision_reason: Option<String>,
}

impl Acceptance {
    /// Acceptance by a key whose `approval` is `AUTOMATIC`.
    pub(in crate::domain) fn by_policy() -> Self {
        Self {
            decided_by: Actor::system("approval_policy").subject,
            decision_reason: Some("approval of the key is AUTOMATIC".to_owned()),
        }
    }
}

/// Approves tags in the names of those who accepted them, and supersedes what waits for their keys. `approvals` are
/// rows of the columns of `APPROVE`; the caller holds their resources, and no other value of a key is approved there.
pub(in crate::domain) async fn approve(
    txn: &Transaction,
    approvals: Value,
    run_id: Option<i64>,
    cause: &Cause,
) -> Result<u64> {
    let approved = audit::ids_with_own_causes(txn, APPROVE, vec![approvals], run_id).await?;
    let ids: Vec<i64> = approved.iter().map(|tag| tag.id).collect();
    let winner = "winner AS (SELECT id, resource_id, tag_key FROM virtual_tags WHERE id = ANY($1))";
    supersede(txn, winner, None, None, vec![ids.into()], cause).await?;
    Ok(approved.len() as u64)
}

/// Withdraws tags that neither a rule nor the policy of their key approves any more, and restores what they had superseded.
/// `unsupported` are rows with an `id`; the caller holds their resources. Where the rule was deleted for a reason, the
/// trail of the tag has it.
pub(in crate::domain) async fn withdraw(
    txn: &Transaction,
    unsupported: Value,
    restored: Vec<i64>,
    cause: &Cause,
) -> Result<()> {
    let values = vec![
        unsupported,
        cause.actor.clone().into(),
        cause.reason.clone().into(),
    ];
    audit::ids_with_own_causes(txn, WITHDRAW, values, cause.run_id).await?;
    undo::restore(txn, restored, cause).await
}

/// Rows that there are already keep their time of decision, by which `undo` finds what they superseded.
const APPROVE: &str = "
    input AS (SELECT * FROM jsonb_to_recordset($1) AS i(resource_id bigint, tag_key text, tag_value text,
        source text, confidence float8, rule_id bigint, evidence jsonb, evidence_signature text, action text,
        old_status text, decided_by text, decision_reason text)),
    written AS (
        INSERT INTO virtual_tags AS t (resource_id, tag_key, tag_value, source, confidence, auto_applied,
            approval_status, rule_id, evidence, evidence_signature, cloud, account_id, resource_type, decided_by,
            decided_at, decision_reason, approved_by_rule)
        SELECT i.resource_id, i.tag_key, i.tag_value, i.source, i.confidence, false, 'APPROVED', i.rule_id,
            i.evidence, i.evidence_signature, r.cloud, r.account_id, r.resource_type, i.decided_by, now(),
            i.decision_reason, true
          FROM input i JOIN resources r ON r.id = i.resource_id ORDER BY i.resource_id, i.tag_key
        ON CONFLICT (resource_id, tag_key, tag_value) DO UPDATE SET
            source = excluded.source, confidence = excluded.confidence, auto_applied = excluded.auto_applied,
            approval_status = 'APPROVED', rule_id = excluded.rule_id, evidence = excluded.evidence,
            evidence_signature = excluded.evidence_signature, updated_at = now(), superseded_by = NULL,
            superseded_from = NULL, decided_by = excluded.decided_by, decision_reason = excluded.decision_reason,
            decided_at = CASE t.approval_status WHEN 'APPROVED' THEN t.decided_at ELSE now() END,
            approved_by_rule = true, decision_mode = NULL
        RETURNING *),
    changed AS (SELECT w.*, i.action, CASE WHEN i.old_status IS NOT NULL THEN w.tag_value END AS old_value,
            i.old_status, i.decided_by AS actor, i.decision_reason AS reason
        FROM written w JOIN input i USING (resource_id, tag_key, tag_value))";

const WITHDRAW: &str = "
    input AS (SELECT t.id, t.rule_id FROM jsonb_to_recordset($1) AS i(id bigint) JOIN virtual_tags t ON t.id = i.id),
    revoked AS MATERIALIZED (SELECT subject_id, after ->> 'reason' AS reason FROM admin_changes
        WHERE subject_type = 'RULE' AND action = 'DELETED' AND after IS NOT NULL
          AND subject_id IN (SELECT rule_id::text FROM input)),
    changed AS (UPDATE virtual_tags t SET approval_status = 'SUPERSEDED', approved_by_rule = false, superseded_by = NULL,
           superseded_from = NULL, decided_by = NULL, decided_at = NULL, decision_reason = NULL, updated_at = now()
      FROM input i WHERE t.id = i.id AND t.approval_status = 'APPROVED' AND t.approved_by_rule
    RETURNING t.*, 'WITHDRAWN'::text AS action, t.tag_value AS old_value, 'APPROVED'::text AS old_status,
        $2::text AS actor, coalesce((SELECT reason FROM revoked WHERE subject_id = t.rule_id::text), $3) AS reason)";
