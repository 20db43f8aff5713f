//! Acceptance of a suggestion: one rule for each key, whose tags are approved in the name of who accepted it.

use super::tags::{TagChoice, chosen, decided_keys};
use super::{Suggestion, SuggestionStatus, members, state};
use crate::auth::{AccountScope, Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::check_reason;
use crate::domain::evaluation::AutoTagJob;
use crate::domain::revision;
use crate::domain::rules::{RuleDraft, RuleRow, approving};
use crate::entities::rule_suggestion;
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, Run};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use tagging::Vocabulary;

/// Priority of rules that approve: before those that people write, unless these have a smaller one. An administrator
/// moves them like any rule.
pub const PRIORITY: i32 = 0;

/// Longest condition of a rule, in characters.
const MAX_CONDITION: usize = 4096;

/// Acceptance that an approver asks for.
#[derive(Clone, Debug)]
pub struct SuggestionAcceptance {
    pub id: i64,
    /// Tags to accept; all as suggested without any.
    pub tags: Option<Vec<TagChoice>>,
    /// Signature that the approver saw; the acceptance is refused if it is another by now.
    pub signature: Option<String>,
    /// Reason for the audit trail.
    pub reason: Option<String>,
}

/// Accepted suggestion.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub suggestion: Suggestion,
    /// Rules that approve, one for each key.
    pub rules: Vec<RuleRow>,
    /// Run that approves the tags; `None` if the suggestion was accepted before.
    pub run: Option<Run>,
}

/// Accepts a suggestion: its tags are approved on all resources that match, by a run that is asked for in the same
/// transaction, and on those that will match. Accepting it again with the same tags changes nothing. Needs
/// [`Role::Approver`] and access to all accounts of the suggestion; the rules of an actor who is limited to accounts hold
/// there alone.
pub async fn accept(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    input: SuggestionAcceptance,
) -> Result<Accepted> {
    actor.require(Role::Approver)?;
    check_reason(input.reason.as_deref())?;
    sql::retried(|| accept_checked(db, actor, vocabulary, input.clone())).await
}

async fn accept_checked(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    input: SuggestionAcceptance,
) -> Result<Accepted> {
    let txn = db.begin().await?;
    revision::raise_generation(&txn).await?;
    let suggestion = locked(&txn, &actor.scope, input.id).await?;
    let offers = suggestion.offers()?;
    let chosen = chosen(&offers, input.tags, vocabulary)?;
    match suggestion.status {
        SuggestionStatus::Open => {}
        SuggestionStatus::Accepted => return accepted_before(&txn, actor, suggestion, &chosen).await,
        SuggestionStatus::Dismissed => return Err(decided(&suggestion, "dismissed")),
    }
    if input.signature.is_some_and(|seen| seen != suggestion.signature) {
        let message = "the suggestion is another since you read it";
        let problem = Problem::field(ProblemCode::Stale, "signature", message);
        return Err(Error::Validation(vec![problem]));
    }
    let condition = condition(&suggestion, &actor.scope)?;
    let mut rules = Vec::with_capacity(chosen.len());
    for (key, value) in &chosen {
        let draft = draft(&suggestion, &condition, key, value);
        rules.push(approving::create(&txn, actor, suggestion.id, draft, input.reason.clone()).await?);
    }
    let affected = members::ids(&txn, &actor.scope, &suggestion, revision::MOST_AFFECTED).await?;
    revision::make_affected_due(&txn, affected).await?;
    let accepted = "UPDATE rule_suggestions SET status = 'ACCEPTED', decided_by = $2, decided_at = now(),
                           decision_reason = $3, decided_keys = $4
                     WHERE id = $1 RETURNING *";
    let binds = [
        suggestion.id.into(),
        actor.subject.clone().into(),
        input.reason.into(),
        decided_keys(&offers, &chosen)?.into(),
    ];
    let suggestion: Option<Suggestion> = sql::row(&txn, accepted, binds).await?;
    let run = start_evaluation(&txn).await?;
    txn.commit().await?;
    Ok(Accepted {
        suggestion: suggestion.ok_or_else(gone)?,
        rules,
        run: Some(run),
    })
}

/// Asks for the run that evaluates what a decision on a suggestion made due; the suggestions are mined again after it.
pub(super) async fn start_evaluation(txn: &Transaction) -> Result<Run> {
    state::note_changes(txn).await?;
    let requested = runs::request_within(txn, &Actor::system("suggestions"), &AutoTagJob {}).await?;
    Ok(requested.run)
}

/// The suggestion, locked: decisions on it are serial.
pub(super) async fn locked(txn: &Transaction, scope: &AccountScope, id: i64) -> Result<Suggestion> {
    let found = rule_suggestion::find(scope)
        .filter(rule_suggestion::Column::Id.eq(id))
        .lock_exclusive()
        .one(txn)
        .await?;
    found.ok_or_else(gone)
}

/// Error of a decision on a suggestion that was decided otherwise.
pub(super) fn decided(suggestion: &Suggestion, how: &str) -> Error {
    let by = suggestion.decided_by.as_deref().unwrap_or("somebody");
    let message = format!("the suggestion was {how} by {by}");
    Error::Validation(vec![Problem::field(ProblemCode::AlreadyDecided, "id", message)])
}

async fn accepted_before(
    txn: &Transaction,
    actor: &Actor,
    suggestion: Suggestion,
    chosen: &BTreeMap<String, String>,
) -> Result<Accepted> {
    let rules = approving::of_suggestion(txn, actor, suggestion.id).await?;
    let offers = suggestion.offers()?;
    if suggestion.decided_keys != Some(decided_keys(&offers, chosen)?) {
        return Err(decided(&suggestion, "accepted with other tags"));
    }
    Ok(Accepted {
        suggestion,
        rules,
        run: None,
    })
}

/// Condition of the suggestion's rules. An actor who is limited to accounts decides nothing in others, where resources
/// may come to match.
fn condition(suggestion: &Suggestion, scope: &AccountScope) -> Result<String> {
    let pattern = &suggestion.condition;
    if *scope == AccountScope::All {
        return Ok(pattern.clone());
    }
    let accounts: Vec<String> = suggestion
        .accounts
        .iter()
        .map(|account| literal(account))
        .collect();
    let condition = format!("({pattern}) && resource.account_id in [{}]", accounts.join(", "));
    if condition.chars().count() > MAX_CONDITION {
        let message = "the resources are in too many accounts for an actor who is limited to accounts";
        return Err(Error::Validation(vec![Problem::field(
            ProblemCode::TooMany,
            "id",
            message,
        )]));
    }
    Ok(condition)
}

/// Text as a literal of conditions.
fn literal(text: &str) -> String {
    let escaped = text.chars().flat_map(|letter| {
        let escape = matches!(letter, '\'' | '\\').then_some('\\');
        escape.into_iter().chain([letter])
    });
    format!("'{}'", escaped.collect::<String>())
}

fn draft(suggestion: &Suggestion, condition: &str, key: &str, value: &str) -> RuleDraft {
    RuleDraft {
        rule_name: format!("suggestion {}: {key}", suggestion.id),
        description: suggestion
            .description
            .replace('\0', "")
            .chars()
            .take(4000)
            .collect(),
        condition: condition.to_owned(),
        tag_key: key.to_owned(),
        tag_value: value.to_owned(),
        priority: PRIORITY,
        confidence: 1.0,
        enabled: true,
        corrects: false,
        effective_from: None,
        effective_to: None,
    }
}

fn gone() -> Error {
    Error::not_found("id", "such suggestion")
}
