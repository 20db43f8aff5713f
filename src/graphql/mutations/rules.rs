//! Changing rules, and trying them before.

use crate::domain::evaluation::{
    Example as DomainExample, Overlap as DomainOverlap, Preview as DomainPreview,
    PreviewOutcome as DomainOutcome, preview,
};
use crate::domain::rules::{self, RuleDraft};
use crate::graphql::error::{Result, UserError, split_user_errors};
use crate::graphql::mutations::payload::{
    CreateRulePayload, DeleteRulePayload, SetRuleEnabledPayload, UpdateRulePayload,
};
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::Rule;
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

/// What a rule says.
#[derive(InputObject)]
pub struct RuleInput {
    /// The name: 1 to 200 characters, unique.
    rule_name: String,
    /// What it is for: at most 4000 characters.
    #[graphql(default)]
    description: String,
    /// A CEL expression over `resource`.
    condition: String,
    /// The key that it sets: 1 to 128 characters.
    tag_key: String,
    /// The value that it gives: text, or a template on captures of the resource's name; 1 to 1024 characters.
    tag_value: String,
    /// Smaller numbers are tried first.
    #[graphql(default = 100)]
    priority: i32,
    /// How sure its author is, from 0 to 1.
    #[graphql(default = 0.95)]
    confidence: f64,
    /// Whether it is tried at all.
    #[graphql(default = true)]
    enabled: bool,
}

impl From<RuleInput> for RuleDraft {
    fn from(input: RuleInput) -> Self {
        Self {
            rule_name: input.rule_name,
            description: input.description,
            condition: input.condition,
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            priority: input.priority,
            confidence: input.confidence,
            enabled: input.enabled,
        }
    }
}

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

/// A rule to try.
#[derive(InputObject)]
pub struct PreviewRuleInput {
    /// What the rule says.
    rule: RuleInput,
    /// The rule that it would take the place of.
    replaces: Option<Id<RuleKind>>,
}

/// What would become of a resource that the rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainOutcome")]
pub enum PreviewOutcome {
    /// The resource would get a new proposal.
    NewTag,
    /// The value holds already.
    AlreadyHolds,
    /// Another value of the key is approved.
    Conflict,
    /// A rule that goes first decides the key.
    Shadowed,
    /// Nothing would come of it: the confidence is too low, the resource's own tags state another value, or the value
    /// was denied.
    NotProposed,
}

/// How often the rule meets another of the same key.
#[derive(SimpleObject)]
pub struct RuleOverlap {
    /// The other rule.
    rule_id: Id<RuleKind>,
    /// Its name.
    rule_name: String,
    /// On so many resources.
    count: u64,
}

impl From<DomainOverlap> for RuleOverlap {
    fn from(overlap: DomainOverlap) -> Self {
        Self {
            rule_id: Id(overlap.rule_id),
            rule_name: overlap.rule_name,
            count: overlap.count,
        }
    }
}

/// A resource that the rule matches.
#[derive(SimpleObject)]
pub struct PreviewExample {
    /// The resource.
    resource: Resource,
    /// What the rule would propose.
    tag_value: String,
    /// What would become of it.
    outcome: PreviewOutcome,
}

impl From<DomainExample> for PreviewExample {
    fn from(example: DomainExample) -> Self {
        Self {
            resource: example.resource.into(),
            tag_value: example.tag_value,
            outcome: example.outcome.into(),
        }
    }
}

/// How many resources have one outcome.
#[derive(SimpleObject)]
pub struct PreviewCount {
    /// What would become of them.
    outcome: PreviewOutcome,
    /// How many there are.
    count: u64,
}

/// What a rule would do.
#[derive(SimpleObject)]
pub struct RulePreview {
    /// Resources looked at.
    examined: u64,
    /// Whether these were all; otherwise the newest ones, as many as there was time for.
    complete: bool,
    /// Of them, those that the rule matches.
    matches: u64,
    /// Resources on which the rule took too long and was given up: there it does not match.
    too_expensive: u64,
    /// The matches, by what would become of them.
    outcomes: Vec<PreviewCount>,
    /// Rules that go first where both match.
    shadowed_by: Vec<RuleOverlap>,
    /// Rules that this one goes before where both match.
    shadows: Vec<RuleOverlap>,
    /// Some of the matches.
    examples: Vec<PreviewExample>,
}

impl From<DomainPreview> for RulePreview {
    fn from(preview: DomainPreview) -> Self {
        let count = |(outcome, count): (DomainOutcome, u64)| PreviewCount {
            outcome: outcome.into(),
            count,
        };
        Self {
            examined: preview.examined,
            complete: preview.complete,
            matches: preview.matches,
            too_expensive: preview.too_expensive,
            outcomes: preview.outcomes.into_iter().map(count).collect(),
            shadowed_by: preview.shadowed_by.into_iter().map(Into::into).collect(),
            shadows: preview.shadows.into_iter().map(Into::into).collect(),
            examples: preview.examples.into_iter().map(Into::into).collect(),
        }
    }
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
        let tried = preview(db, runs, actor, &services.engine, rule, replaces).await;
        let (preview, user_errors) = split_user_errors(tried)?;
        Ok(PreviewRuleResult {
            preview: preview.map(Into::into),
            user_errors,
        })
    }
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
