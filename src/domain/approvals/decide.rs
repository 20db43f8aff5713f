//! Approving and denying, and what all decisions have in common.

use super::{Decisions, Selection, VirtualTag, check_reason, lock_resources, outcomes, too_many, undo};
use crate::auth::{AccountScope, Actor, Role};
use crate::db::{Begin, sql};
use crate::domain::audit::{self, Cause, ChangedTag};
use crate::domain::revision;
use crate::entities::{ApprovalStatus, Outcome};
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde::{Deserialize, Serialize};

/// What a person says of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// A proposed one holds from now on.
    Approve,
    /// A proposed one does not hold, and is not proposed again on the same evidence.
    Deny,
    /// What was decided waits again.
    Undo,
}

impl Decision {
    /// What becomes of a tag on which it is made.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Approve => Outcome::Approved,
            Self::Deny => Outcome::Denied,
            Self::Undo => Outcome::Undone,
        }
    }

    /// Whether it can be made on a tag that stands so.
    pub(super) fn can_be_made(self, status: ApprovalStatus) -> bool {
        match self {
            Self::Approve | Self::Deny => status == ApprovalStatus::Pending,
            Self::Undo => matches!(status, ApprovalStatus::Approved | ApprovalStatus::Denied),
        }
    }

    /// Why it was not made on a tag, which stands where it stands now.
    pub(super) fn why_not(self, tag: &VirtualTag) -> Problem {
        match self {
            Self::Approve | Self::Deny => why_not(tag),
            Self::Undo => undo::why_not(tag),
        }
    }
}

/// Decides the selected tags for the actor, who must be an approver, at once.
///
/// Gives for each tag what became of it: one that somebody decided before stays as it is and is reported with
/// that decision, so that deciding twice is harmless. Approving a value supersedes the other candidates of its
/// key on the resource, and a value approved earlier. Refuses more than [`super::MAX_AT_ONCE`] tags, having decided
/// none; [`super::request`] takes them.
pub async fn decide(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    selection: Selection,
    reason: Option<String>,
) -> Result<Decisions> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let field = if matches!(selection, Selection::Ids(_)) {
        "ids"
    } else {
        "filter"
    };
    let selected = selection.query(db, actor, decision).await?;
    match selected.ids_if_small(db).await? {
        Some(ids) => decide_ids(db, actor, decision, &ids, reason).await,
        None => Err(Error::Validation(vec![too_many(field)])),
    }
}

/// Decides a few tags in one transaction.
pub(super) async fn decide_ids(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    ids: &[i64],
    reason: Option<String>,
) -> Result<Decisions> {
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    sql::retried(async || {
        let txn = db.begin().await?;
        lock_resources(&txn, ids, &actor.scope).await?;
        let changed = apply(&txn, &actor.scope, decision, ids, &cause).await?;
        let decisions = outcomes(&txn, &actor.scope, decision, ids, &changed).await?;
        txn.commit().await?;
        Ok(decisions)
    })
    .await
}

/// Makes the decision on those of `ids` on which it can be made, and gives them. Who calls holds their resources.
pub(super) async fn apply(
    txn: &impl ConnectionTrait,
    scope: &AccountScope,
    decision: Decision,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let changed = match decision {
        Decision::Approve => approve(txn, scope, ids, cause).await?,
        Decision::Deny => deny(txn, scope, ids, cause).await?,
        Decision::Undo => undo::reopen(txn, scope, ids, cause).await?,
    };
    let mut resources: Vec<i64> = changed.iter().map(|tag| tag.resource_id).collect();
    resources.sort_unstable();
    resources.dedup();
    revision::make_due(txn, resources).await?;
    Ok(changed)
}

/// Approves those of `ids` that are pending. Of several values of one key on one resource the most confident
/// wins; the others are superseded with the rest.
async fn approve(
    txn: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let winners = "SELECT DISTINCT ON (resource_id, tag_key) id, resource_id, tag_key FROM virtual_tags
         WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
         ORDER BY resource_id, tag_key, confidence DESC, id";
    let binds = || vec![ids.to_vec().into(), scope.as_bind().into()];
    // First the others give way: a key has one approved value at any moment.
    let supersede = format!(
        "winner AS ({winners}),
         loser AS (SELECT t.id, t.approval_status AS old_status, w.id AS winner_id FROM virtual_tags t
              JOIN winner w ON w.resource_id = t.resource_id AND w.tag_key = t.tag_key AND w.id <> t.id
             WHERE t.approval_status IN ('PENDING', 'APPROVED')),
         changed AS (UPDATE virtual_tags t SET approval_status = 'SUPERSEDED', superseded_by = l.winner_id,
                superseded_from = l.old_status, updated_at = now()
              FROM loser l WHERE t.id = l.id
            RETURNING t.*, 'SUPERSEDED'::text AS action, t.tag_value AS old_value, l.old_status)"
    );
    // The winners are the same ones still: those that lost among `ids` are no longer pending.
    audit::ids_with_trail(txn, &supersede, binds(), cause).await?;
    let approve = format!(
        "winner AS ({winners}),
         changed AS (UPDATE virtual_tags t SET approval_status = 'APPROVED', decided_by = $3, decided_at = now(),
                decision_reason = $4, updated_at = now()
              FROM winner w WHERE t.id = w.id
            RETURNING t.*, 'APPROVED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)"
    );
    audit::ids_with_trail(txn, &approve, with_decision(binds(), cause), cause).await
}

async fn deny(
    txn: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let deny = "changed AS (UPDATE virtual_tags t SET approval_status = 'DENIED', decided_by = $3,
                decided_at = now(), decision_reason = $4, updated_at = now()
              WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
            RETURNING t.*, 'DENIED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";
    let binds = vec![ids.to_vec().into(), scope.as_bind().into()];
    audit::ids_with_trail(txn, deny, with_decision(binds, cause), cause).await
}

fn with_decision(mut binds: Vec<sea_orm::Value>, cause: &Cause) -> Vec<sea_orm::Value> {
    binds.extend([cause.actor.clone().into(), cause.reason.clone().into()]);
    binds
}

fn why_not(tag: &VirtualTag) -> Problem {
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
