//! Versions of models: stored, activated, pruned.

use super::ModelVersion;
use crate::db::{Transaction, sql};
use crate::entities::{AccountScope, trained_model};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter};

/// Models that are kept, besides the one in use.
pub const KEEP_MODELS: i64 = 10;

/// Bytes of a part.
const PART: usize = 4 << 20;

/// Labels that a model learned from, by their origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelCounts {
    pub native: i64,
    pub decided: i64,
    pub rule: i64,
    pub denied: i64,
}

/// Time from which to which resources and decisions were there that a model learned from.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct TrainingWindow {
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: DateTime<Utc>,
    /// The first transaction that it may not have seen.
    pub ends_before: String,
}

/// Model to store.
pub(super) struct NewModel {
    pub window: TrainingWindow,
    pub resources: i64,
    pub labels: LabelCounts,
    pub seed: i64,
    pub vocabulary: String,
    pub metrics: serde_json::Value,
    pub bytes: Vec<u8>,
}

#[derive(FromQueryResult)]
struct VersionRow {
    version: i64,
}

/// Stores a candidate, in the caller's transaction; gives its version.
pub(super) async fn insert(txn: &Transaction, model: NewModel) -> Result<i64> {
    let insert =
        "INSERT INTO models (status, status_reason, window_start, window_end, resource_count, native_labels,
             decided_labels, rule_labels, denied_labels, seed, vocabulary, metrics, byte_count, window_xid)
         VALUES ('CANDIDATE', 'trained', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::xid8)
         RETURNING version";
    let labels = model.labels;
    let binds = [
        model.window.starts_at.into(),
        model.window.ends_at.into(),
        model.resources.into(),
        labels.native.into(),
        labels.decided.into(),
        labels.rule.into(),
        labels.denied.into(),
        model.seed.into(),
        model.vocabulary.into(),
        model.metrics.into(),
        (model.bytes.len() as i64).into(),
        model.window.ends_before.into(),
    ];
    let row: Option<VersionRow> = sql::row(txn, insert, binds).await?;
    let version = row
        .ok_or_else(|| Error::internal("a model has no version"))?
        .version;
    for (part, bytes) in (0i32..).zip(model.bytes.chunks(PART)) {
        let insert = "INSERT INTO model_parts (version, part, bytes) VALUES ($1, $2, $3)";
        sql::execute(txn, insert, [version.into(), part.into(), bytes.to_vec().into()]).await?;
    }
    Ok(version)
}

/// Bytes of a model.
pub(super) async fn bytes(db: &impl ConnectionTrait, version: i64) -> Result<Vec<u8>> {
    #[derive(FromQueryResult)]
    struct PartRow {
        bytes: Vec<u8>,
    }
    let mut bytes = Vec::new();
    for part in 0i32.. {
        let select = "SELECT bytes FROM model_parts WHERE version = $1 AND part = $2";
        let row: Option<PartRow> = sql::row(db, select, [version.into(), part.into()]).await?;
        let Some(row) = row else { break };
        bytes.extend(row.bytes);
    }
    Ok(bytes)
}

/// The model of a version.
pub(super) async fn find(db: &impl ConnectionTrait, version: i64) -> Result<Option<ModelVersion>> {
    let found = trained_model::find(&AccountScope::All).filter(trained_model::Column::Version.eq(version));
    Ok(found.one(db).await?)
}

/// Version of the model in use.
pub(super) async fn active(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    let active = "SELECT version FROM models WHERE status = 'ACTIVE'";
    Ok(sql::row::<VersionRow>(db, active, [])
        .await?
        .map(|row| row.version))
}

/// Puts a model into use: the one before is retired. The caller has raised the revision in the same transaction, by which
/// such changes are serial and all resources are due.
pub(super) async fn activate(txn: &Transaction, version: i64, reason: &str) -> Result<()> {
    let retire =
        "UPDATE models SET status = 'RETIRED', status_reason = $2 WHERE status = 'ACTIVE' AND version <> $1";
    let retired = format!("version {version} took its place: {reason}");
    sql::execute(txn, retire, [version.into(), retired.into()]).await?;
    let activate = "UPDATE models SET status = 'ACTIVE', status_reason = $2, activated_at = clock_timestamp()
                     WHERE version = $1";
    sql::execute(txn, activate, [version.into(), reason.into()]).await?;
    Ok(())
}

/// Turns a candidate down.
pub(super) async fn reject(txn: &Transaction, version: i64, reason: &str) -> Result<()> {
    let reject = "UPDATE models SET status = 'REJECTED', status_reason = $2 WHERE version = $1";
    sql::execute(txn, reject, [version.into(), reason.into()]).await?;
    Ok(())
}

/// Stores the comparison that decided about a candidate.
pub(super) async fn note_comparison(
    txn: &Transaction,
    version: i64,
    comparison: serde_json::Value,
) -> Result<()> {
    let note = "UPDATE models SET comparison = $2 WHERE version = $1";
    sql::execute(txn, note, [version.into(), comparison.into()]).await?;
    Ok(())
}

/// Deletes all but the newest models and the ones in use.
pub async fn prune(db: &impl ConnectionTrait, pinned: Option<&str>) -> Result<u64> {
    let prune =
        "DELETE FROM models WHERE status <> 'ACTIVE' AND version::text IS DISTINCT FROM $2 AND version NOT IN
             (SELECT version FROM models WHERE status <> 'ACTIVE' ORDER BY version DESC LIMIT $1)";
    sql::execute(db, prune, [KEEP_MODELS.into(), pinned.map(str::to_owned).into()]).await
}
