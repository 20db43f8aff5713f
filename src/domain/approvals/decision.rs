//! Decisions, and what each tag of a request receives for an answer.

use crate::entities::virtual_tag::Model as VirtualTag;
use crate::entities::{ApprovalStatus, Outcome};
use crate::error::{Problem, ProblemCode};
use crate::runs::Run;
use serde::{Deserialize, Serialize};

/// Decision of a person about tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// A PENDING tag becomes APPROVED.
    Approve,
    /// A PENDING tag becomes DENIED, and is not proposed again on the same evidence.
    Deny,
    /// An APPROVED or DENIED tag becomes PENDING again.
    Undo,
}

impl Decision {
    /// Outcome of a tag for which the decision was made.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Approve => Outcome::Approved,
            Self::Deny => Outcome::Denied,
            Self::Undo => Outcome::Undone,
        }
    }

    /// True if the decision can be made about a tag in this status.
    pub(super) fn applies_to(self, status: ApprovalStatus) -> bool {
        match self {
            Self::Approve | Self::Deny => status == ApprovalStatus::Pending,
            Self::Undo => matches!(status, ApprovalStatus::Approved | ApprovalStatus::Denied),
        }
    }

    /// Problem to report for a tag about which the decision was not made, from the tag's present status.
    pub(super) fn why_not(self, tag: &VirtualTag) -> Problem {
        match self {
            Self::Approve | Self::Deny => already_decided(tag),
            Self::Undo => nothing_to_undo(tag),
        }
    }
}

/// The job that decides the tags that were selected for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideJob {
    /// The decision.
    pub decision: Decision,
    /// The reason, for the trail.
    #[serde(default)]
    pub reason: Option<String>,
    /// Value that is approved in place of the denied ones, see [`super::correct`].
    #[serde(default)]
    pub corrected_value: Option<String>,
}

impl DecideJob {
    /// The decision without a correction.
    pub fn new(decision: Decision, reason: Option<String>) -> Self {
        Self {
            decision,
            reason,
            corrected_value: None,
        }
    }
}

fn already_decided(tag: &VirtualTag) -> Problem {
    let message = match (tag.approval_status, &tag.decided_by, tag.decided_at) {
        (ApprovalStatus::Approved | ApprovalStatus::Denied, Some(by), Some(at)) => {
            let verb = if tag.approval_status == ApprovalStatus::Approved {
                "approved"
            } else {
                "denied"
            };
            format!(
                "already {verb} by {by} at {}",
                at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            )
        }
        (ApprovalStatus::Superseded, ..) if tag.superseded_by.is_some() => {
            "superseded: another value of this key was approved".to_owned()
        }
        _ => "no longer proposed".to_owned(),
    };
    Problem::field(ProblemCode::AlreadyDecided, "ids", message)
}

fn nothing_to_undo(tag: &VirtualTag) -> Problem {
    let message = match tag.approval_status {
        ApprovalStatus::Superseded => "superseded; undo the approval that took its place",
        _ => "not decided, so there is nothing to take back",
    };
    Problem::field(ProblemCode::Conflict, "ids", message)
}

pub(super) fn not_found() -> Problem {
    Problem::field(ProblemCode::NotFound, "ids", "there is no such virtual tag")
}

/// Name under which a run counts the tags of an outcome.
pub(super) const fn counter_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Denied => "denied",
        Outcome::Undone => "undone",
        Outcome::AlreadyDecided => "already_decided",
        Outcome::NotFound => "not_found",
        Outcome::Conflict => "conflict",
        Outcome::Stale => "stale",
        Outcome::Forbidden => "forbidden",
    }
}

/// Result of a decision for one tag of the request.
#[derive(Clone, Debug)]
pub struct ItemResult {
    /// Id that was asked for.
    pub id: i64,
    /// The tag after the decision; `None` when it does not exist for the actor.
    pub tag: Option<VirtualTag>,
    /// Reason why the decision was not made; `None` when it was.
    pub problem: Option<Problem>,
}

/// Results of all tags of a request, in the order of the request.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// One result per tag.
    pub items: Vec<ItemResult>,
}

impl Decisions {
    /// Number of tags that this call decided.
    pub fn decided(&self) -> usize {
        self.items.iter().filter(|item| item.problem.is_none()).count()
    }
}

/// Outcome of a request: decided in the response, or left to a run.
#[derive(Debug)]
pub enum DecisionOutcome {
    /// The decisions have been made.
    Immediate(Decisions),
    /// More than [`super::MAX_IMMEDIATE`] tags are selected: this run decides them.
    Deferred(Box<Run>),
}
