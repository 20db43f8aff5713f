//! Preview of a rule: the effect that a rule would have on the resources.

use crate::domain::evaluation::{
    Example as DomainExample, Overlap as DomainOverlap, Preview as DomainPreview,
    PreviewOutcome as DomainOutcome,
};
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::types::resource::Resource;
use async_graphql::{Enum, SimpleObject};

/// What would become of a resource that the rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainOutcome")]
pub enum PreviewOutcome {
    /// The resource would get a new proposal.
    NewTag,
    /// The value holds already.
    AlreadyHolds,
    /// Another value of the key is approved.
    Conflict,
    /// A rule that goes first decides the key.
    Shadowed,
    /// Nothing would come of it: the confidence is too low, the resource's own tags state another value, or the value
    /// was denied.
    NotProposed,
}

/// How often the rule meets another of the same key.
#[derive(SimpleObject)]
pub struct RuleOverlap {
    /// The other rule.
    rule_id: Id<RuleKind>,
    /// Its name.
    rule_name: String,
    /// On so many resources.
    count: u64,
}

impl From<DomainOverlap> for RuleOverlap {
    fn from(overlap: DomainOverlap) -> Self {
        Self {
            rule_id: Id(overlap.rule_id),
            rule_name: overlap.rule_name,
            count: overlap.count,
        }
    }
}

/// A resource that the rule matches.
#[derive(SimpleObject)]
pub struct PreviewExample {
    /// The resource.
    resource: Resource,
    /// What the rule would propose.
    tag_value: String,
    /// What would become of it.
    outcome: PreviewOutcome,
}

impl From<DomainExample> for PreviewExample {
    fn from(example: DomainExample) -> Self {
        Self {
            resource: example.resource.into(),
            tag_value: example.tag_value,
            outcome: example.outcome.into(),
        }
    }
}

/// How many resources have one outcome.
#[derive(SimpleObject)]
pub struct PreviewCount {
    /// What would become of them.
    outcome: PreviewOutcome,
    /// How many there are.
    count: u64,
}

/// What a rule would do.
#[derive(SimpleObject)]
pub struct RulePreview {
    /// Resources looked at.
    examined: u64,
    /// Whether these were all; otherwise the newest ones, as many as there was time for.
    complete: bool,
    /// Of them, those that the rule matches.
    matches: u64,
    /// Resources on which the rule took too long and was given up: there it does not match.
    too_expensive: u64,
    /// The matches, by what would become of them.
    outcomes: Vec<PreviewCount>,
    /// Rules that go first where both match.
    shadowed_by: Vec<RuleOverlap>,
    /// Rules that this one goes before where both match.
    shadows: Vec<RuleOverlap>,
    /// Some of the matches.
    examples: Vec<PreviewExample>,
}

impl From<DomainPreview> for RulePreview {
    fn from(preview: DomainPreview) -> Self {
        let count = |(outcome, count): (DomainOutcome, u64)| PreviewCount {
            outcome: outcome.into(),
            count,
        };
        Self {
            examined: preview.examined,
            complete: preview.complete,
            matches: preview.matches,
            too_expensive: preview.too_expensive,
            outcomes: preview.outcomes.into_iter().map(count).collect(),
            shadowed_by: preview.shadowed_by.into_iter().map(Into::into).collect(),
            shadows: preview.shadows.into_iter().map(Into::into).collect(),
            examples: preview.examples.into_iter().map(Into::into).collect(),
        }
    }
}
