//! Rules.

use crate::domain::rules::RuleRow as Row;
use crate::graphql::scalars::id::{Id, RuleKind};
use async_graphql::Object;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A rule.
#[derive(Clone)]
pub struct Rule(Arc<Row>);

impl From<Arc<Row>> for Rule {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for Rule {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for Rule {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// A rule: where its condition holds, it proposes its tag.
#[Object]
impl Rule {
    /// The global id.
    pub async fn id(&self) -> Id<RuleKind> {
        Id(self.0.id)
    }

    /// The name; unique.
    async fn rule_name(&self) -> &str {
        &self.0.rule_name
    }

    /// What it is for.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// A CEL expression over `resource`.
    async fn condition(&self) -> &str {
        &self.0.condition
    }

    /// The key that it sets.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }

    /// The value that it gives: text, or a template on captures of the resource's name.
    async fn tag_value(&self) -> &str {
        &self.0.tag_value
    }

    /// Smaller numbers are tried first; equal ones in the order in which the rules were made.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// How sure its author is, from 0 to 1.
    async fn confidence(&self) -> f64 {
        self.0.confidence
    }

    /// Whether it is tried at all.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Rises with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who made it.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Who changed it last.
    async fn updated_by(&self) -> &str {
        &self.0.updated_by
    }
}
