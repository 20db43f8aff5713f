//! State of both sides that must be equal after each step: of the model, and as it is read from the database.

use super::state::{Change, Model, upper};
use crate::support::fixture::Fixture;
use sea_orm::FromQueryResult;
use std::collections::BTreeMap;
use virtual_tagging::db::sql;
use virtual_tagging::domain::rules::RuleDraft;
use virtual_tagging::entities::rule;

/// A tag's slot, key and value.
pub type TagIdentity = (usize, String, String);

/// All that must be equal on both sides after each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseSnapshot {
    pub tags: BTreeMap<TagIdentity, Vec<String>>,
    /// By slot: what it is called, its native tags, whether it is retired, and the revision of its evaluation.
    pub resources: BTreeMap<usize, (String, String, bool, Option<i64>)>,
    /// By id: a deletion of a rule that matches nothing changes nothing else.
    pub rules: BTreeMap<i64, Vec<String>>,
    pub revision: i64,
    pub inferences: i64,
    /// Audit rows since the last snapshot.
    pub trail: Vec<Change>,
}

impl DatabaseSnapshot {
    pub fn of_model(model: &Model) -> Self {
        let place = |number: usize| {
            let tag = &model.tags[&number];
            (tag.slot, tag.key.clone(), tag.value.clone())
        };
        let tag = |(&number, tag): (&usize, &super::state::Tag)| {
            let by = tag.taken.and_then(|taken| taken.by);
            let by = by.map(|by| model.tags[&by].value.clone());
            let row = vec![
                upper(tag.status),
                tag.source.clone(),
                format!("{:?}", tag.confidence),
                tag.auto_applied.to_string(),
                format!("{:?}", tag.rule),
                tag.signature.clone(),
                format!("{:?}", tag.decided.as_ref().map(|(by, _)| by)),
                format!("{by:?}"),
                format!("{:?}", denied_by(tag.denials.last())),
            ];
            (place(number), row)
        };
        let resource = |(&slot, resource): (&usize, &super::state::Resource)| {
            let native = serde_json::to_string(&resource.report.native_tags).unwrap();
            let evaluated = (!resource.retired).then_some(resource.evaluated);
            let name = resource.report.name.clone();
            (slot, (name, native, resource.retired, evaluated))
        };
        let mut trail = model.trail.clone();
        trail.sort();
        Self {
            tags: model.tags.iter().map(tag).collect(),
            resources: model.resources.iter().map(resource).collect(),
            rules: model.rules.iter().map(|(&id, draft)| (id, rule(draft))).collect(),
            revision: model.revision,
            inferences: model.resources.values().map(|resource| resource.inferences).sum(),
            trail,
        }
    }
}

/// State of the database, and ids of what is there.
pub struct StoredState {
    pub snapshot: DatabaseSnapshot,
    pub tags: BTreeMap<TagIdentity, i64>,
    /// By slot.
    pub resources: BTreeMap<usize, i64>,
    /// Id of the newest audit row.
    pub last_audit: i64,
}

impl StoredState {
    /// Reads what the database holds now, and audit rows that are newer than `last_audit`.
    pub async fn read(fixture: &Fixture, last_audit: i64) -> Self {
        let pool = &fixture.pool;
        let tags =
            "SELECT t.id, r.resource_id AS reference, t.tag_key, t.tag_value, t.approval_status, t.source,
                t.confidence, t.auto_applied, t.rule_id, t.evidence_signature, t.decided_by,
                w.tag_value AS superseded_by, t.past_denial ->> 'denied_by' AS denied_by
           FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
           LEFT JOIN virtual_tags w ON w.id = t.superseded_by";
        let tags: Vec<TagRow> = sql::rows(pool, tags, []).await.unwrap();
        let resources = "SELECT r.id, r.resource_id AS reference, r.name, r.native_tags, r.retired_at IS NOT NULL AS retired,
                e.revision AS evaluated
           FROM resources r LEFT JOIN evaluations e ON e.resource_id = r.id";
        let resources: Vec<ResourceRow> = sql::rows(pool, resources, []).await.unwrap();
        let trail = "SELECT id, resource_ref AS reference, tag_key, action, old_value, old_status, new_value,
                new_status, source, confidence, auto_applied, actor FROM tag_audit WHERE id > $1 ORDER BY id";
        let trail: Vec<AuditRow> = sql::rows(pool, trail, [last_audit.into()]).await.unwrap();
        let last_audit = trail.last().map_or(last_audit, |row| row.id);
        let rules: Vec<rule::Model> = sql::rows(pool, "SELECT * FROM rules", []).await.unwrap();
        let inferences = fixture.count("ml_inferences").await;
        let ids = resources
            .iter()
            .map(|row| (slot(&row.reference), row.id))
            .collect();
        let mut tag_ids = BTreeMap::new();
        let mut snapshot = DatabaseSnapshot {
            rules: rules
                .into_iter()
                .map(|row| (row.id, rule(&RuleDraft::from(row))))
                .collect(),
            revision: fixture.number("SELECT revision FROM engine_state", []).await,
            inferences,
            trail: trail.into_iter().map(change).collect(),
            ..DatabaseSnapshot::default()
        };
        snapshot.trail.sort();
        for row in resources {
            let state = (row.name, row.native_tags.to_string(), row.retired, row.evaluated);
            snapshot.resources.insert(slot(&row.reference), state);
        }
        for row in tags {
            let place = (slot(&row.reference), row.tag_key.clone(), row.tag_value.clone());
            tag_ids.insert(place.clone(), row.id);
            snapshot.tags.insert(place, view(row));
        }
        Self {
            snapshot,
            tags: tag_ids,
            resources: ids,
            last_audit,
        }
    }
}

#[derive(FromQueryResult)]
struct TagRow {
    id: i64,
    reference: String,
    tag_key: String,
    tag_value: String,
    approval_status: String,
    source: String,
    confidence: f64,
    auto_applied: bool,
    rule_id: Option<i64>,
    evidence_signature: String,
    decided_by: Option<String>,
    superseded_by: Option<String>,
    denied_by: Option<String>,
}

#[derive(FromQueryResult)]
struct ResourceRow {
    id: i64,
    reference: String,
    name: String,
    native_tags: serde_json::Value,
    retired: bool,
    evaluated: Option<i64>,
}

#[derive(FromQueryResult)]
struct AuditRow {
    id: i64,
    reference: String,
    tag_key: String,
    action: String,
    old_value: Option<String>,
    old_status: Option<String>,
    new_value: Option<String>,
    new_status: Option<String>,
    source: String,
    confidence: f64,
    auto_applied: bool,
    actor: String,
}

fn slot(reference: &str) -> usize {
    reference.rsplit('/').next().unwrap().parse().unwrap()
}

fn rule(draft: &RuleDraft) -> Vec<String> {
    vec![
        draft.rule_name.clone(),
        draft.condition.clone(),
        draft.tag_key.clone(),
        draft.tag_value.clone(),
        draft.priority.to_string(),
        format!("{:?}", draft.confidence),
        draft.enabled.to_string(),
    ]
}

/// Actor of a denial that the tag remembers.
fn denied_by(denial: Option<&super::state::Tag>) -> Option<&String> {
    denial?.decided.as_ref().map(|(by, _)| by)
}

fn view(row: TagRow) -> Vec<String> {
    vec![
        row.approval_status,
        row.source,
        format!("{:?}", row.confidence),
        row.auto_applied.to_string(),
        format!("{:?}", row.rule_id),
        row.evidence_signature,
        format!("{:?}", row.decided_by),
        format!("{:?}", row.superseded_by),
        format!("{:?}", row.denied_by),
    ]
}

fn change(row: AuditRow) -> Change {
    Change {
        slot: slot(&row.reference),
        key: row.tag_key,
        action: row.action,
        old: row.old_value.zip(row.old_status),
        new: row.new_value.zip(row.new_status),
        source: row.source,
        confidence: format!("{:?}", row.confidence),
        auto_applied: row.auto_applied,
        actor: row.actor,
    }
}
