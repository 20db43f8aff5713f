//! Between the phases: what is wrong with a row only beside other rows, found by sets.

use super::read::KEPT_REJECTIONS;
use super::state::{self, Stage};
use super::{ImportMode, Work};
use crate::db::{Begin, sql};
use crate::domain::approvals::MAX_TAGS_PER_RESOURCE;
use crate::error::Result;
use crate::runs::{ControlFlow, Progress};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// Entries that one statement compares with each other.
const SLICE: i64 = 1_000_000;

/// Rejects what must be, counts it, and opens the import to merging, or refuses it as a whole. Repeating it after a
/// crash changes nothing.
pub(super) async fn run(work: &Work<'_>) -> Result<ControlFlow> {
    let import = state::get(work.db, work.spec.file_id).await?;
    let slices = (import.entries / SLICE + 1).unsigned_abs().next_power_of_two() as i64;
    let duplicates = if work.spec.tags.is_some() {
        SAME_TAGS
    } else {
        SAME_RESOURCES
    };
    for slice in 0..slices {
        if reject(work, duplicates, [slices - 1, slice]).await? == ControlFlow::Cancelled {
            return Ok(ControlFlow::Cancelled);
        }
    }
    if work.spec.tags.is_some() {
        let crowd = crowd();
        for slice in 0..slices {
            if reject(work, &crowd, [slices - 1, slice]).await? == ControlFlow::Cancelled {
                return Ok(ControlFlow::Cancelled);
            }
        }
        let full = full();
        for Span {
            first_line,
            last_line,
        } in parts(work).await?
        {
            for refused in [UNKNOWN, &full] {
                if reject(work, refused, [first_line, last_line]).await? == ControlFlow::Cancelled {
                    return Ok(ControlFlow::Cancelled);
                }
            }
        }
    }
    seal(work).await
}

#[derive(FromQueryResult)]
struct Span {
    first_line: i64,
    last_line: i64,
}

async fn parts(work: &Work<'_>) -> Result<Vec<Span>> {
    let parts = "SELECT first_line, last_line FROM import_parts WHERE file_id = $1 ORDER BY part";
    sql::rows(work.db, parts, [work.spec.file_id.into()]).await
}

/// One transaction: `reject` gives a `gone`, which are the rows that it deletes, each with why. `$4` and `$5` are its
/// `values`.
async fn reject(work: &Work<'_>, reject: &str, values: [i64; 2]) -> Result<ControlFlow> {
    #[derive(FromQueryResult)]
    struct Gone {
        count: i64,
    }
    let txn = work.db.begin().await?;
    // The planner has no figures of a table that was empty a moment ago, and would compare each row with each.
    txn.execute_unprepared("SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off")
        .await?;
    let (file, run) = (work.spec.file_id.into(), work.run.run_id.into());
    let reject = format!(
        "WITH {reject}, kept AS (
            INSERT INTO import_rejections (run_id, line, column_name, value, reason)
            SELECT $2, line, column_name, left(value, 200), reason FROM gone ORDER BY line
             LIMIT greatest(0, $3 - (SELECT rejected FROM imports WHERE file_id = $1)))
         SELECT count(*) AS count FROM gone"
    );
    let binds = [file, run, (KEPT_REJECTIONS as i64).into()]
        .into_iter()
        .chain(values.map(Value::from));
    let gone: Option<Gone> = sql::row(&txn, &reject, binds).await?;
    let update = "UPDATE imports SET rejected = rejected + $2 WHERE file_id = $1";
    let count = gone.map_or(0, |gone| gone.count);
    sql::execute(&txn, update, [work.spec.file_id.into(), count.into()]).await?;
    let flow = work.run.checkpoint(&txn, Progress::default()).await?;
    txn.commit().await?;
    Ok(flow)
}

/// The first line of an id counts. Ids are compared by a hash first, of which a million fit into memory.
const SAME_RESOURCES: &str = "
    doubled AS (
        SELECT hashtextextended(resource_id, 0) AS hash FROM import_rows
         WHERE file_id = $1 AND hashtextextended(resource_id, 0) & $4 = $5 GROUP BY 1 HAVING count(*) > 1),
    ranked AS (
        SELECT line, min(line) OVER (PARTITION BY resource_id) AS first FROM import_rows
         WHERE file_id = $1 AND hashtextextended(resource_id, 0) IN (SELECT hash FROM doubled)),
    gone AS (
        DELETE FROM import_rows i USING ranked r WHERE i.file_id = $1 AND i.line = r.line AND r.line > r.first
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'is a duplicate of line ' || r.first AS reason)";

/// The first line of a tag counts, and of the values of a key on a resource the first that is to be approved.
const SAME_TAGS: &str = "
    doubled AS (
        SELECT hashtextextended(resource_id || E'\\n' || tag_key, 0) AS hash FROM import_tags
         WHERE file_id = $1 AND hashtextextended(resource_id || E'\\n' || tag_key, 0) & $4 = $5
         GROUP BY 1 HAVING count(*) > 1),
    ranked AS (
        SELECT line, status, min(line) OVER (PARTITION BY resource_id, tag_key, tag_value) AS first,
               min(line) FILTER (WHERE status = 'APPROVED') OVER (PARTITION BY resource_id, tag_key) AS approved
          FROM import_tags
         WHERE file_id = $1 AND hashtextextended(resource_id || E'\\n' || tag_key, 0) IN (SELECT hash FROM doubled)),
    gone AS (
        DELETE FROM import_tags i USING ranked r WHERE i.file_id = $1 AND i.line = r.line
           AND (r.line > r.first OR r.status = 'APPROVED' AND r.line > r.approved)
        RETURNING i.line, 'tag_value' AS column_name, i.tag_value AS value,
                  CASE WHEN r.line > r.first THEN 'is a duplicate of line ' || r.first
                       ELSE 'line ' || r.approved || ' has another value to be approved for the key' END AS reason)";

/// Tags of resources that are not there.
const UNKNOWN: &str = "
    gone AS (
        DELETE FROM import_tags i WHERE i.file_id = $1 AND i.line BETWEEN $4 AND $5
           AND (SELECT r.id FROM resources r WHERE r.resource_id = i.resource_id AND r.retired_at IS NULL LIMIT 1) IS NULL
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'there is no such resource, or it is retired' AS reason)";

/// Tags of a resource beyond the first ones in a file, as many as a resource may have.
fn crowd() -> String {
    format!(
        "
    crowded AS (
        SELECT hashtextextended(resource_id, 0) AS hash FROM import_tags
         WHERE file_id = $1 AND hashtextextended(resource_id, 0) & $4 = $5 GROUP BY 1 HAVING count(*) > {MAX_TAGS_PER_RESOURCE}),
    ranked AS (
        SELECT line, row_number() OVER (PARTITION BY resource_id ORDER BY line) AS number FROM import_tags
         WHERE file_id = $1 AND hashtextextended(resource_id, 0) IN (SELECT hash FROM crowded)),
    gone AS (
        DELETE FROM import_tags i USING ranked r WHERE i.file_id = $1 AND i.line = r.line AND r.number > {MAX_TAGS_PER_RESOURCE}
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'the file has more than {MAX_TAGS_PER_RESOURCE} tags of this resource' AS reason)"
    )
}

/// New tags of resources that have as many as they may have. What a resource has is no new one.
fn full() -> String {
    let resource = "(SELECT r.id FROM resources r WHERE r.resource_id = i.resource_id LIMIT 1)";
    format!(
        "
    gone AS (
        DELETE FROM import_tags i WHERE i.file_id = $1 AND i.line BETWEEN $4 AND $5
           AND (SELECT count(*) FROM virtual_tags v WHERE v.resource_id = {resource}) >= {MAX_TAGS_PER_RESOURCE}
           AND (SELECT v.id FROM virtual_tags v WHERE v.resource_id = {resource}
                   AND v.tag_key = i.tag_key AND v.tag_value = i.tag_value LIMIT 1) IS NULL
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'the resource has {MAX_TAGS_PER_RESOURCE} virtual tags, and cannot have more' AS reason)"
    )
}

/// Ends the reading, in one transaction with the figures that it leaves.
async fn seal(work: &Work<'_>) -> Result<ControlFlow> {
    let file_id = work.spec.file_id;
    let txn = work.db.begin().await?;
    let import = state::get(&txn, file_id).await?;
    let all_wanted = work.spec.mode == ImportMode::AllOrNothing && !work.spec.dry_run;
    if all_wanted && import.rejected > 0 {
        state::set(&txn, file_id, Stage::Refused).await?;
        state::unstage(&txn, file_id).await?;
    } else {
        state::set(&txn, file_id, Stage::Merging).await?;
    }
    let counts = [
        ("inserted", 0),
        ("updated", 0),
        ("unchanged", 0),
        ("rejected", import.rejected),
    ];
    let progress = Progress {
        done_delta: import.rejected,
        total: Some(import.entries),
        counts: counts.into(),
    };
    let flow = work.run.checkpoint(&txn, progress).await?;
    txn.commit().await?;
    Ok(flow)
}
