//! Doubts about a rule that its author should know of.

use super::draft::RuleDraft;
use crate::error::TextPosition;
use tagging::Vocabulary;

/// Kind of a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleWarningCode {
    /// The vocabulary does not know the tag key.
    UnknownKey,
    /// The vocabulary lists the values of the key, and not this one.
    UnknownValue,
    /// A place holder of another language, which is taken as text.
    UnknownTemplate,
    /// A constant that the field of no resource has.
    ImpossibleConstant,
    /// The condition holds for every resource.
    AlwaysTrue,
    /// The condition holds for no resource.
    NeverTrue,
}

/// Doubt about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWarning {
    pub code: RuleWarningCode,
    /// One sentence for the author.
    pub message: String,
    /// Input field, by its name in the domain.
    pub field: &'static str,
    /// Place in the field's text, where one is known.
    pub position: Option<TextPosition>,
}

/// Doubts about a rule that compiles.
pub(super) fn of(draft: &RuleDraft, vocabulary: &Vocabulary) -> Vec<RuleWarning> {
    let _ = (draft, vocabulary);
    Vec::new()
}
