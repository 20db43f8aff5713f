//! The types `RuleSuggestion` and `SuggestedTag`.

use crate::domain::suggestions::{Suggestion, SuggestionStatus, TagOffer};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::scalars::id::RuleSuggestionKind;
use crate::graphql::state::ContextExt;
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::{db_enum, row_object};
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;

db_enum! {
    /// Status of a suggestion.
    pub enum SuggestionStatusEnum("SuggestionStatus") mirrors SuggestionStatus {
        /// The suggestion waits for a decision.
        Open,
        /// The suggestion was accepted: rules approve its tags.
        Accepted,
        /// The suggestion was dismissed.
        Dismissed,
    }
}

row_object! {
    /// Suggestion of rules: resources that have something in common, and the tags that one decision settles for all of them.
    pub struct RuleSuggestion("RuleSuggestion", RuleSuggestionKind) of Suggestion {
        /// CEL expression over `resource`, true on the resources of the suggestion: the condition of the rules.
        condition: &str,
        /// Common property of the resources, in words.
        description: &str,
        /// Number of the resources when the suggestion was mined.
        resource_count: i64,
        /// Cost of the resources in the latest complete month when the suggestion was mined, in the currency in which most of
        /// the month is billed; a rounded figure, by which suggestions are weighed; null if no cost is known.
        cost: Option<f64>,
        /// Rank: what a decision is expected to settle.
        gain: f64,
        /// Signature of the evidence; another one if the suggested tags or what speaks for them has changed.
        signature: &str,
        /// Status.
        status: SuggestionStatusEnum,
        /// Time at which the suggestion was mined last.
        mined_at: DateTime<Utc>,
        /// Actor who accepted or dismissed the suggestion.
        decided_by: Option<&str>,
        /// Time of the decision.
        decided_at: Option<DateTime<Utc>>,
        /// Reason for the decision, or for its revocation.
        decision_reason: Option<&str>,
    }

    /// Accounts of the resources.
    async fn accounts(&self) -> &[String] {
        &self.0.accounts
    }

    /// Tags that a decision settles, one for each key.
    async fn tags(&self) -> FieldResult<Vec<SuggestedTagObject>> {
        Ok(self.0.offers()?.into_iter().map(Into::into).collect())
    }

    /// Random resources of the suggestion, at most ten; those first about which the engine is least sure.
    async fn samples(&self, ctx: &Context<'_>) -> FieldResult<Vec<Resource>> {
        let loaders = ctx.loaders()?;
        let columns = projection::resource(ctx);
        let samples = self.0.samples.iter().map(|id| loaders.resources.load((*id, columns)));
        let samples = try_join_all(samples).await?;
        Ok(samples.into_iter().flatten().map(Into::into).collect())
    }

    /// Resources that match the condition now. The total is the number of the time when the suggestion was mined.
    async fn resources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<Resource>> {
        let args = PageArgs::new(first, after, last, before);
        ctx.loaders()?.members_of_suggestion.connection(ctx, self.0.id, (), args, || (), None).await
    }
}

/// Tag that a suggestion would settle.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "SuggestedTag")]
pub struct SuggestedTagObject {
    /// Tag key.
    tag_key: String,
    /// Tag value; empty if nothing tells it, in which case the acceptance must give it.
    tag_value: String,
    /// Resources of the suggestion on which this value holds.
    agreeing: i64,
    /// Resources of the suggestion on which another value holds.
    contradicting: i64,
    /// Resources of the suggestion on which no value holds.
    open: i64,
    /// Lower bound (95 %) of the share of the open resources for which the value is right.
    precision_lower_bound: f64,
    /// Other values that hold on resources of the suggestion, the most frequent first.
    conflicts: Vec<ConflictingValue>,
}

/// Value that holds on resources of a suggestion in place of the suggested one.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConflictingValue {
    /// Tag value.
    tag_value: String,
    /// Number of resources.
    count: i64,
}

impl From<TagOffer> for SuggestedTagObject {
    fn from(offer: TagOffer) -> Self {
        let conflicts = offer.conflicts.into_iter();
        Self {
            tag_key: offer.key,
            tag_value: offer.value,
            agreeing: offer.agreeing,
            contradicting: offer.contradicting,
            open: offer.open,
            precision_lower_bound: offer.precision_lower_bound,
            conflicts: conflicts
                .map(|(tag_value, count)| ConflictingValue { tag_value, count })
                .collect(),
        }
    }
}
