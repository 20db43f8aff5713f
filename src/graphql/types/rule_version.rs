//! The type `RuleVersion`.

use crate::domain::rules::history::{RuleDefinition, RuleVersionRow};
use crate::error::Result;
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

/// Version of a rule: the definition after one change.
#[derive(SimpleObject)]
pub struct RuleVersion {
    /// Version number.
    version: i32,
    /// Time of the change.
    changed_at: DateTime<Utc>,
    /// Actor who made the change.
    changed_by: String,
    /// Name.
    rule_name: String,
    /// Purpose of the rule.
    description: String,
    /// CEL expression over `resource`.
    condition: String,
    /// Tag key that the rule proposes.
    tag_key: String,
    /// Tag value that the rule proposes, or a template.
    tag_value: String,
    /// Priority.
    priority: i32,
    /// Confidence of the proposed tag, from 0 to 1.
    confidence: f64,
    /// True if the rule is evaluated.
    enabled: bool,
    /// True if the value overrides native tags.
    corrects: bool,
    /// Start of effect; null for none.
    effective_from: Option<DateTime<Utc>>,
    /// End of effect; null for none.
    effective_to: Option<DateTime<Utc>>,
}

impl RuleVersion {
    /// Reads a stored version.
    pub fn of(row: &RuleVersionRow) -> Result<Self> {
        let definition = RuleDefinition::of(row)?;
        Ok(Self {
            version: row.version,
            changed_at: row.changed_at,
            changed_by: row.changed_by.clone(),
            rule_name: definition.rule_name,
            description: definition.description,
            condition: definition.condition,
            tag_key: definition.tag_key,
            tag_value: definition.tag_value,
            priority: definition.priority,
            confidence: definition.confidence,
            enabled: definition.enabled,
            corrects: definition.corrects,
            effective_from: definition.effective_from,
            effective_to: definition.effective_to,
        })
    }
}
