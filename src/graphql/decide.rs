//! Decisions: approving, denying, and taking back.

use super::approval::{ApprovalFilter, ApprovalGroupInput};
use super::context::ContextExt;
use super::error::{Result, UserError, settle};
use super::id::{Id, VirtualTagKind};
use super::virtual_tag::VirtualTag;
use crate::domain::approvals::{self, Decision, Decisions, ItemResult, Selection, TagFilter};
use crate::domain::auth::Role;
use crate::error::{Error, ProblemCode};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

/// Which tags to approve: exactly one of `ids`, `filter` and `group`.
#[derive(InputObject)]
pub struct ApproveTagsInput {
    /// These, at most 1000; results come once for each distinct id.
    ids: Option<Vec<Id<VirtualTagKind>>>,
    /// All of the queue that the filter takes at this moment, at most 1000; it must have a condition.
    filter: Option<ApprovalFilter>,
    /// All of a group of the queue, at most 1000.
    group: Option<ApprovalGroupInput>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Which tags to deny: exactly one of `ids`, `filter` and `group`.
#[derive(InputObject)]
pub struct DenyTagsInput {
    /// These, at most 1000; results come once for each distinct id.
    ids: Option<Vec<Id<VirtualTagKind>>>,
    /// All of the queue that the filter takes at this moment, at most 1000; it must have a condition.
    filter: Option<ApprovalFilter>,
    /// All of a group of the queue, at most 1000.
    group: Option<ApprovalGroupInput>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Which decisions to take back.
#[derive(InputObject)]
pub struct UndoDecisionsInput {
    /// The tags that were decided, at most 1000; results come once for each distinct id.
    ids: Vec<Id<VirtualTagKind>>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// What became of one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DecisionOutcome {
    /// This call approved it.
    Approved,
    /// This call denied it.
    Denied,
    /// This call took its decision back.
    Undone,
    /// It was decided before, and stays so; or another value of its key was approved.
    AlreadyDecided,
    /// There is no such tag for the caller.
    NotFound,
    /// It stands where this cannot be done.
    Conflict,
}

/// What became of one tag of a request.
#[derive(SimpleObject)]
pub struct DecisionResult {
    /// The tag that was asked for.
    id: Id<VirtualTagKind>,
    /// What became of it.
    outcome: DecisionOutcome,
    /// The tag as it is now; null when there is none.
    tag: Option<VirtualTag>,
    /// Why it was not done; null when it was.
    user_error: Option<UserError>,
}

impl DecisionResult {
    fn of(item: ItemResult, done: DecisionOutcome) -> Self {
        let outcome = match item.problem.as_ref().map(|problem| problem.code) {
            None => done,
            Some(ProblemCode::NotFound) => DecisionOutcome::NotFound,
            Some(ProblemCode::AlreadyDecided) => DecisionOutcome::AlreadyDecided,
            Some(_) => DecisionOutcome::Conflict,
        };
        Self {
            id: Id(item.id),
            outcome,
            tag: item.tag.map(Into::into),
            user_error: item.problem.map(Into::into),
        }
    }
}

/// Declares the payload of a mutation that decides.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident $done:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                /// What became of each tag, in the order of the request.
                results: Vec<DecisionResult>,
                /// How many tags this call changed as asked.
                decided: usize,
                /// How many tags stay as they were.
                refused: usize,
                /// What was wrong with the request as a whole; then nothing was changed.
                user_errors: Vec<UserError>,
            }

            impl $name {
                fn of(answer: crate::error::Result<Decisions>) -> Result<Self> {
                    let (decisions, user_errors) = settle(answer)?;
                    let decisions = decisions.unwrap_or_default();
                    let decided = decisions.decided();
                    let result = |item| DecisionResult::of(item, DecisionOutcome::$done);
                    Ok(Self {
                        decided,
                        refused: decisions.items.len() - decided,
                        results: decisions.items.into_iter().map(result).collect(),
                        user_errors,
                    })
                }
            }
        )*
    };
}

payloads! {
    /// What came of `approveTags`.
    ApproveTagsPayload Approved
    /// What came of `denyTags`.
    DenyTagsPayload Denied
    /// What came of `undoDecisions`.
    UndoDecisionsPayload Undone
}

fn selection(
    ids: Option<Vec<Id<VirtualTagKind>>>,
    filter: Option<ApprovalFilter>,
    group: Option<ApprovalGroupInput>,
) -> crate::error::Result<Selection> {
    match (ids, filter, group) {
        (Some(ids), None, None) => Ok(Selection::Ids(ids.into_iter().map(|id| id.0).collect())),
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

async fn decide(
    ctx: &Context<'_>,
    decision: Decision,
    selection: crate::error::Result<Selection>,
    reason: Option<String>,
) -> Result<crate::error::Result<Decisions>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let selection = match selection {
        Ok(selection) => selection,
        // Who may not decide is told so before anything else.
        Err(error) => return Ok(actor.require(Role::Approver).and(Err(error))),
    };
    let decisions = approvals::decide(&services.db, actor, decision, selection, reason).await;
    services.notifier.committed();
    Ok(decisions)
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
        let selection = selection(input.ids, input.filter, input.group);
        ApproveTagsPayload::of(decide(ctx, Decision::Approve, selection, input.reason).await?)
    }

    /// Denies tags of the queue: they are not proposed again on the same evidence. Says for each tag what became of
    /// it; deciding twice is harmless. For approvers.
    async fn deny_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags.")] input: DenyTagsInput,
    ) -> Result<DenyTagsPayload> {
        let selection = selection(input.ids, input.filter, input.group);
        DenyTagsPayload::of(decide(ctx, Decision::Deny, selection, input.reason).await?)
    }

    /// Takes decisions back: the tags wait again, and what an approval had superseded stands where it stood. For
    /// approvers.
    async fn undo_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which decisions.")] input: UndoDecisionsInput,
    ) -> Result<UndoDecisionsPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let ids = input.ids.into_iter().map(|id| id.0).collect();
        let undone = approvals::undo(&services.db, actor, ids, input.reason).await;
        services.notifier.committed();
        UndoDecisionsPayload::of(undone)
    }
}
