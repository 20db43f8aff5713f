//! The type `Rule`.

use crate::domain::rules::RuleRow;
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::id::RuleKind;
use crate::graphql::state::ContextExt;
use crate::graphql::types::row::row_object;
use crate::graphql::types::rule_version::RuleVersion;
use async_graphql::Context;
use chrono::{DateTime, Utc};

/// Largest number of versions in one list.
const MAX_VERSIONS: i32 = 50;

row_object! {
    /// Rule that proposes a tag for each resource on which the condition is true.
    pub struct RuleObject("Rule", RuleKind) of RuleRow {
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
        /// True if the value overrides native tags.
        corrects: bool,
        /// Start of effect; null for none.
        effective_from: Option<DateTime<Utc>>,
        /// End of effect; null for none.
        effective_to: Option<DateTime<Utc>>,
        /// True if the time is between start and end of effect.
        in_effect: bool,
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

    /// Versions of the rule, newest first.
    pub async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of versions, up to 50.", default = 10)] first: i32,
    ) -> FieldResult<Vec<RuleVersion>> {
        let most = u64::try_from(first.clamp(0, MAX_VERSIONS)).unwrap_or_default();
        let versions = ctx.loaders()?.rule_versions.load((self.0.id, most)).await?;
        let versions = versions.unwrap_or_default();
        Ok(versions.iter().map(RuleVersion::of).collect::<Result<_, _>>()?)
    }
}
