//! Tags that come in a file, as an import has staged them. As those that people make by hand (see
//! [`super::create`]), but by sets: a part of the file in one transaction.

use super::apply::supersede;
use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause};
use crate::domain::inventory::reconcile::Reconciled;
use crate::domain::inventory::staged::{Part, SAMPLES};
use crate::error::Result;
use sea_orm::{FromQueryResult, Value};

/// The rows of a part beside what there is. An empty signature marks a tag that this very transaction has made.
///
/// A value to be approved differs unless it is approved; one to be pending only when there is none, or it was
/// withdrawn or superseded: what holds, or was denied, stands. One that is approved supersedes the others of its key,
/// but for those that the file itself has as pending. Each row looks into the indexes, whatever the planner
/// thinks of the number of rows.
const INPUT: &str = "
    input AS (
        SELECT i.line, i.resource_id AS resource_ref, i.tag_key, i.tag_value, i.status, i.reason, r.id AS resource_id,
               r.cloud, r.account_id, r.resource_type, t.id AS tag_id, t.approval_status AS old_status,
               t.evidence_signature = '' AS is_new,
               coalesce(CASE i.status WHEN 'APPROVED' THEN t.approval_status IS DISTINCT FROM 'APPROVED'
                   WHEN 'PENDING' THEN t.id IS NULL OR t.approval_status = 'SUPERSEDED' OR t.evidence_signature = ''
                   END, false) AS differs
          FROM (SELECT * FROM import_tags WHERE file_id = $1 AND line BETWEEN $2 AND $3) i
          JOIN LATERAL (SELECT id, cloud, account_id, resource_type FROM resources k
                         WHERE k.resource_id = i.resource_id LIMIT 1) r ON true
          LEFT JOIN LATERAL (SELECT id, approval_status, evidence_signature FROM virtual_tags v
                              WHERE v.resource_id = r.id AND v.tag_key = i.tag_key AND v.tag_value = i.tag_value
                              LIMIT 1) t ON true)";

#[derive(FromQueryResult)]
struct Counts {
    inserted: i64,
    updated: i64,
    unchanged: i64,
}

const COUNTS: &str = "count(*) FILTER (WHERE differs AND tag_id IS NULL) AS inserted,
    count(*) FILTER (WHERE differs AND tag_id IS NOT NULL) AS updated,
    count(*) FILTER (WHERE NOT differs) AS unchanged";

/// Makes the tags of a part what the file says, in the caller's transaction.
pub async fn merge(txn: &Transaction, part: &Part, cause: &Cause) -> Result<Reconciled> {
    let lock = format!(
        "WITH {INPUT}, locked AS (
            SELECT id FROM resources WHERE id = ANY(ARRAY(SELECT resource_id FROM input WHERE differs))
             ORDER BY id FOR NO KEY UPDATE)
         SELECT {COUNTS}, (SELECT count(*) FROM locked) FROM input"
    );
    let seen: Option<Counts> = sql::row(txn, &lock, part.span()).await?;
    if seen.is_none_or(|seen| seen.inserted + seen.updated == 0) {
        return counted(txn, part).await;
    }
    // What is counted, and changed, is what stands there now that nobody else can change it.
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
        "WITH {INPUT} UPDATE evaluations SET revision = 0
          WHERE resource_id = ANY(ARRAY(SELECT resource_id FROM input WHERE differs))"
    );
    sql::execute(txn, &due, part.span()).await?;
    let winner = format!("{INPUT}, {WINNER}");
    supersede(txn, &winner, Some(SPARED), part.span().into(), cause).await?;
    let hold = format!("{INPUT}, {HOLD}");
    let evidence = serde_json::json!({ "reason": format!("imported by {}", cause.actor) });
    let binds: Vec<Value> = part
        .span()
        .into_iter()
        .chain([evidence.into(), cause.actor.clone().into()])
        .collect();
    audit::count_with_trail(txn, &hold, binds, cause).await?;
    Ok(counts)
}

async fn counted(txn: &Transaction, part: &Part) -> Result<Reconciled> {
    let counts = format!("WITH {INPUT} SELECT {COUNTS} FROM input");
    let counts: Option<Counts> = sql::row(txn, &counts, part.span()).await?;
    Ok(counts.map(reconciled).unwrap_or_default())
}

fn reconciled(counts: Counts) -> Reconciled {
    Reconciled {
        inserted: counts.inserted.unsigned_abs(),
        updated: counts.updated.unsigned_abs(),
        unchanged: counts.unchanged.unsigned_abs(),
    }
}

const WINNER: &str = "
    winner AS (SELECT tag_id AS id, resource_id, tag_key FROM input WHERE differs AND status = 'APPROVED')";

/// Tags that the file itself has as pending.
const SPARED: &str = "SELECT tag_id FROM input WHERE status = 'PENDING' AND tag_id IS NOT NULL";

const HOLD: &str = "
    changed AS (
        UPDATE virtual_tags t SET approval_status = i.status, source = 'CSV', confidence = 1, auto_applied = false,
               rule_id = NULL, evidence = $4, evidence_signature = 'CSV', superseded_by = NULL, superseded_from = NULL,
               decided_by = CASE i.status WHEN 'APPROVED' THEN $5 END,
               decided_at = CASE i.status WHEN 'APPROVED' THEN now() END,
               decision_reason = CASE i.status WHEN 'APPROVED' THEN i.reason END, updated_at = now()
          FROM input i WHERE t.id = i.tag_id AND i.differs
        RETURNING t.*, 'CREATED'::text AS action, CASE WHEN NOT i.is_new THEN t.tag_value END AS old_value,
               CASE WHEN NOT i.is_new THEN i.old_status END AS old_status)";

/// What [`merge`] would do; examples are kept for the run.
pub async fn plan(txn: &Transaction, part: &Part, run_id: i64) -> Result<Reconciled> {
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
    let counts: Option<Counts> = sql::row(txn, &plan, binds).await?;
    Ok(counts.map(reconciled).unwrap_or_default())
}
