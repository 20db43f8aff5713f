//! Input that describes a rule.

use crate::domain::rules::RuleDraft;
use async_graphql::InputObject;

/// What a rule says.
#[derive(InputObject)]
pub struct RuleInput {
    /// The name: 1 to 200 characters, unique.
    rule_name: String,
    /// What it is for: at most 4000 characters.
    #[graphql(default)]
    description: String,
    /// A CEL expression over `resource`.
    condition: String,
    /// The key that it sets: 1 to 128 characters.
    tag_key: String,
    /// The value that it gives: text, or a template on captures of the resource's name; 1 to 1024 characters.
    tag_value: String,
    /// Smaller numbers are tried first.
    #[graphql(default = 100)]
    priority: i32,
    /// How sure its author is, from 0 to 1.
    #[graphql(default = 0.95)]
    confidence: f64,
    /// Whether it is tried at all.
    #[graphql(default = true)]
    enabled: bool,
}

impl From<RuleInput> for RuleDraft {
    fn from(input: RuleInput) -> Self {
        Self {
            rule_name: input.rule_name,
            description: input.description,
            condition: input.condition,
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            priority: input.priority,
            confidence: input.confidence,
            enabled: input.enabled,
        }
    }
}
