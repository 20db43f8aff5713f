//! History of rules: each version, and the way back to it.

use super::draft::RuleDraft;
use super::edit::{self, SavedRule};
use crate::auth::Actor;
use crate::db::sql;
use crate::entities::{AccountScope, rule_version};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter};
use serde::Deserialize;
use std::collections::HashMap;
use tagging::Vocabulary;

pub use crate::entities::rule_version::Model as RuleVersionRow;

/// Definition of a rule as a version has it. What older versions lacked has its default.
#[derive(Clone, Debug, Deserialize)]
pub struct RuleDefinition {
    pub rule_name: String,
    pub description: String,
    pub condition: String,
    pub tag_key: String,
    pub tag_value: String,
    pub priority: i32,
    pub confidence: f64,
    pub enabled: bool,
    #[serde(default)]
    pub corrects: bool,
    #[serde(default)]
    pub effective_from: Option<DateTime<Utc>>,
    #[serde(default)]
    pub effective_to: Option<DateTime<Utc>>,
}

impl RuleDefinition {
    /// Definition of a stored version.
    pub fn of(version: &RuleVersionRow) -> Result<Self> {
        Self::deserialize(&version.definition).map_err(Error::internal)
    }
}

impl From<RuleDefinition> for RuleDraft {
    fn from(version: RuleDefinition) -> Self {
        Self {
            rule_name: version.rule_name,
            description: version.description,
            condition: version.condition,
            tag_key: version.tag_key,
            tag_value: version.tag_value,
            priority: version.priority,
            confidence: version.confidence,
            enabled: version.enabled,
            corrects: version.corrects,
            effective_from: version.effective_from,
            effective_to: version.effective_to,
        }
    }
}

/// The newest `most` versions of each rule, newest first.
pub async fn of_rules(
    db: &DatabaseConnection,
    _scope: &AccountScope,
    rules: Vec<i64>,
    most: u64,
) -> Result<HashMap<i64, Vec<RuleVersionRow>>> {
    let newest = "SELECT v.* FROM unnest($1::bigint[]) AS r(id) CROSS JOIN LATERAL (
             SELECT * FROM rule_versions WHERE rule_id = r.id ORDER BY version DESC LIMIT $2) v
          ORDER BY v.rule_id, v.version DESC";
    let found: Vec<RuleVersionRow> = sql::rows(db, newest, [rules.into(), (most as i64).into()]).await?;
    let mut versions: HashMap<i64, Vec<RuleVersionRow>> = HashMap::new();
    for version in found {
        versions.entry(version.rule_id).or_default().push(version);
    }
    Ok(versions)
}

/// Gives a rule the definition again that it had as `version`, as a new version. The name stays: another rule may have
/// taken the old one.
pub async fn restore(
    db: &DatabaseConnection,
    actor: &Actor,
    vocabulary: &Vocabulary,
    id: i64,
    version: i32,
) -> Result<SavedRule> {
    let found = rule_version::find(&actor.scope)
        .filter(rule_version::Column::RuleId.eq(id))
        .filter(rule_version::Column::Version.eq(version));
    let found = found.one(db).await?;
    let found = found.ok_or_else(|| Error::not_found("version", "such version of the rule"))?;
    let definition = RuleDefinition::of(&found)?;
    edit::update(db, actor, vocabulary, id, None, |draft| {
        let rule_name = std::mem::take(&mut draft.rule_name);
        *draft = RuleDraft {
            rule_name,
            ..definition.into()
        };
    })
    .await
}
