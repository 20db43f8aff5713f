//! Decisions and their outcome, of a call or of a run.

use crate::domain::Outcome;
use crate::domain::approvals::items::ItemFilter;
use crate::domain::approvals::{Decision, ItemResult};
use crate::error::{Problem, ProblemCode};
use crate::graphql::scalars::id::{DecisionResultKind, Id, VirtualTagKind};
use crate::graphql::types::row::db_enum;
use crate::graphql::types::user_error::UserError;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Enum, ID, SimpleObject};

db_enum! {
    /// Decision on virtual tags.
    pub enum DecisionEnum("Decision") mirrors Decision {
        /// Approval: the tags are in effect.
        Approve,
        /// Rejection: the tags are not in effect.
        Deny,
        /// Undo: the decided tags are pending again.
        Undo,
    }
}

/// Outcome of a decision on one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "DecisionOutcome")]
pub enum DecisionOutcomeEnum {
    /// The call or run approved the tag.
    Approved,
    /// The call or run denied the tag.
    Denied,
    /// The call or run undid the decision on the tag.
    Undone,
    /// The tag was decided before, or another value of the key was approved; the tag stays unchanged.
    AlreadyDecided,
    /// No such tag exists for the caller.
    NotFound,
    /// The approval status of the tag does not allow the decision.
    Conflict,
    /// The tag changed after the selection and stays unchanged.
    Stale,
    /// The account of the tag is not, or no longer, among the accounts of the run's requester; the tag stays unchanged.
    Forbidden,
    /// The run has not reached the tag; if the run has ended, the tag stays unchanged.
    Waiting,
}

impl From<Outcome> for DecisionOutcomeEnum {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Approved => Self::Approved,
            Outcome::Denied => Self::Denied,
            Outcome::Undone => Self::Undone,
            Outcome::AlreadyDecided => Self::AlreadyDecided,
            Outcome::NotFound => Self::NotFound,
            Outcome::Conflict => Self::Conflict,
            Outcome::Stale => Self::Stale,
            Outcome::Forbidden => Self::Forbidden,
        }
    }
}

impl From<DecisionOutcomeEnum> for ItemFilter {
    fn from(outcome: DecisionOutcomeEnum) -> Self {
        Self::Outcome(match outcome {
            DecisionOutcomeEnum::Approved => Outcome::Approved,
            DecisionOutcomeEnum::Denied => Outcome::Denied,
            DecisionOutcomeEnum::Undone => Outcome::Undone,
            DecisionOutcomeEnum::AlreadyDecided => Outcome::AlreadyDecided,
            DecisionOutcomeEnum::NotFound => Outcome::NotFound,
            DecisionOutcomeEnum::Conflict => Outcome::Conflict,
            DecisionOutcomeEnum::Stale => Outcome::Stale,
            DecisionOutcomeEnum::Forbidden => Outcome::Forbidden,
            DecisionOutcomeEnum::Waiting => return Self::Waiting,
        })
    }
}

/// Result of a decision on one tag.
#[derive(SimpleObject)]
pub struct DecisionResult {
    /// Id of this result, unique per call: caches keep the results of two calls apart.
    id: Id<DecisionResultKind>,
    /// Id of the tag, as given.
    tag_id: ID,
    /// Outcome of the decision.
    outcome: DecisionOutcomeEnum,
    /// Virtual tag in the current state; null if no such tag exists for the caller.
    tag: Option<VirtualTag>,
    /// Reason for which the tag was not decided; null on success.
    user_error: Option<UserError>,
}

/// Builder of the results of one call, each with an id of its own.
pub struct DecisionResults {
    call: u128,
    /// Outcome of tags on which the decision succeeded.
    done: Outcome,
    made: Vec<DecisionResult>,
}

impl DecisionResults {
    /// Creates the builder for a decision with this outcome.
    pub fn new(done: Outcome) -> Self {
        Self {
            call: rand::random(),
            done,
            made: Vec::new(),
        }
    }

    /// Adds the result of a tag.
    pub fn add(&mut self, item: ItemResult) {
        let outcome = match item.problem.as_ref().map(|problem| problem.code) {
            None => self.done.into(),
            Some(ProblemCode::NotFound) => DecisionOutcomeEnum::NotFound,
            Some(ProblemCode::AlreadyDecided) => DecisionOutcomeEnum::AlreadyDecided,
            Some(_) => DecisionOutcomeEnum::Conflict,
        };
        let tag_id = Id::<VirtualTagKind>(item.id).into();
        let (tag, user_error) = (item.tag.map(Into::into), item.problem.map(Into::into));
        self.push(tag_id, outcome, tag, user_error);
    }

    /// Adds the result of an invalid id.
    pub fn add_unknown(&mut self, given: ID, why: String) {
        let problem = Problem::field(ProblemCode::NotFound, "ids", why);
        self.push(given, DecisionOutcomeEnum::NotFound, None, Some(problem.into()));
    }

    fn push(
        &mut self,
        tag_id: ID,
        outcome: DecisionOutcomeEnum,
        tag: Option<VirtualTag>,
        user_error: Option<UserError>,
    ) {
        self.made.push(DecisionResult {
            id: Id(format!("{:x}.{}", self.call, self.made.len())),
            tag_id,
            outcome,
            tag,
            user_error,
        });
    }

    /// Results in order of addition.
    pub fn into_vec(self) -> Vec<DecisionResult> {
        self.made
    }
}
