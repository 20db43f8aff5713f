//! Changing rules, and trying them before.

use crate::domain::rules::{self, RuleDraft};
use crate::graphql::error::Result;
use crate::graphql::mutations::payload::{
    CreateRulePayload, DeleteRulePayload, SetRuleEnabledPayload, UpdateRulePayload,
};
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule::Rule;
use crate::graphql::types::rule_input::RuleInput;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// What to change of a rule; fields left out stay as they are.
#[derive(InputObject)]
pub struct UpdateRuleInput {
    /// The global id.
    id: Id<RuleKind>,
    /// The version that the caller has read; when the rule has changed since, the change is refused.
    version: Option<i32>,
    /// Another name.
    rule_name: Option<String>,
    /// Another description.
    description: Option<String>,
    /// Another condition.
    condition: Option<String>,
    /// Another key.
    tag_key: Option<String>,
    /// Another value.
    tag_value: Option<String>,
    /// Another priority.
    priority: Option<i32>,
    /// Another confidence.
    confidence: Option<f64>,
    /// On or off.
    enabled: Option<bool>,
}

impl UpdateRuleInput {
    fn apply(self, draft: &mut RuleDraft) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut draft.rule_name, self.rule_name);
        set(&mut draft.description, self.description);
        set(&mut draft.condition, self.condition);
        set(&mut draft.tag_key, self.tag_key);
        set(&mut draft.tag_value, self.tag_value);
        set(&mut draft.priority, self.priority);
        set(&mut draft.confidence, self.confidence);
        set(&mut draft.enabled, self.enabled);
    }
}

/// Which rule to remove.
#[derive(InputObject)]
pub struct DeleteRuleInput {
    /// The global id.
    id: Id<RuleKind>,
}

/// Which rule to turn on or off.
#[derive(InputObject)]
pub struct SetRuleEnabledInput {
    /// The global id.
    id: Id<RuleKind>,
    /// On or off.
    enabled: bool,
}

/// In which order rules are to be tried.
#[derive(InputObject)]
pub struct ReorderRulesInput {
    /// All rules, the first to be tried first.
    ids: Vec<Id<RuleKind>>,
}

/// What came of `reorderRules`.
#[derive(SimpleObject)]
pub struct ReorderRulesPayload {
    /// The rules in their new order; null when it was refused.
    rules: Option<Vec<Rule>>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of rules.
#[derive(Default)]
pub struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Makes a rule; all resources are evaluated again. For admins.
    async fn create_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: RuleInput,
    ) -> Result<CreateRulePayload> {
        CreateRulePayload::of(rules::create(&ctx.services()?.db, ctx.actor()?, input.into()).await)
    }

    /// Changes a rule; all resources are evaluated again. For admins.
    async fn update_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateRuleInput,
    ) -> Result<UpdateRulePayload> {
        let (db, id, version) = (&ctx.services()?.db, input.id.0, input.version);
        let changed = rules::update(db, ctx.actor()?, id, version, |draft| input.apply(draft)).await;
        UpdateRulePayload::of(changed)
    }

    /// Turns a rule on or off; all resources are evaluated again. For admins.
    async fn set_rule_enabled(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rule.")] input: SetRuleEnabledInput,
    ) -> Result<SetRuleEnabledPayload> {
        let (db, id) = (&ctx.services()?.db, input.id.0);
        let turned = |draft: &mut RuleDraft| draft.enabled = input.enabled;
        SetRuleEnabledPayload::of(rules::update(db, ctx.actor()?, id, None, turned).await)
    }

    /// Gives rules a new order; all resources are evaluated again. For admins.
    async fn reorder_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] input: ReorderRulesInput,
    ) -> Result<ReorderRulesPayload> {
        let ids: Vec<i64> = input.ids.into_iter().map(|id| id.0).collect();
        let (ordered, user_errors) =
            split_user_errors(rules::reorder(&ctx.services()?.db, ctx.actor()?, &ids).await)?;
        let rules = ordered.map(|rows| rows.into_iter().map(Into::into).collect());
        Ok(ReorderRulesPayload { rules, user_errors })
    }

    /// Removes a rule; all resources are evaluated again. For admins.
    async fn delete_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rule.")] input: DeleteRuleInput,
    ) -> Result<DeleteRulePayload> {
        DeleteRulePayload::of(rules::delete(&ctx.services()?.db, ctx.actor()?, input.id.0).await)
    }
}
