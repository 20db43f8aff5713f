//! The query `previewRule`.

use crate::domain::evaluation;
use crate::graphql::error::Result;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule_input::RuleInput;
use crate::graphql::types::rule_preview::RulePreview;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// A rule to try.
#[derive(InputObject)]
pub struct PreviewRuleInput {
    /// What the rule says.
    rule: RuleInput,
    /// The rule that it would take the place of.
    replaces: Option<Id<RuleKind>>,
}

/// The answer to `previewRule`.
#[derive(SimpleObject)]
pub struct PreviewRuleResult {
    /// What the rule would do; null when it is refused.
    preview: Option<RulePreview>,
    /// What is wrong with the rule, with positions; empty when it can be tried.
    user_errors: Vec<UserError>,
}

/// Trying rules.
#[derive(Default)]
pub struct PreviewQuery;

#[Object]
impl PreviewQuery {
    /// Tries a rule on the caller's resources before it is saved, and changes nothing. For approvers.
    async fn preview_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: PreviewRuleInput,
    ) -> Result<PreviewRuleResult> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let replaces = input.replaces.map(|id| id.0);
        let (db, runs, rule) = (ctx.reads()?, &services.dry_runs, input.rule.into());
        let tried = evaluation::preview(db, runs, actor, &services.engine, rule, replaces).await;
        let (preview, user_errors) = split_user_errors(tried)?;
        Ok(PreviewRuleResult {
            preview: preview.map(Into::into),
            user_errors,
        })
    }
}
