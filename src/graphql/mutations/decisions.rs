//! Decisions: approving, denying, and taking back.

use crate::auth::Role;
use crate::domain::approvals::{
    self, DecidedFilter, Decision, DecisionOutcome, Decisions, Selection, TagFilter,
};
use crate::error::Error;
use crate::graphql::error::Result;
use crate::graphql::relay::rows::Rows;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, JobRunKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_group::ApprovalGroupInput;
use crate::graphql::types::decision::{DecisionResult, Results};
use crate::graphql::types::enums::ApprovalStatus;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use std::collections::HashSet;

/// Which tags to approve: exactly one of `ids`, `filter` and `group`. Up to 1000 are decided in the answer, up to a
/// million by a run.
#[derive(InputObject)]
pub struct ApproveTagsInput {
    /// These, at most 10000; results come once for each distinct id, and what is no id of a tag is `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// All of the queue that the filter takes at this moment; it must have a condition.
    filter: Option<ApprovalFilter>,
    /// All of a group of the queue.
    group: Option<ApprovalGroupInput>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Which tags to deny: exactly one of `ids`, `filter` and `group`. Up to 1000 are decided in the answer, up to a million
/// by a run.
#[derive(InputObject)]
pub struct DenyTagsInput {
    /// These, at most 10000; results come once for each distinct id, and what is no id of a tag is `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// All of the queue that the filter takes at this moment; it must have a condition.
    filter: Option<ApprovalFilter>,
    /// All of a group of the queue.
    group: Option<ApprovalGroupInput>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Which decided tags; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DecidedTagFilter {
    /// APPROVED or DENIED.
    status: Option<ApprovalStatus>,
    /// Who decided; tags made by hand were decided by who made them.
    decided_by: Option<String>,
    /// Decided before this moment.
    decided_before: Option<DateTimeInput>,
    /// Decided at this moment or later.
    decided_after: Option<DateTimeInput>,
    /// What the approval queue can be filtered by.
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

/// Which decisions to take back: exactly one of `ids`, `filter`, `group` and `run`. Up to 1000 are taken back in the
/// answer, up to a million by a run.
#[derive(InputObject)]
pub struct UndoDecisionsInput {
    /// The tags that were decided, at most 10000; results come once for each distinct id, and what is no id of a tag is
    /// `NOT_FOUND`.
    ids: Option<Vec<ID>>,
    /// All decided tags that the filter takes at this moment; it must have a condition.
    filter: Option<DecidedTagFilter>,
    /// All decided tags of what was a group of the queue.
    group: Option<ApprovalGroupInput>,
    /// All that this run decided, as far as nobody has decided it anew.
    run: Option<Id<JobRunKind>>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Declares the payload of a mutation that decides.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident $decision:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                /// What became of each tag, in the order of the request. When a run decides: of what was given that is
                /// no id of a tag.
                results: Rows<DecisionResult>,
                /// How many tags this call changed as asked.
                decided: usize,
                /// How many tags stay as they were.
                refused: usize,
                /// The run that decides, for there are more than 1000 tags; null when the call decided. Its
                /// `decisions` tell what became of each tag.
                run: Option<JobRun>,
                /// What was wrong with the request as a whole; then nothing was changed.
                user_errors: Vec<UserError>,
            }

            impl $name {
                fn of(answer: crate::error::Result<DecisionOutcome>, given: Option<GivenIds>) -> Result<Self> {
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
                        results: Rows(results),
                        run,
                        user_errors,
                    })
                }
            }
        )*
    };
}

payloads! {
    /// What came of `approveTags`.
    ApproveTagsPayload Approve
    /// What came of `denyTags`.
    DenyTagsPayload Deny
    /// What came of `undoDecisions`.
    UndoDecisionsPayload Undo
}

/// What was given for ids of tags, each once. One that is none costs its own result and not the others'.
#[derive(Default)]
struct GivenIds(Vec<(ID, std::result::Result<i64, String>)>);

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
        approvals::check_count(self.0.len())?;
        let keys = self.0.iter().filter_map(|(_, key)| key.as_ref().ok().copied());
        Ok(Selection::Ids(keys.collect()))
    }

    /// What became of each, in the order in which they were given; `decisions` are in that order, too.
    fn results(self, decisions: Decisions, decision: Decision) -> Vec<DecisionResult> {
        let mut results = Results::new(decision.outcome());
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

async fn decide(
    ctx: &Context<'_>,
    decision: Decision,
    selection: crate::error::Result<Selection>,
    reason: Option<String>,
) -> Result<crate::error::Result<DecisionOutcome>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let selection = match selection {
        Ok(selection) => selection,
        // Who may not decide is told so before anything else.
        Err(error) => return Ok(actor.require(Role::Approver).and(Err(error))),
    };
    let answer = approvals::decide(&services.db, actor, decision, selection, reason).await;
    Ok(answer)
}

/// Decisions about the queue.
#[derive(Default)]
pub struct DecisionMutation;

#[Object]
impl DecisionMutation {
    /// Approves tags of the queue: they hold from now on, and supersede what their keys had. Says for each tag what
    /// became of it; deciding twice is harmless. For approvers.
    async fn approve_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags.")] input: ApproveTagsInput,
    ) -> Result<ApproveTagsPayload> {
        let given = input.ids.map(GivenIds::new);
        let selection = pending(given.as_ref(), input.filter, input.group);
        let answer = decide(ctx, Decision::Approve, selection, input.reason).await?;
        ApproveTagsPayload::of(answer, given)
    }

    /// Denies tags of the queue: they are not proposed again on the same evidence. Says for each tag what became of
    /// it; deciding twice is harmless. For approvers.
    async fn deny_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags.")] input: DenyTagsInput,
    ) -> Result<DenyTagsPayload> {
        let given = input.ids.map(GivenIds::new);
        let selection = pending(given.as_ref(), input.filter, input.group);
        let answer = decide(ctx, Decision::Deny, selection, input.reason).await?;
        DenyTagsPayload::of(answer, given)
    }

    /// Takes decisions back: the tags wait again, and what an approval had superseded stands where it stood. For
    /// approvers.
    async fn undo_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which decisions.")] mut input: UndoDecisionsInput,
    ) -> Result<UndoDecisionsPayload> {
        let (given, reason) = (input.ids.take().map(GivenIds::new), input.reason.take());
        let selection = decided(given.as_ref(), input);
        let answer = decide(ctx, Decision::Undo, selection, reason).await?;
        UndoDecisionsPayload::of(answer, given)
    }
}
