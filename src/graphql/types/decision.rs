//! What became of each tag of a decision, made at once or by a run.

use crate::domain::Outcome;
use crate::domain::approvals::items::ItemFilter;
use crate::domain::approvals::{Decision as DomainDecision, ItemResult};
use crate::error::{Problem, ProblemCode};
use crate::graphql::scalars::id::{DecisionResultKind, Id, VirtualTagKind};
use crate::graphql::types::user_error::UserError;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Enum, ID, SimpleObject};

/// What is said of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainDecision")]
pub enum Decision {
    /// They hold from now on.
    Approve,
    /// They do not hold.
    Deny,
    /// What was decided waits again.
    Undo,
}

/// What became of one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DecisionOutcome {
    /// This call, or run, approved it.
    Approved,
    /// This call, or run, denied it.
    Denied,
    /// This call, or run, took its decision back.
    Undone,
    /// It was decided before, and stays so; or another value of its key was approved.
    AlreadyDecided,
    /// There is no such tag for the caller.
    NotFound,
    /// It stands where this cannot be done.
    Conflict,
    /// It changed after it was selected, and stays as it is.
    Stale,
    /// Its account is none of those of whoever has the run done, who may have lost it since they asked; it stays as it is.
    Forbidden,
    /// The run has not come to it; once the run has ended, it stays as it is.
    Waiting,
}

impl From<Outcome> for DecisionOutcome {
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

impl From<DecisionOutcome> for ItemFilter {
    fn from(outcome: DecisionOutcome) -> Self {
        Self::Outcome(match outcome {
            DecisionOutcome::Approved => Outcome::Approved,
            DecisionOutcome::Denied => Outcome::Denied,
            DecisionOutcome::Undone => Outcome::Undone,
            DecisionOutcome::AlreadyDecided => Outcome::AlreadyDecided,
            DecisionOutcome::NotFound => Outcome::NotFound,
            DecisionOutcome::Conflict => Outcome::Conflict,
            DecisionOutcome::Stale => Outcome::Stale,
            DecisionOutcome::Forbidden => Outcome::Forbidden,
            DecisionOutcome::Waiting => return Self::Waiting,
        })
    }
}

/// What became of one tag of a request.
#[derive(SimpleObject)]
pub struct DecisionResult {
    /// The id of this result. It is of this call alone, so that caches do not take two answers about a tag for one.
    id: Id<DecisionResultKind>,
    /// The id of the tag, as it was given.
    tag_id: ID,
    /// What became of it.
    outcome: DecisionOutcome,
    /// The tag as it is now; null when there is none.
    tag: Option<VirtualTag>,
    /// Why it was not done; null when it was.
    user_error: Option<UserError>,
}

/// Makes the results of one call, each with an id of its own.
pub struct Results {
    call: u128,
    /// What becomes of tags on which the decision was made.
    done: Outcome,
    made: Vec<DecisionResult>,
}

impl Results {
    /// Of a call that decides so; none yet.
    pub fn new(done: Outcome) -> Self {
        Self {
            call: rand::random(),
            done,
            made: Vec::new(),
        }
    }

    /// Adds what became of a tag.
    pub fn add(&mut self, item: ItemResult) {
        let outcome = match item.problem.as_ref().map(|problem| problem.code) {
            None => self.done.into(),
            Some(ProblemCode::NotFound) => DecisionOutcome::NotFound,
            Some(ProblemCode::AlreadyDecided) => DecisionOutcome::AlreadyDecided,
            Some(_) => DecisionOutcome::Conflict,
        };
        let tag_id = Id::<VirtualTagKind>(item.id).into();
        let (tag, user_error) = (item.tag.map(Into::into), item.problem.map(Into::into));
        self.push(tag_id, outcome, tag, user_error);
    }

    /// Adds something that was given for the id of a tag, and is none.
    pub fn add_unknown(&mut self, given: ID, why: String) {
        let problem = Problem::field(ProblemCode::NotFound, "ids", why);
        self.push(given, DecisionOutcome::NotFound, None, Some(problem.into()));
    }

    fn push(
        &mut self,
        tag_id: ID,
        outcome: DecisionOutcome,
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

    /// The results in the order in which they were added.
    pub fn into_vec(self) -> Vec<DecisionResult> {
        self.made
    }
}
