//! Merge of staged rows of an import into the inventory, or the plan of it: as [`super::reconcile`] does with reports, with
//! rows that are in the database already.

use super::reconcile::{REPORTED, Reconciled, input, lock, upsert};
use crate::db::{Transaction, sql};
use crate::domain::discovery::ResourceReport;
use crate::domain::events::announce;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult, Value};

/// Samples of each action that a plan keeps.
pub const SAMPLES: i64 = 10;

/// Part of a staged file: a range of lines.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct StagedPart {
    pub file_id: i64,
    pub part: i32,
    pub first_line: i64,
    pub last_line: i64,
}

impl StagedPart {
    /// Values of `$1` to `$3` of a statement over its rows.
    pub fn span(&self) -> [Value; 3] {
        [self.file_id.into(), self.first_line.into(), self.last_line.into()]
    }
}

/// Counts of the rows of a part by what was done with them.
#[derive(FromQueryResult)]
pub struct MergeCountsRow {
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
}

impl From<MergeCountsRow> for Reconciled {
    fn from(counts: MergeCountsRow) -> Self {
        Self {
            inserted: counts.inserted.unsigned_abs(),
            updated: counts.updated.unsigned_abs(),
            unchanged: counts.unchanged.unsigned_abs(),
        }
    }
}

/// Rows of a part.
const ROWS: &str = "(SELECT * FROM import_rows WHERE file_id = $1 AND line BETWEEN $2 AND $3)";

/// Inserts, updates or revives the resources of a part, in the caller's transaction; as [`super::reconcile::batch`].
pub async fn merge(txn: &Transaction, part: &StagedPart, source: &str) -> Result<Reconciled> {
    #[derive(FromQueryResult)]
    struct UnchangedCountRow {
        stale: i64,
        unchanged: i64,
    }
    let known = "SELECT count(*) FILTER (WHERE differs OR long_unseen) AS stale, count(*) AS unchanged,
            (SELECT count(*) FROM locked) FROM input";
    let known = format!("WITH {}, {} {known}", input(ROWS), lock());
    let known: Option<UnchangedCountRow> = sql::row(txn, &known, part.span()).await?;
    if let Some(UnchangedCountRow { stale: 0, unchanged }) = known {
        return Ok(Reconciled {
            unchanged: unchanged.unsigned_abs(),
            ..Reconciled::default()
        });
    }
    announce(txn);
    let counts = "SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated,
            (SELECT count(*) FROM input WHERE NOT differs) AS unchanged FROM changed";
    let counts = format!("WITH {}, {} {counts}", input(ROWS), upsert("$4"));
    let binds = part.span().into_iter().chain([source.into()]);
    let counts: Option<MergeCountsRow> = sql::row(txn, &counts, binds).await?;
    Ok(counts.map(Into::into).unwrap_or_default())
}

/// Counts what [`merge`] would do, and keeps samples for the run.
pub async fn plan(txn: &Transaction, part: &StagedPart, run_id: i64) -> Result<Reconciled> {
    let binds = part.span().into_iter().chain([run_id.into(), SAMPLES.into()]);
    let counts: Option<MergeCountsRow> = sql::row(txn, &plan_statement(), binds).await?;
    Ok(counts.map(Into::into).unwrap_or_default())
}

/// Planned change of one resource by a report.
#[derive(FromQueryResult)]
pub struct PlannedChangeRow {
    pub action: String,
    pub resource_id: String,
    /// Changed columns of an update.
    pub changes: serde_json::Value,
}

/// Plans the changes that the reports of resources would make, in their order of ids.
pub async fn plan_reports(
    db: &DatabaseConnection,
    reports: &[ResourceReport],
) -> Result<Vec<PlannedChangeRow>> {
    let plan = format!(
        "WITH {}, planned AS (SELECT *, {ACTION} AS action FROM input)
         SELECT action, resource_id, coalesce({CHANGES}, '[]') AS changes FROM planned p ORDER BY resource_id",
        input(REPORTED)
    );
    sql::rows(db, &plan, [sql::recordset(reports)?]).await
}

/// Action on a row of the input.
const ACTION: &str = "CASE WHEN id IS NULL THEN 'INSERT' WHEN differs THEN 'UPDATE' ELSE 'UNCHANGED' END";

/// Changes of the columns of a row `p` of the input, as a list of objects.
const CHANGES: &str = "
            (SELECT jsonb_agg(jsonb_build_object('column', c.name, 'old', left(c.old, 200), 'new', left(c.new, 200))
                              ORDER BY c.n, c.name)
               FROM resources r CROSS JOIN LATERAL (
                   VALUES (1, 'name', r.name, p.name), (2, 'cloud', r.cloud, p.cloud),
                          (3, 'account_id', r.account_id, p.account_id),
                          (4, 'resource_type', r.resource_type, p.resource_type), (5, 'region', r.region, p.region),
                          (6, 'created_at', to_jsonb(r.created_at) #>> '{}', to_jsonb(p.created_at) #>> '{}'),
                          (7, 'retired_at', to_jsonb(r.retired_at) #>> '{}', NULL)
                   UNION ALL
                   SELECT 8, 'tag:' || key, old.value, new.value
                     FROM jsonb_each_text(r.native_tags) old FULL JOIN jsonb_each_text(p.native_tags) new USING (key)
                   ) c(n, name, old, new)
              WHERE r.id = p.id AND c.old IS DISTINCT FROM c.new)";

/// Counts of the planned actions, of which samples are kept.
fn plan_statement() -> String {
    format!(
        "WITH {}, planned AS (SELECT *, {ACTION} AS action FROM input),
    ranked AS (SELECT *, row_number() OVER (PARTITION BY action ORDER BY line) AS rank FROM planned),
    sampled AS (
        INSERT INTO import_samples (run_id, action, line, resource_id, changes)
        SELECT $4, p.action, p.line, p.resource_id, coalesce({CHANGES}, '[]')
          FROM ranked p WHERE rank <= $5
        ON CONFLICT DO NOTHING)
    SELECT count(*) FILTER (WHERE action = 'INSERT') AS inserted, count(*) FILTER (WHERE action = 'UPDATE') AS updated,
           count(*) FILTER (WHERE action = 'UNCHANGED') AS unchanged FROM planned",
        input(ROWS)
    )
}
