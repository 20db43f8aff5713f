//! The type `Rule`.

use crate::domain::rules::RuleRow;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::types::row::row_object;
use chrono::{DateTime, Utc};

row_object! {
    /// Rule that proposes a tag for each resource on which the condition is true.
    pub struct RuleObject("Rule") of RuleRow {
        /// Unique name.
        rule_name: &str,
        /// Purpose of the rule.
        description: &str,
        /// CEL expression over `resource`.
        condition: &str,
        /// Tag key that the rule proposes.
        tag_key: &str,
        /// Tag value that the rule proposes: text, or a template on captures of the resource's name.
        tag_value: &str,
        /// Priority: smaller numbers are tried first, equal numbers in order of creation.
        priority: i32,
        /// Confidence of the proposed tag, from 0 to 1.
        confidence: f64,
        /// True if the rule is evaluated.
        enabled: bool,
        /// Version number, incremented by each change.
        version: i32,
        /// Time of creation.
        created_at: DateTime<Utc>,
        /// Actor who created the rule.
        created_by: &str,
        /// Time of the last change.
        updated_at: DateTime<Utc>,
        /// Actor who made the last change.
        updated_by: &str,
    }

    /// Global id.
    pub async fn id(&self) -> Id<RuleKind> {
        Id(self.0.id)
    }
}
