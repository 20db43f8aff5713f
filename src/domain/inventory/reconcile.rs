//! Reconciliation of the inventory with reports, in batches.

use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause};
use crate::domain::discovery::ResourceReport;
use crate::domain::discovery::identity::resource_key;
use crate::domain::events::announce;
use crate::error::Result;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

/// Counts of resources by what a batch, or a whole report, did with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

impl AddAssign for Reconciled {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

/// Reported resource: its id, by which the missing ones are found at the end.
#[derive(FromQueryResult)]
struct ReportedResourceRow {
    id: i64,
    /// `None` when the report changed nothing.
    inserted: Option<bool>,
}

/// Resource before its report is taken.
#[derive(FromQueryResult)]
struct ExistingResourceRow {
    /// `None` for a new one.
    id: Option<i64>,
    /// True if its row has to be written.
    stale: bool,
}

/// Inserts, updates or revives the resources of `reports`, in the caller's transaction; `source` is the name of the
/// reporter.
///
/// Returns the counts, and the ids of all reported resources. A resource that was inserted or changed is due for
/// evaluation. `last_seen_at` of an unchanged one is at most an hour old rather than exact: a report every two minutes must
/// not rewrite the table. Of two reports of one resource in a batch the later counts. The reports must have passed
/// [`ResourceReport::validate`].
pub async fn batch(
    txn: &Transaction,
    source: &str,
    reports: &[ResourceReport],
) -> Result<(Reconciled, Vec<i64>)> {
    announce(txn);
    let by_id: BTreeMap<Cow<'_, str>, &ResourceReport> = reports
        .iter()
        .map(|report| (resource_key(&report.resource_id), report))
        .collect();
    let distinct: Vec<&ResourceReport> = by_id.into_values().collect();
    let reported = sql::recordset(&distinct)?;
    let known = "SELECT id, differs OR long_unseen AS stale, (SELECT count(*) FROM locked) FROM input";
    let known = format!("WITH {}, {} {known}", input(REPORTED), lock());
    let known: Vec<ExistingResourceRow> = sql::rows(txn, &known, [reported.clone()]).await?;
    if !known.iter().any(|row| row.stale) {
        let unchanged = Reconciled {
            unchanged: reports.len() as u64,
            ..Reconciled::default()
        };
        return Ok((unchanged, known.into_iter().filter_map(|row| row.id).collect()));
    }
    let rows = "SELECT id, inserted FROM changed UNION ALL SELECT id, NULL FROM input WHERE NOT differs";
    let rows = format!("WITH {}, {} {rows}", input(REPORTED), upsert("$2"));
    let rows: Vec<ReportedResourceRow> = sql::rows(txn, &rows, [reported, source.into()]).await?;
    let inserted = rows.iter().filter(|row| row.inserted == Some(true)).count() as u64;
    let updated = rows.iter().filter(|row| row.inserted == Some(false)).count() as u64;
    let unchanged = reports.len() as u64 - inserted - updated;
    Ok((
        Reconciled {
            inserted,
            updated,
            unchanged,
        },
        rows.into_iter().map(|row| row.id).collect(),
    ))
}

/// Rows of a report.
pub(super) const REPORTED: &str = "jsonb_to_recordset($1)";

/// Joins the rows of `reports` with the resources that exist.
///
/// Each row looks into the index for its resource, whatever the planner estimates for the number of rows: it has no
/// statistics of staged rows or of a report.
pub(super) fn input(reports: &str) -> String {
    let (columns, line) = if reports == REPORTED {
        let columns =
            "i(resource_id text, name text, cloud text, account_id text, resource_type text, region text,
           native_tags jsonb, created_at timestamptz, keeps_name boolean, keeps_region boolean, keeps_tags boolean,
           cleared_tags jsonb)";
        (columns, "NULL::bigint")
    } else {
        ("i", "i.line")
    };
    let key = key_of("i.resource_id");
    format!(
        "input AS (
            SELECT {line} AS line, i.resource_id, {key} AS resource_key, f.name, i.cloud, f.account_id, f.resource_type,
                   f.region, f.native_tags, coalesce(i.created_at, r.created_at, now()) AS created_at, r.id,
                   r.last_seen_at < now() - interval '1 hour' AS long_unseen,
                   r.id IS NULL OR r.retired_at IS NOT NULL
                   OR (r.name, r.cloud, r.account_id, r.resource_type, r.region, r.native_tags, r.created_at)
                      IS DISTINCT FROM (f.name, i.cloud, f.account_id, f.resource_type, f.region, f.native_tags,
                                        coalesce(i.created_at, r.created_at)) AS differs
              FROM {reports} AS {columns}
              LEFT JOIN LATERAL (SELECT * FROM resources k WHERE k.resource_key = {key} LIMIT 1) r ON true
             CROSS JOIN LATERAL ({FIELDS}) f)"
    )
}

/// Fields of a resource by its report `i`, and by what is there, `r`.
///
/// Fields of which the report says nothing stay. Azure compares subscriptions, types, names and keys of tags without regard to case,
/// and its sources differ in it: a subscription stays as it is, for another account would withdraw what was decided; a type
/// is lower-case, as Resource Graph gives it; a name stays as it is if it has capitals.
const FIELDS: &str = "
    SELECT CASE WHEN r.id IS NOT NULL AND (i.keeps_name OR i.cloud = 'azure' AND lower(i.name) = lower(r.name)
                                           AND r.name <> lower(r.name)) THEN r.name ELSE i.name END AS name,
           CASE WHEN i.cloud = 'azure' AND lower(i.account_id) = lower(r.account_id) THEN r.account_id
                ELSE i.account_id END AS account_id,
           CASE WHEN i.cloud = 'azure' THEN lower(i.resource_type) ELSE i.resource_type END AS resource_type,
           CASE WHEN r.id IS NOT NULL AND i.keeps_region THEN r.region ELSE i.region END AS region,
           CASE WHEN r.id IS NULL OR NOT i.keeps_tags THEN i.native_tags
                WHEN i.cloud = 'azure' THEN i.native_tags || coalesce(
                    (SELECT jsonb_object_agg(t.key, t.value) FROM jsonb_each(r.native_tags) t
                      WHERE lower(t.key) NOT IN (
                          SELECT lower(k) FROM jsonb_object_keys(i.native_tags) k
                           UNION ALL SELECT lower(k) FROM jsonb_array_elements_text(i.cleared_tags) k)), '{}')
                ELSE (r.native_tags - ARRAY(SELECT jsonb_array_elements_text(i.cleared_tags))) || i.native_tags END AS native_tags";

/// Expression for the key of a resource's id, as the column `resources.resource_key` has it.
pub fn key_of(id: &str) -> String {
    format!(
        "CASE WHEN {id} LIKE '/%' AND {id} NOT LIKE '//%' THEN lower({id} COLLATE \"C\") ELSE {id} COLLATE \"C\" END"
    )
}

/// Locks the resources to write in the order of ids, as decisions, auto-tagging and retirement do, which excludes
/// deadlocks. Resources that are as reported are only read.
pub(super) fn lock() -> &'static str {
    "locked AS (
        SELECT id FROM resources
         WHERE id = ANY(ARRAY(SELECT i.id FROM input i WHERE i.id IS NOT NULL AND (i.differs OR i.long_unseen)))
         ORDER BY id FOR NO KEY UPDATE)"
}

/// Writes resources that differ, in the name of the parameter `source`. Existing rows come first and in the order of
/// [`lock`]; new ones follow in the order of their resource ids, because two batches may insert the same.
///
/// A resource that moves to another account belongs to the reporter from now on, or no report of the new account could
/// ever retire it. Its tags are withdrawn by a trigger (migration `0016_account_moves`).
pub(super) fn upsert(source: &str) -> String {
    format!(
        "changed AS (
            INSERT INTO resources AS r (resource_id, name, cloud, account_id, resource_type, region, native_tags,
                created_at, discovered_by)
            SELECT resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at, {source}
              FROM input WHERE differs ORDER BY id NULLS LAST, resource_key
            ON CONFLICT (resource_key) DO UPDATE SET
                name = excluded.name, cloud = excluded.cloud, account_id = excluded.account_id,
                resource_type = excluded.resource_type, region = excluded.region,
                native_tags = excluded.native_tags, created_at = excluded.created_at,
                discovered_by = CASE WHEN r.retired_at IS NULL AND r.account_id = excluded.account_id
                                     THEN r.discovered_by ELSE {source} END,
                last_seen_at = now(), retired_at = NULL, changed_at = now(), changed_xid = pg_current_xact_id()
            RETURNING id, xmax = 0 AS inserted),
        due AS (
            INSERT INTO evaluations (resource_id) SELECT id FROM changed ORDER BY id
            ON CONFLICT (resource_id) DO UPDATE SET revision = 0),
        seen AS (
            UPDATE resources SET last_seen_at = now()
             WHERE id = ANY(ARRAY(SELECT i.id FROM input i WHERE i.long_unseen AND NOT i.differs)))"
    )
}

/// Ids of the resources with these keys.
pub async fn ids_of(db: &impl ConnectionTrait, keys: Vec<String>) -> Result<Vec<i64>> {
    let ids = "SELECT id FROM resources WHERE resource_key = ANY($1)";
    let ids: Vec<ResourceIdRow> = sql::rows(db, ids, [keys.into()]).await?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Ids of resources of `source` that are not retired and not among `seen`, in order; of these accounts only, if there are
/// any. Subscriptions of Azure among them are lower-case.
pub async fn missing(
    db: &impl ConnectionTrait,
    source: &str,
    seen: Vec<i64>,
    accounts: Option<Vec<String>>,
) -> Result<Vec<i64>> {
    let missing = "SELECT r.id FROM resources r WHERE r.discovered_by = $1 AND r.retired_at IS NULL
         AND ($3::text[] IS NULL OR r.account_id = ANY($3)
              OR r.cloud = 'azure' AND lower(r.account_id) = ANY($3))
         AND NOT EXISTS (SELECT 1 FROM unnest($2::bigint[]) AS seen(id) WHERE seen.id = r.id)
       ORDER BY r.id";
    let missing: Vec<ResourceIdRow> =
        sql::rows(db, missing, [source.into(), seen.into(), accounts.into()]).await?;
    Ok(missing.into_iter().map(|row| row.id).collect())
}

/// Number of resources of `source` that are not retired; of these accounts only, if there are any.
pub async fn count(db: &impl ConnectionTrait, source: &str, accounts: Option<Vec<String>>) -> Result<u64> {
    #[derive(FromQueryResult)]
    struct ResourceTotalRow {
        count: i64,
    }
    let count =
        "SELECT count(*) AS count FROM resources r WHERE r.discovered_by = $1 AND r.retired_at IS NULL
         AND ($2::text[] IS NULL OR r.account_id = ANY($2))";
    let row: Option<ResourceTotalRow> = sql::row(db, count, [source.into(), accounts.into()]).await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

#[derive(FromQueryResult)]
struct ResourceIdRow {
    id: i64,
}

/// Retires those of `ids` that are not retired and belong to `source`, in the caller's transaction, and returns their
/// number.
///
/// Skips a resource that changed within `report_age`, the time since the report began: another, newer report of the
/// source may contain it. Pending tags are withdrawn; approved ones are kept for the case that the resource returns.
pub async fn retire(
    txn: &Transaction,
    source: &str,
    ids: &[i64],
    report_age: Duration,
    cause: &Cause,
) -> Result<u64> {
    let lock = "SELECT id FROM resources WHERE id = ANY($1) AND discovered_by = $2 AND retired_at IS NULL
         AND changed_at < now() - $3 * interval '1 second' ORDER BY id FOR NO KEY UPDATE";
    let binds = [
        ids.to_vec().into(),
        source.into(),
        report_age.as_secs_f64().into(),
    ];
    let locked: Vec<ResourceIdRow> = sql::rows(txn, lock, binds).await?;
    let ids: Vec<i64> = locked.into_iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let ids: Value = ids.into();
    let retire =
        "UPDATE resources SET retired_at = now(), changed_at = now(), changed_xid = pg_current_xact_id()
                   WHERE id = ANY($1)";
    let retired = sql::execute(txn, retire, [ids.clone()]).await?;
    sql::execute(
        txn,
        "DELETE FROM evaluations WHERE resource_id = ANY($1)",
        [ids.clone()],
    )
    .await?;
    let withdraw = "changed AS (UPDATE virtual_tags SET approval_status = 'SUPERSEDED', updated_at = now()
              WHERE resource_id = ANY($1) AND approval_status = 'PENDING'
            RETURNING *, 'WITHDRAWN'::text AS action, tag_value AS old_value, 'PENDING'::text AS old_status)";
    audit::count_with_trail(txn, withdraw, vec![ids], cause).await?;
    Ok(retired)
}
