//! What a source sees of a resource, and what it proposes for it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cloud, TagSource, Vocabulary, native};
use crate::domain::rules::{Facts, RuleInput};

/// What of a resource the engine may look at.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The provider's id or ARN.
    pub resource_id: String,
    /// The resource's own name; empty if it has none.
    pub name: String,
    pub cloud: Cloud,
    /// Account, subscription or project.
    pub account_id: String,
    /// Type as the provider reports it, e.g. `rds/db`, `Microsoft.Network/virtualNetworks`.
    pub resource_type: String,
    pub region: Option<String>,
    /// Tags on the resource itself, as spelled there.
    pub native_tags: BTreeMap<String, String>,
    /// Approved virtual tags: canonical key to value.
    pub approved: BTreeMap<String, String>,
}

impl Subject {
    /// What holds for the resource now: approved virtual tags over normalised native tags.
    /// Native tags that the vocabulary does not know keep their own key and value.
    pub fn effective_tags(&self, vocabulary: &Vocabulary) -> BTreeMap<String, String> {
        let mut tags = self.approved.clone();
        for statement in native::statements(self, vocabulary) {
            tags.entry(statement.key.to_owned()).or_insert(statement.value);
        }
        for (key, value) in &self.native_tags {
            if vocabulary.canonical_key(key).is_none() {
                tags.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        tags
    }

    /// The resource as conditions of rules see it.
    pub fn rule_input(&self, vocabulary: &Vocabulary) -> RuleInput {
        RuleInput::new(&Facts {
            cloud: self.cloud,
            account_id: &self.account_id,
            resource_type: &self.resource_type,
            region: self.region.as_deref(),
            name: &self.name,
            resource_id: &self.resource_id,
            native_tags: &self.native_tags,
            tags: &self.effective_tags(vocabulary),
        })
    }
}

/// What one source proposes before merging.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Canonical tag key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    pub source: TagSource,
    /// Probability that the value is right, 0 to 1.
    pub confidence: f64,
    /// The rule that spoke, for RULE.
    pub rule_id: Option<i64>,
    /// One sentence for people.
    pub reason: String,
    /// The same on every resource that shows the same evidence, e.g. `PATTERN:name-token:prod`. Groups the
    /// approval queue; a denied tag comes back only if this changed.
    pub signature: String,
}

/// One way of finding candidates. Must be deterministic, and cheap: it runs for every resource.
pub trait CandidateSource: Send + Sync {
    /// The source that its candidates carry.
    fn source(&self) -> TagSource;

    /// Adds what it proposes for `subject` to `out`; adds nothing when it knows nothing.
    fn propose(&self, subject: &Subject, out: &mut Vec<Candidate>);
}
