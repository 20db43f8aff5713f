//! Resources as the miner sees them: what holds, and what the engine guesses where nothing does.

use super::members::COLUMNS;
use crate::db::sql;
use crate::domain::cost::cost_at_stake;
use crate::domain::evaluation::subject;
use crate::entities::{ApprovalStatus, TagSource, resource};
use crate::error::{Error, Result};
use sea_orm::{DatabaseConnection, FromQueryResult};
use serde::Deserialize;
use tagging::suggestions::{Certainty, GuessedValue, HeldValue, MinerInput};
use tagging::{DeniedStatement, KeyOutcome, TagOrigin, Vocabulary};

/// Guesses of a lower confidence tell nothing.
const LEAST_CONFIDENCE: f64 = 0.2;

/// Resource with its tags and the predictions of its last evaluation.
pub(super) struct MinedRow {
    pub(super) resource: resource::Model,
    tags: String,
    predictions: String,
    /// Cost at stake; `None` if none is known.
    cost: Option<f64>,
}

/// Tag of a resource that is approved, denied or applied: key, value, status, source and signature of its evidence. One that
/// the policy of its key approved counts as applied: no person has seen it.
#[derive(Deserialize)]
struct TagCells(String, String, ApprovalStatus, TagSource, String);

#[derive(Deserialize)]
struct PredictionCells {
    key: String,
    value: String,
    confidence: f64,
    outcome: KeyOutcome,
}

/// Resources behind `after` that are not retired, in the order of their ids.
pub(super) async fn page(db: &DatabaseConnection, after: i64, limit: u64) -> Result<Vec<MinedRow>> {
    let page = format!(
        "{} SELECT {COLUMNS}, {TAGS} WHERE r.retired_at IS NULL AND r.id > $1 ORDER BY r.id LIMIT {limit}",
        stake()
    );
    rows(db, &page, after).await
}

/// Resources with these ids that are not retired, in no order.
pub(super) async fn by_ids(db: &DatabaseConnection, ids: Vec<i64>) -> Result<Vec<MinedRow>> {
    let found = format!(
        "{} SELECT {COLUMNS}, {TAGS} WHERE r.retired_at IS NULL AND r.id = ANY($1)",
        stake()
    );
    rows(db, &found, ids).await
}

async fn rows(
    db: &DatabaseConnection,
    statement: &str,
    bind: impl Into<sea_orm::Value>,
) -> Result<Vec<MinedRow>> {
    use sea_orm::ConnectionTrait;
    let found = db.query_all_raw(sql::statement(statement, [bind.into()])).await?;
    let row = |row: &sea_orm::QueryResult| {
        Ok(MinedRow {
            resource: resource::Model::from_query_result(row, "")?,
            tags: row.try_get("", "tags")?,
            predictions: row.try_get("", "predictions")?,
            cost: row.try_get("", "cost")?,
        })
    };
    found.iter().map(row).collect()
}

/// Month and currency of the cost at stake, for [`TAGS`].
fn stake() -> String {
    format!("WITH {}", cost_at_stake("NULL"))
}

/// As text, which is read into what is needed of it without a tree of the rest.
const TAGS: &str = "coalesce(t.tags::text, '[]') AS tags, coalesce(i.predictions::text, '[]') AS predictions,
      (SELECT sum(l.amount)::float8 FROM cost_lines l, stake s
        WHERE l.resource_id = r.id AND l.month = s.month AND l.currency = s.currency) AS cost
      FROM resources r
      LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(tag_key, tag_value,
                   CASE WHEN approved_by_rule AND rule_id IS NULL AND approval_status = 'APPROVED' THEN 'PENDING'
                        ELSE approval_status END, source, evidence_signature)) AS tags
          FROM virtual_tags WHERE resource_id = r.id
           AND (approval_status IN ('APPROVED', 'DENIED') OR approval_status = 'PENDING' AND auto_applied)) t ON true
      LEFT JOIN LATERAL (
        SELECT predictions FROM ml_inferences WHERE resource_id = r.id ORDER BY id DESC LIMIT 1) i ON true";

impl MinedRow {
    /// The resource as the miner sees it, and the keys and values that people denied for it.
    pub(super) fn into_input(self, vocabulary: &Vocabulary) -> Result<(MinerInput, Vec<(String, String)>)> {
        let mut subject = subject(self.resource, [])?;
        let tags: Vec<TagCells> = serde_json::from_str(&self.tags).map_err(Error::internal)?;
        let predictions: Vec<PredictionCells> =
            serde_json::from_str(&self.predictions).map_err(Error::internal)?;
        let mut denied = Vec::new();
        for TagCells(key, value, status, source, signature) in tags {
            match status {
                ApprovalStatus::Approved => drop(subject.approved.insert(key, value)),
                ApprovalStatus::Pending => drop(subject.applied.insert(key, value)),
                _ => {
                    if source == TagSource::Native {
                        let (key, value) = (key.clone(), value.clone());
                        subject.denied_native.insert(DeniedStatement {
                            key,
                            value,
                            signature,
                        });
                    }
                    denied.push((key, value));
                }
            }
        }
        let resolved = subject.resolve(vocabulary).into_iter();
        let holds = resolved
            .filter(|tag| vocabulary.key(&tag.key).is_some())
            .map(|tag| HeldValue {
                certainty: match tag.origin {
                    TagOrigin::Approved => Certainty::Approved,
                    TagOrigin::Applied => Certainty::Applied,
                    TagOrigin::Native => Certainty::Native,
                },
                key: tag.key,
                value: tag.value,
            });
        let holds: Vec<HeldValue> = holds.collect();
        let guesses = predictions.into_iter().filter(|guess| {
            guess.outcome != KeyOutcome::AlreadyHolds
                && guess.confidence >= LEAST_CONFIDENCE
                && holds.iter().all(|held| held.key != guess.key)
                && !denied
                    .iter()
                    .any(|(key, value)| *key == guess.key && *value == guess.value)
        });
        let guesses = guesses.map(|guess| GuessedValue {
            key: guess.key,
            value: guess.value,
            confidence: guess.confidence,
        });
        let input = MinerInput {
            guesses: guesses.collect(),
            holds,
            subject,
            cost: self.cost,
        };
        Ok((input, denied))
    }
}
