//! Imported tags: an import makes the tags of a part of its file by set-based statements in one transaction, as
//! [`super::create`] makes one tag by hand.

use super::apply::supersede;
use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause};
use crate::domain::inventory::reconcile::Reconciled;
use crate::domain::inventory::staged::{MergeCountsRow, SAMPLES, StagedPart};
use crate::error::Result;
use sea_orm::Value;

/// Rows of a part, joined with the tags that exist. An empty signature marks a tag that this transaction has inserted.
///
/// A value to be approved differs unless it is approved; one to be pending differs only if there is none, or it was
/// withdrawn or superseded: approved and denied tags are left as they are; one to be denied differs if there is none, or it
/// is pending. A tag that was there keeps where it came from, with its evidence. An approved value supersedes the others of its
/// key, except those that the file itself has as pending. Each row looks into the indexes, whatever the planner estimates
/// for the number of rows.
const INPUT: &str = "
    input AS (
        SELECT i.line, i.resource_id AS resource_ref, i.tag_key, i.tag_value, i.status, i.reason, r.id AS resource_id,
               r.cloud, r.account_id, r.resource_type, t.id AS tag_id, t.approval_status AS old_status,
               t.evidence_signature = '' AS is_new,
               coalesce(CASE i.status WHEN 'APPROVED' THEN t.approval_status IS DISTINCT FROM 'APPROVED'
                   WHEN 'PENDING' THEN t.id IS NULL OR t.approval_status = 'SUPERSEDED' OR t.evidence_signature = ''
                   WHEN 'DENIED' THEN t.id IS NULL OR t.approval_status = 'PENDING' OR t.evidence_signature = ''
                   END, false) AS differs
          FROM (SELECT * FROM import_tags WHERE file_id = $1 AND line BETWEEN $2 AND $3) i
          JOIN LATERAL (SELECT id, cloud, account_id, resource_type FROM resources k
                         WHERE k.resource_key = CASE WHEN i.resource_id LIKE '/%' AND i.resource_id NOT LIKE '//%'
                               THEN lower(i.resource_id COLLATE \"C\") ELSE i.resource_id COLLATE \"C\" END LIMIT 1) r ON true
          LEFT JOIN LATERAL (SELECT id, approval_status, evidence_signature FROM virtual_tags v
                              WHERE v.resource_id = r.id AND v.tag_key = i.tag_key AND v.tag_value = i.tag_value
                              LIMIT 1) t ON true)";

const COUNTS: &str = "count(*) FILTER (WHERE differs AND tag_id IS NULL) AS inserted,
    count(*) FILTER (WHERE differs AND tag_id IS NOT NULL) AS updated,
    count(*) FILTER (WHERE NOT differs) AS unchanged";

/// Creates or changes the tags of a part as its file has them, in the caller's transaction.
pub async fn merge(txn: &Transaction, part: &StagedPart, cause: &Cause) -> Result<Reconciled> {
    let lock = format!(
        "WITH {INPUT}, locked AS (
            SELECT id FROM resources WHERE id = ANY(ARRAY(SELECT resource_id FROM input WHERE differs))
             ORDER BY id FOR NO KEY UPDATE)
         SELECT {COUNTS}, (SELECT count(*) FROM locked) FROM input"
    );
    let seen: Option<MergeCountsRow> = sql::row(txn, &lock, part.span()).await?;
    if seen.is_none_or(|seen| seen.inserted + seen.updated == 0) {
        return counted(txn, part).await;
    }
    // Counted again, now that the locks keep others from changing the tags.
    let counts = counted(txn, part).await?;
    let insert = format!(
        "WITH {INPUT}
         INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
             approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT resource_id, tag_key, tag_value, 'CSV', 1, false, 'PENDING', '{{}}', '', cloud, account_id, resource_type
           FROM input WHERE differs AND tag_id IS NULL ORDER BY resource_id, tag_key"
    );
    sql::execute(txn, &insert, part.span()).await?;
    let due = format!(
        "WITH {INPUT}, held AS (
            SELECT resource_id FROM evaluations
             WHERE resource_id = ANY(ARRAY(SELECT resource_id FROM input WHERE differs))
             ORDER BY resource_id FOR NO KEY UPDATE)
         UPDATE evaluations e SET revision = 0 FROM held WHERE e.resource_id = held.resource_id"
    );
    sql::execute(txn, &due, part.span()).await?;
    let winner = format!("{INPUT}, {WINNER}");
    supersede(txn, &winner, Some(SPARED), None, part.span().into(), cause).await?;
    let set_status = format!("{INPUT}, {SET_STATUS}");
    let evidence = serde_json::json!({ "reason": format!("imported by {}", cause.actor) });
    let binds: Vec<Value> = part
        .span()
        .into_iter()
        .chain([evidence.into(), cause.actor.clone().into()])
        .collect();
    audit::count_with_trail(txn, &set_status, binds, cause).await?;
    Ok(counts)
}

async fn counted(txn: &Transaction, part: &StagedPart) -> Result<Reconciled> {
    let counts = format!("WITH {INPUT} SELECT {COUNTS} FROM input");
    let counts: Option<MergeCountsRow> = sql::row(txn, &counts, part.span()).await?;
    Ok(counts.map(Into::into).unwrap_or_default())
}

const WINNER: &str = "
    winner AS (SELECT tag_id AS id, resource_id, tag_key FROM input WHERE differs AND status = 'APPROVED')";

/// Tags that the file itself has as pending.
const SPARED: &str = "SELECT tag_id FROM input WHERE status = 'PENDING' AND tag_id IS NOT NULL";

const SET_STATUS: &str = "
    changed AS (
        UPDATE virtual_tags t SET approval_status = i.status, auto_applied = false,
               source = CASE WHEN i.is_new THEN 'CSV' ELSE t.source END,
               confidence = CASE WHEN i.is_new THEN 1 ELSE t.confidence END,
               evidence = CASE WHEN i.is_new THEN $4 ELSE t.evidence END,
               evidence_signature = CASE WHEN i.is_new THEN 'CSV' ELSE t.evidence_signature END,
               superseded_by = NULL, superseded_from = NULL,
               decided_by = CASE WHEN i.status <> 'PENDING' THEN $5 END,
               decided_at = CASE WHEN i.status <> 'PENDING' THEN now() END,
               decision_reason = CASE WHEN i.status <> 'PENDING' THEN i.reason END, approved_by_rule = false,
               decision_mode = NULL, past_denial = NULL, updated_at = now()
          FROM input i WHERE t.id = i.tag_id AND i.differs
        RETURNING t.*, 'CREATED'::text AS action, CASE WHEN NOT i.is_new THEN t.tag_value END AS old_value,
               CASE WHEN NOT i.is_new THEN i.old_status END AS old_status)";

/// Counts what [`merge`] would do, and keeps samples for the run.
pub async fn plan(txn: &Transaction, part: &StagedPart, run_id: i64) -> Result<Reconciled> {
    let plan = format!(
        "WITH {INPUT},
         planned AS (
            SELECT *, CASE WHEN NOT differs THEN 'UNCHANGED' WHEN tag_id IS NULL THEN 'INSERT' ELSE 'UPDATE' END AS action
              FROM input),
         ranked AS (SELECT *, row_number() OVER (PARTITION BY action ORDER BY line) AS rank FROM planned),
         sampled AS (
            INSERT INTO import_samples (run_id, action, line, resource_id, changes)
            SELECT $4, action, line, resource_ref, CASE WHEN differs THEN jsonb_build_array(
                jsonb_build_object('column', 'tag:' || tag_key, 'old', CASE WHEN tag_id IS NOT NULL THEN tag_value END,
                                   'new', tag_value),
                jsonb_build_object('column', 'approval_status', 'old', old_status, 'new', status)) ELSE '[]' END
              FROM ranked WHERE rank <= $5
            ON CONFLICT DO NOTHING)
         SELECT {COUNTS} FROM input"
    );
    let binds = part.span().into_iter().chain([run_id.into(), SAMPLES.into()]);
    let counts: Option<MergeCountsRow> = sql::row(txn, &plan, binds).await?;
    Ok(counts.map(Into::into).unwrap_or_default())
}
