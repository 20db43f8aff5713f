//! Dismissal of open suggestions, and revocation of accepted ones.

use super::accept::{decided, locked, start_evaluation};
use super::mine::MineSuggestionsJob;
use super::tags::decided_keys;
use super::{Suggestion, SuggestionStatus, members, state};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::check_reason;
use crate::domain::revision;
use crate::domain::rules::{RuleRow, approving};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, Run};
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::collections::BTreeMap;

/// Revoked suggestion.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// Open again until it is mined anew.
    pub suggestion: Suggestion,
    /// Rules that were deleted.
    pub rules: Vec<RuleRow>,
    /// Run that withdraws the tags that only these rules support.
    pub run: Option<Run>,
}

/// Dismisses an open suggestion: it stays away until its evidence is another. Dismissing it again changes nothing. Needs
/// [`Role::Approver`] and access to all accounts of the suggestion.
pub async fn dismiss(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    reason: Option<String>,
) -> Result<Suggestion> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    let txn = db.begin().await?;
    let suggestion = locked(&txn, &actor.scope, id).await?;
    match suggestion.status {
        SuggestionStatus::Open => {}
        SuggestionStatus::Dismissed => return Ok(suggestion),
        SuggestionStatus::Accepted => return Err(decided(&suggestion, "accepted")),
    }
    let keys = decided_keys(&suggestion.offers()?, &BTreeMap::new())?;
    let dismiss = "UPDATE rule_suggestions SET status = 'DISMISSED', decided_by = $2, decided_at = now(),
                          decision_reason = $3, decided_keys = $4
                    WHERE id = $1 RETURNING *";
    let binds = [
        id.into(),
        actor.subject.clone().into(),
        reason.into(),
        keys.into(),
    ];
    let dismissed: Option<Suggestion> = sql::row(&txn, dismiss, binds).await?;
    state::note_changes(&txn).await?;
    runs::request_within(&txn, &Actor::system("suggestions"), &MineSuggestionsJob {}).await?;
    txn.commit().await?;
    dismissed.ok_or_else(|| Error::not_found("id", "such suggestion"))
}

/// Revokes an accepted suggestion: deletes its rules, and has the tags withdrawn that only they support. It may be
/// suggested again. Needs [`Role::Approver`] and access to all accounts in which its rules approved tags.
pub async fn revoke(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    reason: Option<String>,
) -> Result<Revoked> {
    actor.require(Role::Approver)?;
    check_reason(reason.as_deref())?;
    sql::retried(|| revoke_checked(db, actor, id, reason.clone())).await
}

async fn revoke_checked(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    reason: Option<String>,
) -> Result<Revoked> {
    let txn = db.begin().await?;
    revision::raise_generation(&txn).await?;
    let suggestion = locked(&txn, &actor.scope, id).await?;
    match suggestion.status {
        SuggestionStatus::Accepted => {}
        SuggestionStatus::Dismissed => return Err(decided(&suggestion, "dismissed")),
        SuggestionStatus::Open => {
            let message = "the suggestion is not accepted";
            return Err(Error::Validation(vec![Problem::field(
                ProblemCode::Conflict,
                "id",
                message,
            )]));
        }
    }
    let rules = approving::of_suggestion(&txn, actor, id).await?;
    let ids: Vec<i64> = rules.iter().map(|rule| rule.id).collect();
    require_accounts(&txn, actor, &ids).await?;
    approving::delete(&txn, actor, &rules, reason.as_deref()).await?;
    let mut affected = members::ids(&txn, &actor.scope, &suggestion, revision::MOST_AFFECTED).await?;
    affected.extend(tagged_by(&txn, &ids).await?);
    revision::make_affected_due(&txn, affected).await?;
    let suggestion = reopen(&txn, &suggestion, reason).await?;
    let run = start_evaluation(&txn).await?;
    txn.commit().await?;
    Ok(Revoked {
        suggestion,
        rules,
        run: Some(run),
    })
}

/// Refuses, as if there were no such suggestion, an actor who may not see all that its rules tagged.
async fn require_accounts(txn: &Transaction, actor: &Actor, rules: &[i64]) -> Result<()> {
    #[derive(FromQueryResult)]
    struct OtherAccount {
        found: bool,
    }
    let elsewhere = "SELECT EXISTS (SELECT FROM virtual_tags WHERE rule_id = ANY($1)
                        AND NOT ($2::text[] IS NULL OR account_id = ANY($2))) AS found";
    let binds = [rules.to_vec().into(), actor.scope.as_bind().into()];
    let elsewhere: Option<OtherAccount> = sql::row(txn, elsewhere, binds).await?;
    match elsewhere {
        Some(OtherAccount { found: true }) => Err(Error::not_found("id", "such suggestion")),
        _ => Ok(()),
    }
}

/// Resources that have or had tags of the rules.
async fn tagged_by(txn: &Transaction, rules: &[i64]) -> Result<Vec<i64>> {
    #[derive(FromQueryResult)]
    struct TaggedResource {
        resource_id: i64,
    }
    let tagged = "SELECT DISTINCT resource_id FROM virtual_tags WHERE rule_id = ANY($1)";
    let tagged: Vec<TaggedResource> = sql::rows(txn, tagged, [rules.to_vec().into()]).await?;
    Ok(tagged.into_iter().map(|row| row.resource_id).collect())
}

/// The suggestion, open again in place of one of the same pattern that was mined since.
async fn reopen(txn: &Transaction, suggestion: &Suggestion, reason: Option<String>) -> Result<Suggestion> {
    let newer = "DELETE FROM rule_suggestions WHERE pattern_key = $1 AND status = 'OPEN'";
    sql::execute(txn, newer, [suggestion.pattern_key.clone().into()]).await?;
    let reopen = "UPDATE rule_suggestions SET status = 'OPEN', decided_by = NULL, decided_at = NULL,
                         decision_reason = $2, decided_keys = NULL
                   WHERE id = $1 RETURNING *";
    let reopened: Option<Suggestion> = sql::row(txn, reopen, [suggestion.id.into(), reason.into()]).await?;
    reopened.ok_or_else(|| Error::not_found("id", "such suggestion"))
}
