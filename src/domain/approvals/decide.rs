//! Approving and denying.

use super::filter::TagFilter;
use super::{Decisions, MAX_AT_ONCE, VirtualTag, check_reason, distinct, lock_resources, outcomes};
use crate::db::sql;
use crate::domain::audit::{self, Cause};
use crate::domain::auth::{Actor, Role};
use crate::domain::tagging::revision;
use crate::entities::{ApprovalStatus, TagSource, virtual_tag};
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

/// What a person says to a proposed tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It holds from now on.
    Approve,
    /// It does not, and is not proposed again on the same evidence.
    Deny,
}

/// Tags that were proposed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKey {
    pub tag_key: String,
    pub tag_value: String,
    pub source: TagSource,
    pub evidence_signature: String,
}

/// Which tags to decide.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These, named one by one.
    Ids(Vec<i64>),
    /// All pending ones that the filter takes at this moment.
    Filter(TagFilter),
    /// All pending ones of a group.
    Group(GroupKey),
}

/// Decides the selected tags for the actor, who must be an approver.
///
/// Gives for each tag what became of it: one that somebody decided before stays as it is and is reported with
/// that decision, so that deciding twice is harmless. Approving a value supersedes the other candidates of its
/// key on the resource, and a value approved earlier. Refuses more than [`MAX_AT_ONCE`] tags, having decided none.
pub async fn decide(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    selection: Selection,
    reason: Option<String>,
) -> Result<Decisions> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let ids = select(db, actor, selection).await?;
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    sql::retried(|| decide_ids(db, actor, decision, &ids, &cause)).await
}

async fn decide_ids(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    ids: &[i64],
    cause: &Cause,
) -> Result<Decisions> {
    let txn = db.begin().await?;
    lock_resources(&txn, ids, actor).await?;
    let changed = match decision {
        Decision::Approve => approve(&txn, actor, ids, cause).await?,
        Decision::Deny => deny(&txn, actor, ids, cause).await?,
    };
    revision::make_due(&txn, changed.iter().map(|tag| tag.resource_id).collect()).await?;
    let decisions = outcomes(&txn, actor, ids, &changed, why_not).await?;
    txn.commit().await?;
    Ok(decisions)
}

async fn select(db: &DatabaseConnection, actor: &Actor, selection: Selection) -> Result<Vec<i64>> {
    use virtual_tag::Column;
    let pending = virtual_tag::find(&actor.scope).filter(Column::ApprovalStatus.eq(ApprovalStatus::Pending));
    let selected = match selection {
        Selection::Ids(ids) => return distinct(ids),
        Selection::Filter(filter) => pending.filter(filter.condition()),
        Selection::Group(group) => pending
            .filter(Column::TagKey.eq(group.tag_key))
            .filter(Column::TagValue.eq(group.tag_value))
            .filter(Column::Source.eq(group.source))
            .filter(Column::EvidenceSignature.eq(group.evidence_signature)),
    };
    let page = selected
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(MAX_AT_ONCE as u64 + 1);
    let ids: Vec<i64> = page.into_tuple().all(db).await?;
    if ids.len() > MAX_AT_ONCE {
        let message = format!("more than {MAX_AT_ONCE} tags are selected; narrow the filter");
        return Err(Error::Rejected(vec![Problem::field(
            ProblemCode::TooMany,
            "filter",
            message,
        )]));
    }
    Ok(ids)
}

/// Approves those of `ids` that are pending. Of several values of one key on one resource the most confident
/// wins; the others are superseded with the rest.
async fn approve(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<VirtualTag>> {
    let winners = "SELECT DISTINCT ON (resource_id, tag_key) id, resource_id, tag_key FROM virtual_tags
         WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
         ORDER BY resource_id, tag_key, confidence DESC, id";
    let binds = || vec![ids.to_vec().into(), actor.scope.as_bind().into()];
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
    audit::with_trail::<VirtualTag>(txn, &supersede, binds(), cause).await?;
    let approve = format!(
        "winner AS ({winners}),
         changed AS (UPDATE virtual_tags t SET approval_status = 'APPROVED', decided_by = $3, decided_at = now(),
                decision_reason = $4, updated_at = now()
              FROM winner w WHERE t.id = w.id
            RETURNING t.*, 'APPROVED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)"
    );
    audit::with_trail(txn, &approve, with_decision(binds(), cause), cause).await
}

async fn deny(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<VirtualTag>> {
    let deny = "changed AS (UPDATE virtual_tags t SET approval_status = 'DENIED', decided_by = $3,
                decided_at = now(), decision_reason = $4, updated_at = now()
              WHERE id = ANY($1) AND approval_status = 'PENDING' AND ($2::text[] IS NULL OR account_id = ANY($2))
            RETURNING t.*, 'DENIED'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";
    let binds = vec![ids.to_vec().into(), actor.scope.as_bind().into()];
    audit::with_trail(txn, deny, with_decision(binds, cause), cause).await
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
