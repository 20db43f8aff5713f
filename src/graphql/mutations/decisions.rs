//! Mutations that decide: approve, deny and undo.

use crate::auth::Role;
use crate::domain::approvals::{
    self, BoundedSelection, DecidedFilter, Decision, DecisionOutcome, Decisions, Selection, TagFilter,
};
use crate::error::Error;
use crate::graphql::error::FieldResult;
use crate::graphql::relay::bounded_list::BoundedList;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, JobRunKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_group::ApprovalGroupInput;
use crate::graphql::types::decision::{DecisionResult, DecisionResults};
use crate::graphql::types::enums::ApprovalStatusEnum;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use std::collections::HashSet;

/// Input of `approveTags`: exactly one of `ids`, `filter` and `group`. Up to 1000 tags are decided in the call, up to a
/// million by a run.
#[derive(InputObject)]
pub struct ApproveTagsInput {
    /// Global ids of virtual tags, at most 10000. Each distinct id has one result; an invalid id results in
    /// `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// Filter that selects pending tags at the time of the call; at least one condition is required.
    filter: Option<ApprovalFilter>,
    /// Group of the approval queue.
    group: Option<ApprovalGroupInput>,
    /// Global ids of tags that a filter or a group leaves out, at most 10000.
    except_ids: Option<Vec<ID>>,
    /// Number of tags that the caller expects at most; if more are selected, none is changed.
    #[graphql(validator(minimum = 0))]
    expect_at_most: Option<i32>,
    /// True if each of `ids` was judged on its own, at most 1000: the tags then have the decision mode SINGLE, as if each had been
    /// sent alone.
    #[graphql(default)]
    individually: bool,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Input of `denyTags`: exactly one of `ids`, `filter` and `group`. Up to 1000 tags are decided in the call, up to a
/// million by a run.
#[derive(InputObject)]
pub struct DenyTagsInput {
    /// Global ids of virtual tags, at most 10000. Each distinct id has one result; an invalid id results in
    /// `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// Filter that selects pending tags at the time of the call; at least one condition is required.
    filter: Option<ApprovalFilter>,
    /// Group of the approval queue.
    group: Option<ApprovalGroupInput>,
    /// Right value of the key, which is approved in place of the denied ones, as a manual tag. All selected tags must have the
    /// same key, and none of them this value.
    corrected_value: Option<String>,
    /// Global ids of tags that a filter or a group leaves out, at most 10000.
    except_ids: Option<Vec<ID>>,
    /// Number of tags that the caller expects at most; if more are selected, none is changed.
    #[graphql(validator(minimum = 0))]
    expect_at_most: Option<i32>,
    /// True if each of `ids` was judged on its own, at most 1000: the tags then have the decision mode SINGLE, as if each had been
    /// sent alone.
    #[graphql(default)]
    individually: bool,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Filter of decided tags; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DecidedTagFilter {
    /// Filter by approval status, APPROVED or DENIED.
    status: Option<ApprovalStatusEnum>,
    /// Filter by the actor who decided; manual tags are decided by the creator.
    decided_by: Option<String>,
    /// Decision time, exclusive upper bound.
    decided_before: Option<DateTimeInput>,
    /// Decision time, inclusive lower bound.
    decided_after: Option<DateTimeInput>,
    /// Conditions of the approval queue.
    #[graphql(flatten)]
    tag: ApprovalFilter,
}

impl From<DecidedTagFilter> for DecidedFilter {
    fn from(input: DecidedTagFilter) -> Self {
        Self {
            tag: input.tag.into(),
            status: input.status.map(Into::into),
            decided_by: input.decided_by,
            decided_before: input.decided_before.map(Into::into),
            decided_after: input.decided_after.map(Into::into),
        }
    }
}

/// Input of `undoDecisions`: exactly one of `ids`, `filter`, `group` and `run`. Up to 1000 decisions are undone in the
/// call, up to a million by a run.
#[derive(InputObject)]
pub struct UndoDecisionsInput {
    /// Global ids of decided tags, at most 10000. Each distinct id has one result; an invalid id results in
    /// `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// Filter that selects decided tags at the time of the call; at least one condition is required.
    filter: Option<DecidedTagFilter>,
    /// Former group of the approval queue: all decided tags with the same key, value, source and evidence.
    group: Option<ApprovalGroupInput>,
    /// Global id of a run: all of the run's decisions that no later decision has replaced.
    run: Option<Id<JobRunKind>>,
    /// Global ids of tags that a filter, a group or a run leaves out, at most 10000.
    except_ids: Option<Vec<ID>>,
    /// Number of tags that the caller expects at most; if more are selected, none is changed.
    #[graphql(validator(minimum = 0))]
    expect_at_most: Option<i32>,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Declares the payload of a mutation that decides.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident $decision:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                /// Results in the order of the request; if a run decides, the results of invalid ids only.
                results: BoundedList<DecisionResult>,
                /// Number of tags that this call decided.
                decided: usize,
                /// Number of tags that this call left unchanged.
                refused: usize,
                /// Run that decides more than 1000 tags; null if the call decided. The run's `decisions` have the
                /// outcome of each tag.
                run: Option<JobRun>,
                /// Errors of the request as a whole, in which case no tag is changed.
                user_errors: Vec<UserError>,
            }

            impl $name {
                fn of(answer: crate::error::Result<DecisionOutcome>, given: Option<GivenIds>) -> FieldResult<Self> {
                    let (answer, user_errors) = split_user_errors(answer)?;
                    let given = given.filter(|_| answer.is_some()).unwrap_or_default();
                    let (decisions, run) = match answer {
                        None => (Decisions::default(), None),
                        Some(DecisionOutcome::Immediate(decisions)) => (decisions, None),
                        Some(DecisionOutcome::Deferred(run)) => (Decisions::default(), Some((*run).into())),
                    };
                    let decided = decisions.decided();
                    let results = given.results(decisions, Decision::$decision);
                    Ok(Self {
                        decided,
                        refused: results.len() - decided,
                        results: BoundedList(results),
                        run,
                        user_errors,
                    })
                }
            }
        )*
    };
}

payloads! {
    /// Payload of `approveTags`.
    ApproveTagsPayload Approve
    /// Payload of `denyTags`.
    DenyTagsPayload Deny
    /// Payload of `undoDecisions`.
    UndoDecisionsPayload Undo
}

/// Given ids of tags, each once. An invalid id has a result of its own and does not affect the others.
#[derive(Default)]
struct GivenIds(Vec<(ID, Result<i64, String>)>);

impl GivenIds {
    fn new(ids: Vec<ID>) -> Self {
        let mut seen = HashSet::new();
        let ids = ids.into_iter().filter(|id| seen.insert(id.to_string()));
        let read = |id: ID| {
            let key = Id::<VirtualTagKind>::decode(&id).map(|id| id.0);
            (id, key)
        };
        Self(ids.map(read).collect())
    }

    fn selection(&self) -> crate::error::Result<Selection> {
        approvals::check_count("ids", self.0.len())?;
        let keys = self.0.iter().filter_map(|(_, key)| key.as_ref().ok().copied());
        Ok(Selection::Ids(keys.collect()))
    }

    /// Results in the order of the given ids, which is also the order of `decisions`.
    fn results(self, decisions: Decisions, decision: Decision) -> Vec<DecisionResult> {
        let mut results = DecisionResults::new(decision.outcome());
        let mut items = decisions.items.into_iter();
        for (id, key) in self.0 {
            match key {
                Ok(_) => items.next().into_iter().for_each(|item| results.add(item)),
                Err(why) => results.add_unknown(id, why),
            }
        }
        items.for_each(|item| results.add(item));
        results.into_vec()
    }
}

fn pending(
    ids: Option<&GivenIds>,
    filter: Option<ApprovalFilter>,
    group: Option<ApprovalGroupInput>,
) -> crate::error::Result<Selection> {
    match (ids, filter, group) {
        (Some(ids), None, None) => ids.selection(),
        (None, Some(filter), None) => {
            let filter = TagFilter::from(filter);
            if filter == TagFilter::default() {
                let message = "name at least one condition; without any, the whole queue would be decided";
                return Err(Error::invalid("filter", message));
            }
            Ok(Selection::Filter(filter))
        }
        (None, None, Some(group)) => Ok(Selection::Group(group.into())),
        _ => Err(Error::invalid("ids", "give exactly one of ids, filter and group")),
    }
}

/// Selection with the tags that it leaves out, and the number that the caller expects.
fn bounded(
    selection: crate::error::Result<Selection>,
    except: Option<Vec<ID>>,
    at_most: Option<i32>,
    individually: bool,
) -> crate::error::Result<BoundedSelection> {
    let except = except.unwrap_or_default().into_iter();
    let except: Result<Vec<i64>, String> = except
        .map(|id| Id::<VirtualTagKind>::decode(&id).map(|id| id.0))
        .collect();
    Ok(BoundedSelection {
        selection: selection?,
        except: except.map_err(|why| Error::invalid("except_ids", why))?,
        at_most: at_most.map(|most| most.unsigned_abs().into()),
        individually,
    })
}

fn decided(ids: Option<&GivenIds>, input: UndoDecisionsInput) -> crate::error::Result<Selection> {
    match (ids, input.filter, input.group, input.run) {
        (Some(ids), None, None, None) => ids.selection(),
        (None, Some(filter), None, None) => {
            let filter = DecidedFilter::from(filter);
            if filter == DecidedFilter::default() {
                let message = "name at least one condition; without any, all decisions would be taken back";
                return Err(Error::invalid("filter", message));
            }
            Ok(Selection::Decided(filter))
        }
        (None, None, Some(group), None) => Ok(Selection::Group(group.into())),
        (None, None, None, Some(run)) => Ok(Selection::Run(run.0)),
        _ => Err(Error::invalid(
            "ids",
            "give exactly one of ids, filter, group and run",
        )),
    }
}

/// Decides; with a corrected value, which only a denial may have, that is approved instead.
async fn decide(
    ctx: &Context<'_>,
    decision: Decision,
    selection: crate::error::Result<BoundedSelection>,
    reason: Option<String>,
    corrected: Option<String>,
) -> FieldResult<crate::error::Result<DecisionOutcome>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let (db, vocabulary) = (&services.db, &services.engine.vocabulary());
    Ok(match (selection, corrected) {
        // The role is checked before anything else is reported.
        (Err(error), _) => actor.require(Role::Approver).and(Err(error)),
        (Ok(selection), None) => approvals::decide(db, actor, decision, selection, reason).await,
        (Ok(selection), Some(value)) => {
            approvals::correct(db, vocabulary, actor, selection, &value, reason).await
        }
    })
}

/// Mutations that decide.
#[derive(Default)]
pub struct DecisionMutation;

#[Object]
impl DecisionMutation {
    /// Approves pending tags: the tags are in effect from now on and supersede other values of their keys. Repeating a
    /// decision is harmless. For approvers.
    async fn approve_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Selection of tags.")] input: ApproveTagsInput,
    ) -> FieldResult<ApproveTagsPayload> {
        let given = input.ids.map(GivenIds::new);
        let selection = pending(given.as_ref(), input.filter, input.group);
        let selection = bounded(
            selection,
            input.except_ids,
            input.expect_at_most,
            input.individually,
        );
        let answer = decide(ctx, Decision::Approve, selection, input.reason, None).await?;
        ApproveTagsPayload::of(answer, given)
    }

    /// Denies pending tags: the tags are not proposed again on the same evidence. A corrected value is approved in their
    /// place. Repeating a decision is harmless. For approvers.
    async fn deny_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Selection of tags.")] input: DenyTagsInput,
    ) -> FieldResult<DenyTagsPayload> {
        let given = input.ids.map(GivenIds::new);
        let selection = pending(given.as_ref(), input.filter, input.group);
        let selection = bounded(
            selection,
            input.except_ids,
            input.expect_at_most,
            input.individually,
        );
        let (reason, corrected) = (input.reason, input.corrected_value);
        let answer = decide(ctx, Decision::Deny, selection, reason, corrected).await?;
        DenyTagsPayload::of(answer, given)
    }

    /// Undoes decisions: the tags are pending again, and tags that an approval superseded have their former status. For
    /// approvers.
    async fn undo_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Decisions to undo.")] mut input: UndoDecisionsInput,
    ) -> FieldResult<UndoDecisionsPayload> {
        let (given, reason) = (input.ids.take().map(GivenIds::new), input.reason.take());
        let (except, at_most) = (input.except_ids.take(), input.expect_at_most);
        let selection = bounded(decided(given.as_ref(), input), except, at_most, false);
        let answer = decide(ctx, Decision::Undo, selection, reason, None).await?;
        UndoDecisionsPayload::of(answer, given)
    }
}
