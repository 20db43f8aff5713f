//! Preview of a rule: the effect that a rule would have on the resources.

use crate::domain::evaluation::{Example, Overlap, Preview, PreviewOutcome};
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::db_enum;
use crate::graphql::types::rule_warning::RuleWarningObject;
use async_graphql::SimpleObject;

db_enum! {
    /// Outcome of a previewed rule on a matching resource.
    pub enum PreviewOutcomeEnum("PreviewOutcome") mirrors PreviewOutcome {
        /// The resource would have a new proposal.
        NewTag,
        /// The proposal would replace another pending tag.
        Change,
        /// A tag with the same value is pending.
        AlreadyProposed,
        /// A tag with the same value is in effect.
        AlreadyHolds,
        /// Another value of the key is approved, or stated by the resource's own tags.
        Conflict,
        /// The native tags have another value: the value is suggested as a contradiction if the rule is sure.
        NativeConflict,
        /// A rule of higher precedence decides the key.
        Shadowed,
        /// The confidence is too low, or the value was denied.
        NotProposed,
    }
}

/// Overlap of the previewed rule with another rule of the same key.
#[derive(SimpleObject)]
pub struct RuleOverlap {
    /// Global id of the other rule.
    rule_id: Id<RuleKind>,
    /// Name of the other rule.
    rule_name: String,
    /// Number of resources that both rules match.
    count: u64,
}

impl From<Overlap> for RuleOverlap {
    fn from(overlap: Overlap) -> Self {
        Self {
            rule_id: Id(overlap.rule_id),
            rule_name: overlap.rule_name,
            count: overlap.count,
        }
    }
}

/// Resource that the previewed rule matches.
#[derive(SimpleObject)]
pub struct PreviewExample {
    /// Resource.
    resource: Resource,
    /// Tag value that the rule would propose.
    tag_value: String,
    /// Outcome on the resource.
    outcome: PreviewOutcomeEnum,
}

impl From<Example> for PreviewExample {
    fn from(example: Example) -> Self {
        Self {
            resource: example.resource.into(),
            tag_value: example.tag_value,
            outcome: example.outcome.into(),
        }
    }
}

/// Number of resources with one outcome.
#[derive(SimpleObject)]
pub struct PreviewCount {
    /// Outcome on the resources.
    outcome: PreviewOutcomeEnum,
    /// Count.
    count: u64,
}

/// Preview of a rule.
#[derive(SimpleObject)]
pub struct RulePreview {
    /// Number of examined resources.
    examined: u64,
    /// True if all resources were examined; otherwise the newest ones, as many as time allowed.
    complete: bool,
    /// Number of examined resources that the rule matches.
    matches: u64,
    /// Number of matches whose outcome was determined: a sample spread evenly over the matches if fewer than `matches`.
    outcomes_examined: u64,
    /// Number of resources on which the rule exceeded the time limit and does not match.
    too_expensive: u64,
    /// Numbers of matches by outcome, of those whose outcome was determined.
    outcomes: Vec<PreviewCount>,
    /// Overlapping rules of higher precedence.
    shadowed_by: Vec<RuleOverlap>,
    /// Overlapping rules of lower precedence.
    shadows: Vec<RuleOverlap>,
    /// Examples of matches, up to five for each outcome.
    examples: Vec<PreviewExample>,
    /// Warnings about the rule.
    warnings: Vec<RuleWarningObject>,
}

impl From<Preview> for RulePreview {
    fn from(preview: Preview) -> Self {
        let count = |(outcome, count): (PreviewOutcome, u64)| PreviewCount {
            outcome: outcome.into(),
            count,
        };
        Self {
            examined: preview.examined,
            complete: preview.complete,
            matches: preview.matches,
            outcomes_examined: preview.outcomes_examined,
            too_expensive: preview.too_expensive,
            outcomes: preview.outcomes.into_iter().map(count).collect(),
            shadowed_by: preview.shadowed_by.into_iter().map(Into::into).collect(),
            shadows: preview.shadows.into_iter().map(Into::into).collect(),
            examples: preview.examples.into_iter().map(Into::into).collect(),
            warnings: preview.warnings.into_iter().map(Into::into).collect(),
        }
    }
}
