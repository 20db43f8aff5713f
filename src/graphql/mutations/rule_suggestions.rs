//! Mutations of suggestions.

use crate::domain::suggestions::{self, Accepted, Revoked, Suggestion, SuggestionAcceptance, TagChoice};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::{payload, payloads};
use crate::graphql::scalars::id::{Id, RuleSuggestionKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::rule::RuleObject;
use crate::graphql::types::rule_suggestion::RuleSuggestion;
use async_graphql::{Context, InputObject, Object};

/// Input of `acceptRuleSuggestion`.
#[derive(InputObject)]
pub struct AcceptRuleSuggestionInput {
    /// Global id.
    id: Id<RuleSuggestionKind>,
    /// Tags to accept, each with a key of the suggestion; all as suggested if omitted. The other keys are left open.
    tags: Option<Vec<AcceptedTagInput>>,
    /// Signature that the caller has read; the acceptance is refused if the suggestion is another since.
    signature: Option<String>,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Tag to accept.
#[derive(InputObject)]
pub struct AcceptedTagInput {
    /// Tag key.
    tag_key: String,
    /// Tag value, as suggested or another one.
    tag_value: String,
}

/// Input of `dismissRuleSuggestion`.
#[derive(InputObject)]
pub struct DismissRuleSuggestionInput {
    /// Global id.
    id: Id<RuleSuggestionKind>,
    /// Reason, stored with the suggestion.
    reason: Option<String>,
}

/// Input of `revokeRuleSuggestion`.
#[derive(InputObject)]
pub struct RevokeRuleSuggestionInput {
    /// Global id.
    id: Id<RuleSuggestionKind>,
    /// Reason, recorded with the deleted rules and in the audit trail of the withdrawn tags.
    reason: Option<String>,
}

impl From<AcceptRuleSuggestionInput> for SuggestionAcceptance {
    fn from(input: AcceptRuleSuggestionInput) -> Self {
        let choice = |tag: AcceptedTagInput| TagChoice {
            key: tag.tag_key,
            value: tag.tag_value,
        };
        Self {
            id: input.id.0,
            tags: input.tags.map(|tags| tags.into_iter().map(choice).collect()),
            signature: input.signature,
            reason: input.reason,
        }
    }
}

payload! {
    /// Payload of `acceptRuleSuggestion`.
    AcceptRuleSuggestionPayload of accepted: Accepted {
        /// Accepted suggestion; null if refused.
        suggestion: Option<RuleSuggestion> = Some(accepted.suggestion.into()),
        /// Rules that approve the tags, one for each key; null if refused.
        rules: Option<Vec<RuleObject>> = Some(accepted.rules.into_iter().map(Into::into).collect()),
        /// Run that approves the tags; null if refused, or accepted before.
        run: Option<JobRun> = accepted.run.map(Into::into),
    }
}

payload! {
    /// Payload of `revokeRuleSuggestion`.
    RevokeRuleSuggestionPayload of revoked: Revoked {
        /// Suggestion, open again; null if refused.
        suggestion: Option<RuleSuggestion> = Some(revoked.suggestion.into()),
        /// Deleted rules; null if refused.
        rules: Option<Vec<RuleObject>> = Some(revoked.rules.into_iter().map(Into::into).collect()),
        /// Run that withdraws the tags; null if refused.
        run: Option<JobRun> = revoked.run.map(Into::into),
    }
}

payloads! {
    /// Payload of `dismissRuleSuggestion`.
    DismissRuleSuggestionPayload {
        /// Dismissed suggestion; null if refused.
        suggestion: RuleSuggestion, from Suggestion
    }
}

/// Mutations of suggestions.
#[derive(Default)]
pub struct RuleSuggestionMutation;

#[Object]
impl RuleSuggestionMutation {
    /// Accepts a suggestion: creates a rule for each tag. The tags are approved in the name of the caller on all resources
    /// that match, now and later, unless a native tag or a decision on the resource says otherwise. Repeating an
    /// acceptance is harmless. For approvers.
    async fn accept_rule_suggestion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Suggestion and tags.")] input: AcceptRuleSuggestionInput,
    ) -> FieldResult<AcceptRuleSuggestionPayload> {
        let services = ctx.services()?;
        let (db, vocabulary) = (&services.db, &services.engine.vocabulary());
        let accepted = suggestions::accept(db, ctx.actor()?, vocabulary, input.into()).await;
        AcceptRuleSuggestionPayload::of(accepted)
    }

    /// Dismisses a suggestion: the same is not suggested again on the same evidence. Repeating a dismissal is harmless.
    /// For approvers.
    async fn dismiss_rule_suggestion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Suggestion to dismiss.")] input: DismissRuleSuggestionInput,
    ) -> FieldResult<DismissRuleSuggestionPayload> {
        let (db, id) = (&ctx.services()?.db, input.id.0);
        let dismissed = suggestions::dismiss(db, ctx.actor()?, id, input.reason).await;
        DismissRuleSuggestionPayload::of(dismissed)
    }

    /// Revokes an accepted suggestion: deletes its rules and withdraws the tags that only these rules support. Tags that
    /// were decided one by one stay. For approvers.
    async fn revoke_rule_suggestion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Suggestion to revoke.")] input: RevokeRuleSuggestionInput,
    ) -> FieldResult<RevokeRuleSuggestionPayload> {
        let (db, id) = (&ctx.services()?.db, input.id.0);
        RevokeRuleSuggestionPayload::of(suggestions::revoke(db, ctx.actor()?, id, input.reason).await)
    }
}
