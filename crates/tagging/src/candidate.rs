//! Subjects that sources see, and candidates that they propose.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence_pieces::EvidencePiece;
use crate::rules::{ConditionInput, ResourceFacts};
use crate::signature::bounded_signature;
use crate::{CloudProvider, DeniedStatement, EvidenceBasis, LosingCandidate, Signal, SourceKind, Vocabulary};

/// A resource as the engine sees it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The provider's id or ARN.
    pub resource_id: String,
    /// The resource's own name; empty if it has none.
    pub name: String,
    pub cloud: CloudProvider,
    /// Account, subscription or project.
    pub account_id: String,
    /// Type as the provider reports it, e.g. `rds/db`, `Microsoft.Network/virtualNetworks`.
    pub resource_type: String,
    pub region: Option<String>,
    /// Tags on the resource itself, as spelled there.
    pub native_tags: BTreeMap<String, String>,
    /// Approved virtual tags: canonical key to value.
    pub approved: BTreeMap<String, String>,
    /// Virtual tags that were applied and are not decided: canonical key to value. No evaluation depends on them: it says
    /// itself what is applied.
    pub applied: BTreeMap<String, String>,
    /// Native values that people denied.
    pub denied_native: BTreeSet<DeniedStatement>,
}

impl Subject {
    /// The resource as conditions of rules see it.
    pub fn rule_input(&self, vocabulary: &Vocabulary) -> ConditionInput {
        self.condition_input(Some(&self.effective_tags(vocabulary)))
    }

    /// The resource as conditions see it; without effective tags for conditions that read none.
    pub fn condition_input(&self, effective: Option<&BTreeMap<String, String>>) -> ConditionInput {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        ConditionInput::new(&ResourceFacts {
            cloud: self.cloud,
            account_id: &self.account_id,
            resource_type: &self.resource_type,
            region: self.region.as_deref(),
            name: &self.name,
            resource_id: &self.resource_id,
            native_tags: &self.native_tags,
            tags: effective.unwrap_or(&NONE),
        })
    }
}

/// Proposal of one source before merging.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Canonical tag key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    pub source: SourceKind,
    /// Probability that the value is right, 0 to 1.
    pub confidence: f64,
    /// The rule that spoke, for RULE.
    pub rule_id: Option<i64>,
    /// One sentence for people.
    pub reason: String,
    /// The same on every resource that shows the same evidence, e.g. `PATTERN:name-token:prod`. Groups the
    /// approval queue; a denied tag comes back only if this changed.
    pub signature: String,
    /// Evidence that was weighed to make it; `None` where the reason says all.
    pub weighed: Option<WeighedEvidence>,
}

/// Evidence behind a candidate that was weighed against other values before.
#[derive(Clone, Debug, PartialEq)]
pub struct WeighedEvidence {
    /// Evidence for the value, strongest first.
    pub signals: Vec<Signal>,
    /// Values that weighed less, strongest first.
    pub alternatives: Vec<LosingCandidate>,
    /// Pieces of evidence for the value, in the order of the signals, and those that are not shown; empty if the signature
    /// says all.
    pub(crate) pieces: Vec<EvidencePiece>,
}

impl WeighedEvidence {
    /// One signal of one basis, for which no resources were asked.
    pub(crate) fn of(source: SourceKind, confidence: f64, reason: &str, basis: EvidenceBasis) -> Self {
        Self {
            signals: vec![Signal {
                source,
                confidence,
                reason: reason.to_owned(),
                basis: Some(basis),
                voters: 0,
                agreeing: 0,
            }],
            alternatives: Vec::new(),
            pieces: Vec::new(),
        }
    }
}

/// Characters of a key, as `virtual_tags` takes it.
const MAX_KEY: usize = 128;
/// Bytes of a value. Indexes hold key, value and signature in one row, which has at most 2,704 bytes.
const MAX_VALUE: usize = 1000;

impl Candidate {
    /// The candidate as it can be stored; `None` for a key or value that no tag can have. A long signature, which
    /// repeats what is on the resource, keeps its beginning and stands for the rest by a hash.
    pub(crate) fn storable(mut self) -> Option<Self> {
        let key = (1..=MAX_KEY).contains(&self.key.chars().count());
        if !key || !(1..=MAX_VALUE).contains(&self.value.len()) {
            return None;
        }
        self.signature = bounded_signature(self.signature);
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::MAX_SIGNATURE;

    fn candidate(key: &str, value: &str, signature: &str) -> Candidate {
        Candidate {
            key: key.into(),
            value: value.into(),
            source: SourceKind::Native,
            confidence: 0.9,
            rule_id: None,
            reason: String::new(),
            signature: signature.into(),
            weighed: None,
        }
    }

    #[test]
    fn a_long_signature_keeps_its_beginning_and_is_told_from_others() {
        let of = |text: &str| candidate("team", "x", text).storable().unwrap().signature;
        assert_eq!(of("NATIVE:Team=x"), "NATIVE:Team=x");
        let long = "\u{6f22}".repeat(500);
        let (one, other) = (of(&format!("{long}1")), of(&format!("{long}2")));
        assert!(one.len() <= MAX_SIGNATURE && one.starts_with('\u{6f22}'), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn what_no_tag_can_have_is_no_candidate() {
        assert!(candidate(&"k".repeat(129), "x", "s").storable().is_none());
        assert!(candidate("team", "", "s").storable().is_none());
        assert!(candidate("team", &"x".repeat(1001), "s").storable().is_none());
        assert!(
            candidate(&"k".repeat(128), &"x".repeat(1000), "s")
                .storable()
                .is_some()
        );
    }
}
