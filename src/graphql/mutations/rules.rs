//! Mutations of rules.

use crate::domain::rules::RuleRow;
use crate::domain::rules::{self, RuleDraft};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payloads;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule::RuleObject;
use crate::graphql::types::rule_input::RuleInput;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// Input of `updateRule`; omitted fields stay unchanged.
#[derive(InputObject)]
pub struct UpdateRuleInput {
    /// Global id.
    id: Id<RuleKind>,
    /// Version that the caller has read; the update is refused if the rule has changed since.
    version: Option<i32>,
    /// New name.
    rule_name: Option<String>,
    /// New description.
    description: Option<String>,
    /// New condition.
    condition: Option<String>,
    /// New tag key.
    tag_key: Option<String>,
    /// New tag value.
    tag_value: Option<String>,
    /// New priority.
    priority: Option<i32>,
    /// New confidence.
    confidence: Option<f64>,
    /// True to enable the rule, false to disable the rule.
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

/// Input of `deleteRule`.
#[derive(InputObject)]
pub struct DeleteRuleInput {
    /// Global id.
    id: Id<RuleKind>,
}

/// Input of `setRuleEnabled`.
#[derive(InputObject)]
pub struct SetRuleEnabledInput {
    /// Global id.
    id: Id<RuleKind>,
    /// True to enable the rule, false to disable the rule.
    enabled: bool,
}

/// Input of `reorderRules`.
#[derive(InputObject)]
pub struct ReorderRulesInput {
    /// Global ids of all rules in the new order of evaluation.
    ids: Vec<Id<RuleKind>>,
}

/// Payload of `reorderRules`.
#[derive(SimpleObject)]
pub struct ReorderRulesPayload {
    /// Rules in the new order; null if refused.
    rules: Option<Vec<RuleObject>>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

payloads! {
    /// Payload of `createRule`.
    CreateRulePayload {
        /// New rule; null if refused.
        rule: RuleObject, from RuleRow
    }
    /// Payload of `updateRule`.
    UpdateRulePayload {
        /// Rule in the current state; null if refused.
        rule: RuleObject, from RuleRow
    }
    /// Payload of `setRuleEnabled`.
    SetRuleEnabledPayload {
        /// Rule in the current state; null if refused.
        rule: RuleObject, from RuleRow
    }
    /// Payload of `deleteRule`.
    DeleteRulePayload {
        /// Deleted rule; null if no rule was deleted.
        rule: RuleObject, from RuleRow
    }
}

/// Mutations of rules.
#[derive(Default)]
pub struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Creates a rule; all resources are evaluated again. For admins.
    async fn create_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule.")] input: RuleInput,
    ) -> FieldResult<CreateRulePayload> {
        CreateRulePayload::of(rules::create(&ctx.services()?.db, ctx.actor()?, input.into()).await)
    }

    /// Updates a rule; all resources are evaluated again. For admins.
    async fn update_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes.")] input: UpdateRuleInput,
    ) -> FieldResult<UpdateRulePayload> {
        let (db, id, version) = (&ctx.services()?.db, input.id.0, input.version);
        let changed = rules::update(db, ctx.actor()?, id, version, |draft| input.apply(draft)).await;
        UpdateRulePayload::of(changed)
    }

    /// Enables or disables a rule; all resources are evaluated again. For admins.
    async fn set_rule_enabled(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule to change.")] input: SetRuleEnabledInput,
    ) -> FieldResult<SetRuleEnabledPayload> {
        let (db, id) = (&ctx.services()?.db, input.id.0);
        let turned = |draft: &mut RuleDraft| draft.enabled = input.enabled;
        SetRuleEnabledPayload::of(rules::update(db, ctx.actor()?, id, None, turned).await)
    }

    /// Reorders the rules; all resources are evaluated again. For admins.
    async fn reorder_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "New order.")] input: ReorderRulesInput,
    ) -> FieldResult<ReorderRulesPayload> {
        let ids: Vec<i64> = input.ids.into_iter().map(|id| id.0).collect();
        let (ordered, user_errors) =
            split_user_errors(rules::reorder(&ctx.services()?.db, ctx.actor()?, &ids).await)?;
        let rules = ordered.map(|rows| rows.into_iter().map(Into::into).collect());
        Ok(ReorderRulesPayload { rules, user_errors })
    }

    /// Deletes a rule; all resources are evaluated again. For admins.
    async fn delete_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule to change.")] input: DeleteRuleInput,
    ) -> FieldResult<DeleteRulePayload> {
        DeleteRulePayload::of(rules::delete(&ctx.services()?.db, ctx.actor()?, input.id.0).await)
    }
}
