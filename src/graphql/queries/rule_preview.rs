//! The query `previewRule`.

use crate::domain::evaluation;
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule_input::RuleInput;
use crate::graphql::types::rule_preview::RulePreview;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// Input of `previewRule`.
#[derive(InputObject)]
pub struct PreviewRuleInput {
    /// Rule to preview.
    rule: RuleInput,
    /// Global id of the stored rule that the previewed rule would replace.
    replaces: Option<Id<RuleKind>>,
}

/// Result of `previewRule`.
#[derive(SimpleObject)]
pub struct PreviewRuleResult {
    /// Preview; null if the rule is refused.
    preview: Option<RulePreview>,
    /// Errors of the rule, with positions; empty on success.
    user_errors: Vec<UserError>,
}

/// Queries that preview rules.
#[derive(Default)]
pub struct PreviewQuery;

#[Object]
impl PreviewQuery {
    /// Previews a rule on the caller's resources. No data is changed. For approvers.
    async fn preview_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule.")] input: PreviewRuleInput,
    ) -> FieldResult<PreviewRuleResult> {
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
