//! Denials of the past: what is kept of a denial when the denied value is proposed again, because evidence for it is new.
//!
//! The tag says so for as long as it is proposed. When that evidence goes, the tag is denied again as it was; when it is
//! denied again by a person, both denials count.

use crate::db::Transaction;
use crate::domain::audit::{self, Cause};
use crate::entities::virtual_tag;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::{JsonValue, Value};
use serde::Deserialize;
use tagging::{EvidenceChange, EvidencePieces, Proposal};

/// A denial, and what was denied. PostgreSQL keeps more of it than is read here: see [`REMEMBERED`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PastDenial {
    /// Subject of the actor who denied the value.
    pub denied_by: String,
    /// Time of the decision.
    pub denied_at: DateTime<Utc>,
    /// Reason that the actor gave.
    pub reason: Option<String>,
    /// Evidence on which the value was denied.
    pub evidence: JsonValue,
    /// Signature of that evidence.
    pub evidence_signature: String,
    /// Evidence that is new since, for which the value is proposed again.
    pub changes: Vec<EvidenceChange>,
    /// The denial before this one.
    pub earlier: Option<Box<PastDenial>>,
}

impl PastDenial {
    /// The denial that a tag remembers; `None` if it was never denied, or is denied for the first time.
    pub fn of(tag: &virtual_tag::Model) -> Option<Self> {
        let stored = tag.past_denial.as_ref()?;
        Self::deserialize(stored).ok()
    }
}

/// Evidence for a value of a resource, by which a proposal of that value is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::domain) struct KnownEvidence {
    pieces: EvidencePieces,
    /// Signatures of evidence that is stored without its pieces.
    signatures: Vec<String>,
}

impl KnownEvidence {
    /// Evidence of a tag as it is.
    pub(in crate::domain) fn of_tag(tag: &virtual_tag::Model) -> Self {
        let mut known = Self::default();
        known.add(&tag.evidence, &tag.evidence_signature);
        known
    }

    /// Evidence of a tag that is denied, or lost against another value that was approved.
    pub(in crate::domain) fn of_turned_down(tag: &virtual_tag::Model) -> Self {
        let mut known = Self::of_denials(PastDenial::of(tag).as_ref());
        known.add(&tag.evidence, &tag.evidence_signature);
        known
    }

    /// Evidence of a denial, and of those before.
    pub(in crate::domain) fn of_denials(mut denial: Option<&PastDenial>) -> Self {
        let mut known = Self::default();
        while let Some(past) = denial {
            known.add(&past.evidence, &past.evidence_signature);
            denial = past.earlier.as_deref();
        }
        known
    }

    fn add(&mut self, evidence: &JsonValue, signature: &str) {
        let pieces = EvidencePieces::parse(evidence["pieces"].as_str().unwrap_or_default());
        if pieces.is_empty() {
            self.signatures.push(signature.to_owned());
        }
        self.pieces.extend(pieces);
    }

    /// Evidence of the proposal that is new.
    pub(in crate::domain) fn changes(&self, proposal: &Proposal) -> Vec<EvidenceChange> {
        if self.signatures.contains(&proposal.signature) {
            return Vec::new();
        }
        proposal.evidence.changes_since(&self.pieces)
    }
}

/// Value of `past_denial` for a tag `t` that is proposed with the evidence `excluded.past_denial` that is new since it was
/// denied: from the row itself, so that all of it can be restored exactly.
pub(in crate::domain) const REMEMBERED: &str = "CASE
    WHEN excluded.past_denial IS NULL THEN NULL
    WHEN t.approval_status = 'DENIED' THEN jsonb_build_object('denied_by', t.decided_by, 'denied_at', t.decided_at,
        'reason', t.decision_reason, 'decision_mode', t.decision_mode, 'source', t.source, 'confidence', t.confidence,
        'auto_applied', t.auto_applied, 'rule_id', t.rule_id, 'evidence', t.evidence,
        'evidence_signature', t.evidence_signature, 'changes', excluded.past_denial, 'earlier', t.past_denial)
    ELSE jsonb_set(t.past_denial, '{changes}', excluded.past_denial) END";

/// Denies tags again that wait only because evidence was new, as they were. `denials` are rows with an `id`; the caller holds
/// their resources.
pub(in crate::domain) async fn restore(txn: &Transaction, denials: Value, cause: &Cause) -> Result<()> {
    audit::count_with_trail(txn, RESTORE, vec![denials], cause).await?;
    Ok(())
}

const RESTORE: &str = "denial AS (
    SELECT t.id, d.* FROM jsonb_to_recordset($1) AS i(id bigint) JOIN virtual_tags t ON t.id = i.id
     CROSS JOIN LATERAL jsonb_to_record(t.past_denial) AS d(denied_by text, denied_at timestamptz, reason text,
           decision_mode text, source text, confidence float8, auto_applied boolean, rule_id bigint, evidence jsonb,
           evidence_signature text, earlier jsonb)),
    changed AS (
    UPDATE virtual_tags t SET approval_status = 'DENIED', source = d.source, confidence = d.confidence,
           auto_applied = d.auto_applied, rule_id = d.rule_id, evidence = d.evidence,
           evidence_signature = d.evidence_signature, decided_by = d.denied_by, decided_at = d.denied_at,
           decision_reason = d.reason, decision_mode = d.decision_mode, past_denial = d.earlier, updated_at = now()
      FROM denial d WHERE t.id = d.id AND t.approval_status = 'PENDING'
    RETURNING t.*, 'RESTORED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";
