//! Edits of rules. Every change raises the revision, so that all resources are evaluated again.

use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::admin_changes::{self, AdminAction, AdminSubject, NewAdminChange};
use crate::domain::revision;
use crate::entities::rule::{self, ActiveModel, Column};
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, IntoActiveModel, QueryFilter, Set, SqlErr,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use tagging::rules::{CompiledRule, Condition, ValueTemplate};

/// Definition of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDraft {
    /// 1 to 200 characters, unique.
    pub rule_name: String,
    /// At most 4000 characters.
    pub description: String,
    /// CEL expression over `resource`, see [`Condition`].
    pub condition: String,
    /// 1 to 128 characters.
    pub tag_key: String,
    /// Text or a template, see [`ValueTemplate`]; 1 to 1024 characters.
    pub tag_value: String,
    /// Rank of the rule: smaller first, equal ones in the order in which they were created.
    pub priority: i32,
    /// Confidence of its tags, 0 to 1.
    pub confidence: f64,
    pub enabled: bool,
}

impl RuleDraft {
    /// Compiles the rule; the error has all its problems, with positions.
    pub fn compile(&self, id: i64) -> Result<CompiledRule> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::field(ProblemCode::Invalid, field, message));
        };
        check_text("ruleName", &self.rule_name, 1, 200, &mut refuse);
        check_text("tagKey", &self.tag_key, 1, 128, &mut refuse);
        check_text("tagValue", &self.tag_value, 1, 1024, &mut refuse);
        if self.description.chars().count() > 4000 || self.description.contains('\0') {
            refuse(
                "description",
                "must have at most 4000 characters, none of them NUL".into(),
            );
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            refuse(
                "confidence",
                format!("must be from 0 to 1; it is {}", self.confidence),
            );
        }
        let condition =
            Condition::compile(&self.condition).map_err(|error| refuse("condition", error.to_string()));
        let value =
            ValueTemplate::compile(&self.tag_value).map_err(|error| refuse("tagValue", error.to_string()));
        match (condition, value) {
            (Ok(condition), Ok(value)) if problems.is_empty() => Ok(CompiledRule {
                id,
                name: self.rule_name.clone(),
                priority: self.priority,
                digest: self.digest(),
                condition,
                key: self.tag_key.clone(),
                value,
                confidence: self.confidence,
            }),
            _ => {
                // One problem per field: an empty value is no valid template either.
                let mut seen = HashSet::new();
                problems.retain(|problem| seen.insert(problem.field.clone()));
                Err(Error::Validation(problems))
            }
        }
    }

    fn digest(&self) -> String {
        let parts = (&self.condition, &self.tag_key, &self.tag_value);
        let digest = Sha256::digest(format!("{parts:?}"));
        hex::encode(&digest[..3])
    }

    fn write_to(self, row: &mut ActiveModel, actor: &Actor) {
        row.rule_name = Set(self.rule_name);
        row.description = Set(self.description);
        row.condition = Set(self.condition);
        row.tag_key = Set(self.tag_key);
        row.tag_value = Set(self.tag_value);
        row.priority = Set(self.priority);
        row.confidence = Set(self.confidence);
        row.enabled = Set(self.enabled);
        row.updated_by = Set(actor.subject.clone());
    }
}

impl From<rule::Model> for RuleDraft {
    fn from(row: rule::Model) -> Self {
        Self {
            rule_name: row.rule_name,
            description: row.description,
            condition: row.condition,
            tag_key: row.tag_key,
            tag_value: row.tag_value,
            priority: row.priority,
            confidence: row.confidence,
            enabled: row.enabled,
        }
    }
}

fn check_text(field: &str, text: &str, least: usize, most: usize, refuse: &mut impl FnMut(&str, String)) {
    let length = text.chars().count();
    if length < least || length > most || text.trim() != text || text.chars().any(char::is_control) {
        refuse(
            field,
            format!("must have {least} to {most} characters, no blanks around and no control characters"),
        );
    }
}

/// Creates a rule. Requires access to all accounts, because rules apply to all resources.
pub async fn create(db: &DatabaseConnection, actor: &Actor, input: RuleDraft) -> Result<rule::Model> {
    let txn = begin(db, actor).await?;
    input.compile(0)?;
    let mut row = ActiveModel {
        created_by: Set(actor.subject.clone()),
        ..Default::default()
    };
    input.write_to(&mut row, actor);
    let made = row.insert(&txn).await.map_err(name_taken)?;
    record(&txn, actor, AdminAction::Created, None, Some(&made)).await?;
    txn.commit().await?;
    Ok(made)
}

/// Changes a rule. Fails if `version` is given and not the present one, that is if the rule was changed since it was read.
pub async fn update(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    version: Option<i32>,
    change: impl FnOnce(&mut RuleDraft),
) -> Result<rule::Model> {
    let txn = begin(db, actor).await?;
    let old = locked(&txn, actor, id).await?;
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
    if input == before {
        return Ok(old);
    }
    let next = old.version + 1;
    input.compile(id)?;
    let mut row = old.clone().into_active_model();
    input.write_to(&mut row, actor);
    row.version = Set(next);
    row.updated_at = Set(chrono::Utc::now());
    let new = row.update(&txn).await.map_err(name_taken)?;
    record(&txn, actor, AdminAction::Updated, Some(&old), Some(&new)).await?;
    txn.commit().await?;
    Ok(new)
}

/// Deletes a rule. Its pending tags are withdrawn by the evaluation that follows.
pub async fn delete(db: &DatabaseConnection, actor: &Actor, id: i64) -> Result<rule::Model> {
    let txn = begin(db, actor).await?;
    let old = locked(&txn, actor, id).await?;
    old.clone().into_active_model().delete(&txn).await?;
    record(&txn, actor, AdminAction::Deleted, Some(&old), None).await?;
    txn.commit().await?;
    Ok(old)
}

/// Sets the priorities 10, 20, 30, ... in the order of `ids`, which must name every rule once.
pub async fn reorder(db: &DatabaseConnection, actor: &Actor, ids: &[i64]) -> Result<Vec<rule::Model>> {
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
    let ordered = super::list::in_order(&txn, &actor.scope).await?;
    if moved > 0 {
        record_order(&txn, actor, &present, &ordered).await?;
    }
    txn.commit().await?;
    Ok(ordered)
}

/// Begins an edit with the new revision, whose row is the lock that makes edits of rules serial.
async fn begin(db: &DatabaseConnection, actor: &Actor) -> Result<Transaction> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()?;
    let txn = db.begin().await?;
    revision::raise(&txn).await?;
    Ok(txn)
}

/// Records the change of a rule in the trail of administration.
async fn record(
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

fn name_taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let message = "another rule has this name";
            Error::Validation(vec![Problem::field(ProblemCode::Conflict, "ruleName", message)])
        }
        _ => error.into(),
    }
}
