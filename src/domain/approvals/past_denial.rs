//! Denials of the past: what is kept of a denial when the denied value is proposed again, because evidence for it is new.
//!
//! The tag says so for as long as it is proposed. When that evidence goes, the tag is denied again as it was; when it is
//! denied again by a person, both denials count.

use crate::db::Transaction;
use crate::domain::audit::{self, Cause};
use crate::entities::{TagSource, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::{JsonValue, Value};
use serde::{Deserialize, Serialize};
use tagging::{EvidenceChange, EvidencePieces, Proposal};

/// A denial, and what was denied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastDenial {
    /// Subject of the actor who denied the value.
    pub denied_by: String,
    /// Time of the decision.
    pub denied_at: DateTime<Utc>,
    /// Reason that the actor gave.
    pub reason: Option<String>,
    /// Source of the value that was denied.
    pub source: TagSource,
    /// Confidence of the value that was denied.
    pub confidence: f64,
    /// True if the value was applied before it was denied.
    pub auto_applied: bool,
    /// Rule that gave the value.
    pub rule_id: Option<i64>,
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
    /// The denial of a tag that is denied.
    pub(in crate::domain) fn of_denied(tag: &virtual_tag::Model) -> Option<Self> {
        Some(Self {
            denied_by: tag.decided_by.clone()?,
            denied_at: tag.decided_at?,
            reason: tag.decision_reason.clone(),
            source: tag.source,
            confidence: tag.confidence,
            auto_applied: tag.auto_applied,
            rule_id: tag.rule_id,
            evidence: tag.evidence.clone(),
            evidence_signature: tag.evidence_signature.clone(),
            changes: Vec::new(),
            earlier: Self::of(tag).map(Box::new),
        })
    }

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

/// Denies tags again that wait only because evidence was new. `denials` are rows of the columns of `RESTORE`; the caller holds
/// their resources.
pub(in crate::domain) async fn restore(txn: &Transaction, denials: Value, cause: &Cause) -> Result<()> {
    audit::count_with_trail(txn, RESTORE, vec![denials], cause).await?;
    Ok(())
}

const RESTORE: &str = "changed AS (
    UPDATE virtual_tags t SET approval_status = 'DENIED', source = i.source, confidence = i.confidence,
           auto_applied = i.auto_applied, rule_id = i.rule_id, evidence = i.evidence,
           evidence_signature = i.evidence_signature, decided_by = i.denied_by, decided_at = i.denied_at,
           decision_reason = i.reason, past_denial = i.past_denial, updated_at = now()
      FROM jsonb_to_recordset($1) AS i(id bigint, source text, confidence float8, auto_applied boolean, rule_id bigint,
           evidence jsonb, evidence_signature text, denied_by text, denied_at timestamptz, reason text,
           past_denial jsonb)
     WHERE t.id = i.id AND t.approval_status = 'PENDING'
    RETURNING t.*, 'RESTORED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";
