//! Rules as a file: export, and the plan of what applying a file changes.

use super::draft::RuleDraft;
use super::edit;
use super::list;
use crate::auth::Actor;
use crate::entities::rule;
use crate::error::{Error, Problem, ProblemCode, Result};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use tagging::Vocabulary;

/// Rules as a file holds them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleManifest {
    pub rules: Vec<RuleEntry>,
}

/// Rule as a file holds it, by the names of the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleEntry {
    /// Identifies the rule.
    pub rule_name: String,
    /// Version that was exported; applying is refused when the rule has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub condition: String,
    pub tag_key: String,
    pub tag_value: String,
    #[serde(default = "default_priority")]
    pub priority: i32,
    #[serde(default = "default_confidence")]
    pub confidence: f64,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "is_no")]
    pub corrects: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<DateTime<Utc>>,
    /// Marks a rule that an accepted suggestion became: it is shown, and changed only where suggestions are decided.
    #[serde(default, skip_serializing_if = "is_no")]
    pub approves: bool,
}

fn default_priority() -> i32 {
    100
}

fn default_confidence() -> f64 {
    0.95
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_no(value: &bool) -> bool {
    !*value
}

impl From<rule::Model> for RuleEntry {
    fn from(row: rule::Model) -> Self {
        Self {
            version: Some(row.version),
            approves: row.approves,
            rule_name: row.rule_name,
            description: row.description,
            condition: row.condition,
            tag_key: row.tag_key,
            tag_value: row.tag_value,
            priority: row.priority,
            confidence: row.confidence,
            enabled: row.enabled,
            corrects: row.corrects,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
        }
    }
}

impl From<RuleEntry> for RuleDraft {
    fn from(entry: RuleEntry) -> Self {
        Self {
            rule_name: entry.rule_name,
            description: entry.description,
            condition: entry.condition,
            tag_key: entry.tag_key,
            tag_value: entry.tag_value,
            priority: entry.priority,
            confidence: entry.confidence,
            enabled: entry.enabled,
            corrects: entry.corrects,
            effective_from: entry.effective_from,
            effective_to: entry.effective_to,
        }
    }
}

/// Change that applying a file makes to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulePlanAction {
    Create,
    Change,
    Unchanged,
    /// The rule is not in the file, and stays.
    NotInFile,
    /// The rule is not in the file, and is deleted.
    Delete,
    /// The rule comes from an accepted suggestion, and stays as it is.
    Approving,
}

/// Step of a plan.
#[derive(Clone, Debug)]
pub struct RulePlanStep {
    pub action: RulePlanAction,
    pub rule_name: String,
    /// Actor who changed the rule last; `None` for a new one.
    pub updated_by: Option<String>,
    /// Fields that change, by their names in the API.
    pub fields: Vec<&'static str>,
    change: Option<(Option<i64>, RuleDraft)>,
}

impl RulePlanStep {
    /// True for a step that changes something.
    pub fn is_change(&self) -> bool {
        matches!(
            self.action,
            RulePlanAction::Create | RulePlanAction::Change | RulePlanAction::Delete
        )
    }
}

/// All rules, in order.
pub async fn export(db: &DatabaseConnection, actor: &Actor) -> Result<RuleManifest> {
    let rules = list::in_order(db, &actor.scope).await?;
    Ok(RuleManifest {
        rules: rules.into_iter().map(Into::into).collect(),
    })
}

/// Makes the rules those of the file, in one transaction, and gives what was done; with `is_dry_run`, what would be done.
/// Rules that are not in the file stay, unless `prune` says otherwise. Refuses the whole file when a rule of it does not
/// compile, stands in it twice, or has changed since it was exported.
pub async fn apply(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    manifest: RuleManifest,
    prune: bool,
    is_dry_run: bool,
) -> Result<Vec<RulePlanStep>> {
    let txn = edit::begin(db, actor).await?;
    let present = list::in_order(&txn, &actor.scope).await?;
    let plan = plan(present, manifest, vocabulary, prune)?;
    let mut written = Vec::new();
    for step in &plan {
        let Some((id, draft)) = &step.change else { continue };
        written.push(match (step.action, id) {
            (RulePlanAction::Delete, Some(id)) => edit::write_deletion(&txn, actor, *id).await?,
            (_, Some(id)) => {
                let change = |now: &mut RuleDraft| now.clone_from(draft);
                edit::write_change(&txn, actor, vocabulary, *id, None, change).await?
            }
            (_, None) => edit::write_new(&txn, actor, vocabulary, draft.clone()).await?,
        });
    }
    if is_dry_run {
        // A dry run refuses what cannot be done, too.
        txn.rollback().await?;
    } else {
        edit::commit(txn, actor, &written).await?;
    }
    Ok(plan)
}

fn plan(
    present: Vec<rule::Model>,
    manifest: RuleManifest,
    vocabulary: &Vocabulary,
    prune: bool,
) -> Result<Vec<RulePlanStep>> {
    let mut left: HashMap<String, rule::Model> = present
        .iter()
        .map(|row| (row.rule_name.clone(), row.clone()))
        .collect();
    let (mut steps, mut problems, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for entry in manifest.rules {
        let name = entry.rule_name.clone();
        if !seen.insert(name.clone()) {
            problems.push(Problem::new(
                ProblemCode::Conflict,
                format!("{name}: stands in the file twice"),
            ));
            continue;
        }
        match step(left.remove(&name), entry, vocabulary) {
            Ok(step) => steps.push(step),
            Err(Error::Validation(found)) => problems.extend(found.into_iter().map(|problem| Problem {
                message: format!("{name}: {problem}"),
                field: None,
                ..problem
            })),
            Err(error) => return Err(error),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Validation(problems));
    }
    let rest = present
        .into_iter()
        .filter(|row| left.contains_key(&row.rule_name));
    steps.extend(rest.map(|row| not_in_file(row, prune)));
    Ok(steps)
}

fn step(present: Option<rule::Model>, entry: RuleEntry, vocabulary: &Vocabulary) -> Result<RulePlanStep> {
    let (version, rule_name, approves) = (entry.version, entry.rule_name.clone(), entry.approves);
    let draft = RuleDraft::from(entry).normalised(vocabulary);
    draft.compile(0, 1)?;
    let Some(row) = present else {
        if approves {
            let message = "only an accepted suggestion makes a rule that approves";
            return Err(Error::Validation(vec![Problem::new(
                ProblemCode::Invalid,
                message,
            )]));
        }
        return Ok(RulePlanStep {
            action: RulePlanAction::Create,
            rule_name,
            updated_by: None,
            fields: Vec::new(),
            change: Some((None, draft)),
        });
    };
    let (id, present_version, updated_by, is_approving) =
        (row.id, row.version, row.updated_by.clone(), row.approves);
    let fields = different(&RuleDraft::from(row), &draft);
    let action = match fields.is_empty() {
        true => RulePlanAction::Unchanged,
        false if is_approving => RulePlanAction::Approving,
        false => RulePlanAction::Change,
    };
    if action == RulePlanAction::Change && version.is_some_and(|version| version != present_version) {
        let message = format!(
            "changed by {updated_by} since it was exported; it is at version {present_version}. Export it again, or leave \
             its version out of the file"
        );
        return Err(Error::Validation(vec![Problem::new(ProblemCode::Stale, message)]));
    }
    Ok(RulePlanStep {
        action,
        rule_name,
        updated_by: Some(updated_by),
        fields,
        change: (action == RulePlanAction::Change).then_some((Some(id), draft)),
    })
}

fn not_in_file(row: rule::Model, prune: bool) -> RulePlanStep {
    let action = match prune {
        _ if row.approves => RulePlanAction::Approving,
        true => RulePlanAction::Delete,
        false => RulePlanAction::NotInFile,
    };
    let id = row.id;
    RulePlanStep {
        action,
        rule_name: row.rule_name.clone(),
        updated_by: Some(row.updated_by.clone()),
        fields: Vec::new(),
        change: (action == RulePlanAction::Delete).then(|| (Some(id), row.into())),
    }
}

/// Fields in which two definitions differ.
fn different(old: &RuleDraft, new: &RuleDraft) -> Vec<&'static str> {
    let fields = [
        ("description", old.description != new.description),
        ("condition", old.condition != new.condition),
        ("tagKey", old.tag_key != new.tag_key),
        ("tagValue", old.tag_value != new.tag_value),
        ("priority", old.priority != new.priority),
        (
            "confidence",
            (old.confidence - new.confidence).abs() > f64::EPSILON,
        ),
        ("enabled", old.enabled != new.enabled),
        ("corrects", old.corrects != new.corrects),
        ("effectiveFrom", old.effective_from != new.effective_from),
        ("effectiveTo", old.effective_to != new.effective_to),
    ];
    fields
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(field, _)| field)
        .collect()
}
