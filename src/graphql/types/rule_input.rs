//! The input `RuleInput`.

use crate::domain::rules::RuleDraft;
use async_graphql::InputObject;
use chrono::{DateTime, Utc};

/// Rule to create or preview.
#[derive(InputObject)]
pub struct RuleInput {
    /// Unique name: 1 to 200 characters.
    rule_name: String,
    /// Purpose of the rule: at most 4000 characters.
    #[graphql(default)]
    description: String,
    /// CEL expression over `resource`.
    condition: String,
    /// Tag key that the rule proposes: 1 to 128 characters.
    tag_key: String,
    /// Tag value that the rule proposes: text, or a template on captures of the resource's name; 1 to 1024 characters.
    tag_value: String,
    /// Priority: smaller numbers are tried first.
    #[graphql(default = 100)]
    priority: i32,
    /// Confidence of the proposed tag, from 0 to 1.
    #[graphql(default = 0.95)]
    confidence: f64,
    /// True if the rule is evaluated.
    #[graphql(default = true)]
    enabled: bool,
    /// True if the value overrides native tags.
    #[graphql(default = false)]
    corrects: bool,
    /// Start of effect: the rule matches no resource before this time.
    effective_from: Option<DateTime<Utc>>,
    /// End of effect: the rule matches no resource from this time on.
    effective_to: Option<DateTime<Utc>>,
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
            corrects: input.corrects,
            effective_from: input.effective_from,
            effective_to: input.effective_to,
        }
    }
}
