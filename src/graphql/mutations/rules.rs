//! Mutations of rules.

use crate::domain::rules::{self, ReorderedRules, RuleDraft, SavedRule};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payload;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::rule::RuleObject;
use crate::graphql::types::rule_input::RuleInput;
use crate::graphql::types::rule_warning::RuleWarningObject;
use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};

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
    /// True to have the value override native tags.
    corrects: Option<bool>,
    /// New start of effect; null for none.
    effective_from: MaybeUndefined<DateTime<Utc>>,
    /// New end of effect; null for none.
    effective_to: MaybeUndefined<DateTime<Utc>>,
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
        set(&mut draft.corrects, self.corrects);
        set(
            &mut draft.effective_from,
            self.effective_from.as_opt_ref().map(Option::<&_>::copied),
        );
        set(
            &mut draft.effective_to,
            self.effective_to.as_opt_ref().map(Option::<&_>::copied),
        );
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

/// Input of `restoreRule`.
#[derive(InputObject)]
pub struct RestoreRuleInput {
    /// Global id.
    id: Id<RuleKind>,
    /// Version whose definition the rule is to have again; the name is kept.
    version: i32,
}

payload! {
    /// Payload of `reorderRules`.
    ReorderRulesPayload of ordered: ReorderedRules {
        /// Rules in the new order; null if refused.
        rules: Option<Vec<RuleObject>> = Some(ordered.rules.into_iter().map(Into::into).collect()),
        /// Run that evaluates the affected resources; null if no rule was moved.
        run: Option<JobRun> = ordered.run.map(Into::into),
    }
}

/// Declares the payloads of mutations that save a rule.
macro_rules! rule_payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$about:meta])* rule })*) => {
        $(
            payload! {
                $(#[$doc])*
                $name of saved: SavedRule {
                    $(#[$about])*
                    rule: Option<RuleObject> = Some(saved.rule.into()),
                    /// Run that evaluates the affected resources; null if nothing was changed.
                    run: Option<JobRun> = saved.run.map(Into::into),
                    /// Warnings about the rule, which is saved nevertheless.
                    warnings: Vec<RuleWarningObject> = saved.warnings.into_iter().map(Into::into).collect(),
                }
            }
        )*
    };
}

rule_payloads! {
    /// Payload of `createRule`.
    CreateRulePayload {
        /// New rule; null if refused.
        rule
    }
    /// Payload of `updateRule`.
    UpdateRulePayload {
        /// Rule in the current state; null if refused.
        rule
    }
    /// Payload of `setRuleEnabled`.
    SetRuleEnabledPayload {
        /// Rule in the current state; null if refused.
        rule
    }
    /// Payload of `restoreRule`.
    RestoreRulePayload {
        /// Rule in the current state; null if refused.
        rule
    }
    /// Payload of `deleteRule`.
    DeleteRulePayload {
        /// Deleted rule; null if no rule was deleted.
        rule
    }
}

/// Mutations of rules.
#[derive(Default)]
pub struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Creates a rule; affected resources are evaluated again. For admins.
    async fn create_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule.")] input: RuleInput,
    ) -> FieldResult<CreateRulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        CreateRulePayload::of(
            rules::create(&services.db, actor, &services.engine.vocabulary(), input.into()).await,
        )
    }

    /// Updates a rule; affected resources are evaluated again. For admins.
    async fn update_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes.")] input: UpdateRuleInput,
    ) -> FieldResult<UpdateRulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (db, vocabulary, id, version) = (
            &services.db,
            &services.engine.vocabulary(),
            input.id.0,
            input.version,
        );
        let changed = rules::update(db, actor, vocabulary, id, version, |draft| input.apply(draft)).await;
        UpdateRulePayload::of(changed)
    }

    /// Enables or disables a rule; affected resources are evaluated again. For admins.
    async fn set_rule_enabled(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule to change.")] input: SetRuleEnabledInput,
    ) -> FieldResult<SetRuleEnabledPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (db, vocabulary, id) = (&services.db, &services.engine.vocabulary(), input.id.0);
        let turned = |draft: &mut RuleDraft| draft.enabled = input.enabled;
        SetRuleEnabledPayload::of(rules::update(db, actor, vocabulary, id, None, turned).await)
    }

    /// Restores an older definition of a rule as a new version; affected resources are evaluated again. For admins.
    async fn restore_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule and version.")] input: RestoreRuleInput,
    ) -> FieldResult<RestoreRulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (db, vocabulary, id) = (&services.db, &services.engine.vocabulary(), input.id.0);
        RestoreRulePayload::of(rules::history::restore(db, actor, vocabulary, id, input.version).await)
    }

    /// Reorders the rules; affected resources are evaluated again. For admins.
    async fn reorder_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "New order.")] input: ReorderRulesInput,
    ) -> FieldResult<ReorderRulesPayload> {
        let ids: Vec<i64> = input.ids.into_iter().map(|id| id.0).collect();
        ReorderRulesPayload::of(rules::reorder(&ctx.services()?.db, ctx.actor()?, &ids).await)
    }

    /// Deletes a rule; affected resources are evaluated again. For admins.
    async fn delete_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rule to change.")] input: DeleteRuleInput,
    ) -> FieldResult<DeleteRulePayload> {
        DeleteRulePayload::of(rules::delete(&ctx.services()?.db, ctx.actor()?, input.id.0).await)
    }
}
