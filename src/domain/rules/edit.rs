//! Edits of rules. Every change makes due what it can affect, and asks for the run that evaluates it.

use super::affected;
use super::draft::RuleDraft;
use super::warnings::{RuleWarning, warnings};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::admin_changes::{self, AdminAction, AdminSubject, NewAdminChange};
use crate::domain::evaluation::AutoTagJob;
use crate::entities::rule::{self, ActiveModel, Column};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, Run};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, IntoActiveModel, QueryFilter, Set, SqlErr,
};
use serde_json::json;
use std::collections::HashSet;
use std::ops::Deref;
use tagging::Vocabulary;

/// Rule as it was saved, or deleted.
#[derive(Clone, Debug)]
pub struct SavedRule {
    pub rule: rule::Model,
    /// Run that evaluates what the change affects; `None` when nothing was changed.
    pub run: Option<Run>,
    /// Doubts about the rule, none of which keeps it from being saved.
    pub warnings: Vec<RuleWarning>,
}

impl Deref for SavedRule {
    type Target = rule::Model;

    fn deref(&self) -> &rule::Model {
        &self.rule
    }
}

/// Rules in a new order.
#[derive(Clone, Debug)]
pub struct ReorderedRules {
    /// All rules, in order.
    pub rules: Vec<rule::Model>,
    /// Run that evaluates what the change affects; `None` when nothing was changed.
    pub run: Option<Run>,
}

/// Rule as it was written or deleted, before the resources are made due that this affects.
pub(super) struct WrittenRule {
    rule: rule::Model,
    /// Conditions that engines had or have of the rule; `None` when nothing was changed.
    conditions: Option<Vec<String>>,
    warnings: Vec<RuleWarning>,
}

impl WrittenRule {
    fn new(rule: rule::Model, versions: &[&rule::Model], warnings: Vec<RuleWarning>) -> Self {
        let conditions = versions.iter().filter_map(|rule| affected::active(rule));
        Self {
            conditions: Some(conditions.map(str::to_owned).collect()),
            rule,
            warnings,
        }
    }
}

/// Creates a rule. Requires access to all accounts, because rules apply to all resources.
pub async fn create(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    input: RuleDraft,
) -> Result<SavedRule> {
    let txn = begin(db, actor).await?;
    let written = write_new(&txn, actor, vocabulary, input).await?;
    save(txn, actor, written).await
}

/// As [`create`], in a transaction that goes on.
pub(super) async fn write_new(
    txn: &Transaction,
    actor: &Actor,
    vocabulary: &Vocabulary,
    input: RuleDraft,
) -> Result<WrittenRule> {
    input.compile(0, 1)?;
    let warnings = warnings(&input, vocabulary);
    let input = input.normalised(vocabulary);
    let mut row = ActiveModel {
        created_by: Set(actor.subject.clone()),
        ..Default::default()
    };
    input.write_to(&mut row, actor);
    let made = row.insert(txn).await.map_err(name_taken)?;
    record(txn, actor, AdminAction::Created, None, Some(&made)).await?;
    Ok(WrittenRule::new(made.clone(), &[&made], warnings))
}

/// Changes a rule. Fails if `version` is given and not the present one, that is if the rule was changed since it was read.
pub async fn update(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    id: i64,
    version: Option<i32>,
    change: impl FnOnce(&mut RuleDraft),
) -> Result<SavedRule> {
    let txn = begin(db, actor).await?;
    let written = write_change(&txn, actor, vocabulary, id, version, change).await?;
    save(txn, actor, written).await
}

/// As [`update`], in a transaction that goes on.
pub(super) async fn write_change(
    txn: &Transaction,
    actor: &Actor,
    vocabulary: &Vocabulary,
    id: i64,
    version: Option<i32>,
    change: impl FnOnce(&mut RuleDraft),
) -> Result<WrittenRule> {
    let old = locked(txn, actor, id).await?;
    if version.is_some_and(|version| version != old.version) {
        let message = format!(
            "changed by {} since you read it; it is at version {}",
            old.updated_by, old.version
        );
        return Err(Error::Validation(vec![Problem::field(
            ProblemCode::Stale,
            "version",
            message,
        )]));
    }
    let before = RuleDraft::from(old.clone());
    let mut input = before.clone();
    change(&mut input);
    let warnings = warnings(&input, vocabulary);
    if input == before {
        return Ok(WrittenRule {
            rule: old,
            conditions: None,
            warnings,
        });
    }
    let next = old.version + 1;
    input.compile(id, next)?;
    let mut row = old.clone().into_active_model();
    input.normalised(vocabulary).write_to(&mut row, actor);
    row.version = Set(next);
    row.updated_at = Set(chrono::Utc::now());
    let new = row.update(txn).await.map_err(name_taken)?;
    record(txn, actor, AdminAction::Updated, Some(&old), Some(&new)).await?;
    Ok(WrittenRule::new(new.clone(), &[&old, &new], warnings))
}

/// Deletes a rule. Its pending tags are withdrawn by the evaluation that follows.
pub async fn delete(db: &DatabaseConnection, actor: &Actor, id: i64) -> Result<SavedRule> {
    let txn = begin(db, actor).await?;
    let written = write_deletion(&txn, actor, id).await?;
    save(txn, actor, written).await
}

/// As [`delete`], in a transaction that goes on.
pub(super) async fn write_deletion(txn: &Transaction, actor: &Actor, id: i64) -> Result<WrittenRule> {
    let old = locked(txn, actor, id).await?;
    old.clone().into_active_model().delete(txn).await?;
    record_deleted(txn, actor, &old, None).await?;
    Ok(WrittenRule::new(old.clone(), &[&old], Vec::new()))
}

/// Begins a change of rules: only one goes on at a time.
pub(super) async fn begin(db: &DatabaseConnection, actor: &Actor) -> Result<Transaction> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()?;
    let txn = db.begin().await?;
    affected::begin(&txn).await?;
    Ok(txn)
}

async fn save(txn: Transaction, actor: &Actor, written: WrittenRule) -> Result<SavedRule> {
    let run = commit(txn, actor, std::slice::from_ref(&written)).await?;
    Ok(SavedRule {
        rule: written.rule,
        run,
        warnings: written.warnings,
    })
}

/// Commits changes, with the run that evaluates what all of them affect; `None` when nothing was changed.
pub(super) async fn commit(txn: Transaction, actor: &Actor, written: &[WrittenRule]) -> Result<Option<Run>> {
    if written.iter().all(|written| written.conditions.is_none()) {
        return Ok(None);
    }
    let conditions = written.iter().filter_map(|written| written.conditions.as_ref());
    let conditions: Vec<&str> = conditions.flatten().map(String::as_str).collect();
    affected::make_due(&txn, conditions.into_iter()).await?;
    let run = back_fill(&txn, actor).await?;
    txn.commit().await?;
    Ok(Some(run))
}

/// Sets the priorities 10, 20, 30, ... in the order of `ids`, which must name every rule once.
pub async fn reorder(db: &DatabaseConnection, actor: &Actor, ids: &[i64]) -> Result<ReorderedRules> {
    let txn = begin(db, actor).await?;
    let present = super::list::in_order(&txn, &actor.scope).await?;
    let wanted: HashSet<i64> = ids.iter().copied().collect();
    let existing: HashSet<i64> = present.iter().map(|rule| rule.id).collect();
    if wanted.len() != ids.len() || wanted != existing {
        return Err(Error::invalid(
            "ids",
            format!("must name each of the {} rules once", existing.len()),
        ));
    }
    let reorder = "UPDATE rules r SET priority = o.number * 10, version = version + 1, updated_at = now(),
                updated_by = $2
           FROM unnest($1::bigint[]) WITH ORDINALITY AS o(id, number)
          WHERE r.id = o.id AND r.priority <> o.number * 10";
    let moved = sql::execute(&txn, reorder, [ids.to_vec().into(), actor.subject.clone().into()]).await?;
    let rules = super::list::in_order(&txn, &actor.scope).await?;
    if moved == 0 {
        return Ok(ReorderedRules { rules, run: None });
    }
    record_order(&txn, actor, &present, &rules).await?;
    let moved = moved_past(&present, &rules);
    affected::make_due(&txn, moved.into_iter().filter_map(affected::active)).await?;
    let run = Some(back_fill(&txn, actor).await?);
    txn.commit().await?;
    Ok(ReorderedRules { rules, run })
}

/// Rules that come before or after another rule of their key than they did: only what these match can change.
fn moved_past<'a>(before: &'a [rule::Model], after: &'a [rule::Model]) -> Vec<&'a rule::Model> {
    let of_key = |rules: &'a [rule::Model], key: &str| -> Vec<&'a rule::Model> {
        rules.iter().filter(|rule| rule.tag_key == key).collect()
    };
    let keys: HashSet<&str> = after.iter().map(|rule| rule.tag_key.as_str()).collect();
    let mut moved = Vec::new();
    for key in keys {
        let pairs = of_key(before, key).into_iter().zip(of_key(after, key));
        moved.extend(pairs.filter(|(old, new)| old.id != new.id).map(|(_, new)| new));
    }
    moved
}

/// Asks for the run that evaluates what a change made due, in the transaction of the change.
async fn back_fill(txn: &Transaction, actor: &Actor) -> Result<Run> {
    let requested = runs::request_within(txn, actor, &AutoTagJob {}).await?;
    Ok(requested.run)
}

/// Records the change of a rule in the trail of administration.
pub(super) async fn record(
    txn: &Transaction,
    actor: &Actor,
    action: AdminAction,
    before: Option<&rule::Model>,
    after: Option<&rule::Model>,
) -> Result<()> {
    let Some(rule) = after.or(before) else {
        return Ok(());
    };
    let change = NewAdminChange {
        action,
        subject: AdminSubject::Rule,
        subject_id: Some(rule.id.to_string()),
        subject_name: rule.rule_name.clone(),
        before: before.map(shown),
        after: after.map(shown),
    };
    admin_changes::record(txn, actor, change).await
}

/// Records the deletion of a rule, with the reason for it.
pub(super) async fn record_deleted(
    txn: &Transaction,
    actor: &Actor,
    rule: &rule::Model,
    reason: Option<&str>,
) -> Result<()> {
    let change = NewAdminChange {
        action: AdminAction::Deleted,
        subject: AdminSubject::Rule,
        subject_id: Some(rule.id.to_string()),
        subject_name: rule.rule_name.clone(),
        before: Some(shown(rule)),
        after: reason.map(|reason| json!({"reason": reason})),
    };
    admin_changes::record(txn, actor, change).await
}

/// Definition of a rule as JSON, by the names of the API.
fn shown(rule: &rule::Model) -> serde_json::Value {
    json!({
        "ruleName": rule.rule_name,
        "description": rule.description,
        "condition": rule.condition,
        "tagKey": rule.tag_key,
        "tagValue": rule.tag_value,
        "priority": rule.priority,
        "confidence": rule.confidence,
        "enabled": rule.enabled,
        "corrects": rule.corrects,
        "effectiveFrom": rule.effective_from,
        "effectiveTo": rule.effective_to,
        "version": rule.version,
    })
}

async fn record_order(
    txn: &Transaction,
    actor: &Actor,
    before: &[rule::Model],
    after: &[rule::Model],
) -> Result<()> {
    let shown = |rules: &[rule::Model]| {
        let rules = rules.iter();
        let rules = rules.map(|rule| json!({"ruleName": rule.rule_name, "priority": rule.priority}));
        rules.collect()
    };
    let change = NewAdminChange {
        action: AdminAction::Reordered,
        subject: AdminSubject::Rule,
        subject_id: None,
        subject_name: "all rules".into(),
        before: Some(shown(before)),
        after: Some(shown(after)),
    };
    admin_changes::record(txn, actor, change).await
}

async fn locked(txn: &Transaction, actor: &Actor, id: i64) -> Result<rule::Model> {
    use sea_orm::QuerySelect;
    let found = rule::find(&actor.scope)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(txn)
        .await?;
    found.ok_or_else(|| Error::not_found("id", "such rule"))
}

pub(super) fn name_taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let message = "another rule has this name";
            Error::Validation(vec![Problem::field(ProblemCode::Conflict, "ruleName", message)])
        }
        _ => error.into(),
    }
}
