//! Checks between the phases, by set-based statements: faults that a row has only beside other rows.

use super::context::ImportContext;
use super::read::KEPT_REJECTIONS;
use super::spec::ImportMode;
use super::state::{self, ImportStage};
use crate::db::{Begin, sql};
use crate::domain::approvals::MAX_TAGS_PER_RESOURCE;
use crate::domain::inventory::reconcile::key_of;
use crate::error::Result;
use crate::runs::{ControlFlow, Progress};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// Entries that one statement compares with each other.
const SLICE: i64 = 1_000_000;

/// Rejects faulty rows, counts them, and starts merging, or refuses the whole import. Idempotent, so it is repeated after
/// a crash.
pub(super) async fn run(context: &ImportContext<'_>) -> Result<ControlFlow> {
    let import = state::get(context.db, context.spec.file_id).await?;
    let slices = (import.entries / SLICE + 1).unsigned_abs().next_power_of_two() as i64;
    let duplicates = if context.spec.tags.is_some() {
        same_tags()
    } else {
        same_resources()
    };
    for slice in 0..slices {
        if reject(context, &duplicates, [slices - 1, slice]).await? == ControlFlow::Cancelled {
            return Ok(ControlFlow::Cancelled);
        }
    }
    if context.spec.tags.is_some() {
        let in_excess = in_excess();
        for slice in 0..slices {
            if reject(context, &in_excess, [slices - 1, slice]).await? == ControlFlow::Cancelled {
                return Ok(ControlFlow::Cancelled);
            }
        }
        let (of_unknown_resources, of_full_resources) = (of_unknown_resources(), of_full_resources());
        for LineRange {
            first_line,
            last_line,
        } in parts(context).await?
        {
            for refused in [&of_unknown_resources, &of_full_resources] {
                if reject(context, refused, [first_line, last_line]).await? == ControlFlow::Cancelled {
                    return Ok(ControlFlow::Cancelled);
                }
            }
        }
    }
    end_reading(context).await
}

#[derive(FromQueryResult)]
struct LineRange {
    first_line: i64,
    last_line: i64,
}

async fn parts(context: &ImportContext<'_>) -> Result<Vec<LineRange>> {
    let parts = "SELECT first_line, last_line FROM import_parts WHERE file_id = $1 ORDER BY part";
    sql::rows(context.db, parts, [context.spec.file_id.into()]).await
}

/// Rejects rows in one transaction: `reject` ends in `gone`, the rows that it deletes, each with its reason. `$4` and `$5`
/// are its `values`.
async fn reject(context: &ImportContext<'_>, reject: &str, values: [i64; 2]) -> Result<ControlFlow> {
    #[derive(FromQueryResult)]
    struct RejectedCountRow {
        count: i64,
    }
    let txn = context.db.begin().await?;
    // The planner has no statistics of a table that was empty a moment ago, and would compare each row with each.
    txn.execute_unprepared("SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off")
        .await?;
    let (file, run) = (context.spec.file_id.into(), context.run.run_id.into());
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
    let gone: Option<RejectedCountRow> = sql::row(&txn, &reject, binds).await?;
    let update = "UPDATE imports SET rejected = rejected + $2 WHERE file_id = $1";
    let count = gone.map_or(0, |gone| gone.count);
    sql::execute(&txn, update, [context.spec.file_id.into(), count.into()]).await?;
    let flow = context.run.checkpoint(&txn, Progress::default()).await?;
    txn.commit().await?;
    Ok(flow)
}

/// Duplicates of resources: all but the first line of an id. Ids are compared by a hash first, of which a million fit into
/// memory. A line that is equal to the first in all else is no fault: inventories of several regions list global resources
/// once for each.
fn same_resources() -> String {
    let key = key_of("resource_id");
    format!(
        "
    doubled AS (
        SELECT hashtextextended({key}, 0) AS hash FROM import_rows
         WHERE file_id = $1 AND hashtextextended({key}, 0) & $4 = $5 GROUP BY 1 HAVING count(*) > 1),
    told AS (
        SELECT line, {key} AS key, md5(ROW(name, cloud, account_id, resource_type, region, native_tags, created_at)::text) AS text
          FROM import_rows WHERE file_id = $1 AND hashtextextended({key}, 0) IN (SELECT hash FROM doubled)),
    ranked AS (
        SELECT line, text, first_value(line) OVER same AS first, first_value(text) OVER same AS first_text FROM told
        WINDOW same AS (PARTITION BY key ORDER BY line)),
    left_out AS (
        DELETE FROM import_rows i USING ranked r WHERE i.file_id = $1 AND i.line = r.line AND r.line > r.first
        RETURNING i.line, i.resource_id, r.first, r.text = r.first_text AS is_equal),
    gone AS (
        SELECT line, 'resource_id' AS column_name, resource_id AS value,
               'is a duplicate of line ' || first || ', with other values' AS reason FROM left_out WHERE NOT is_equal)"
    )
}

/// Duplicates of tags: all but the first line of a tag, and all but the first of the values of a key on a resource that are
/// to be approved. A line that says the same as the first is no fault.
fn same_tags() -> String {
    let key = key_of("resource_id");
    format!(
        "
    doubled AS (
        SELECT hashtextextended({key} || E'\\n' || tag_key, 0) AS hash FROM import_tags
         WHERE file_id = $1 AND hashtextextended({key} || E'\\n' || tag_key, 0) & $4 = $5
         GROUP BY 1 HAVING count(*) > 1),
    ranked AS (
        SELECT line, status, first_value(line) OVER same AS first,
               status IS NOT DISTINCT FROM first_value(status) OVER same
                   AND reason IS NOT DISTINCT FROM first_value(reason) OVER same AS is_equal,
               min(line) FILTER (WHERE status = 'APPROVED') OVER (PARTITION BY {key}, tag_key) AS approved
          FROM import_tags
         WHERE file_id = $1 AND hashtextextended({key} || E'\\n' || tag_key, 0) IN (SELECT hash FROM doubled)
        WINDOW same AS (PARTITION BY {key}, tag_key, tag_value ORDER BY line)),
    left_out AS (
        DELETE FROM import_tags i USING ranked r WHERE i.file_id = $1 AND i.line = r.line
           AND (r.line > r.first OR r.status = 'APPROVED' AND r.line > r.approved)
        RETURNING i.line, i.tag_value, r.first, r.approved, r.is_equal),
    gone AS (
        SELECT line, 'tag_value' AS column_name, tag_value AS value,
               CASE WHEN line > first THEN 'is a duplicate of line ' || first || ', with other values'
                    ELSE 'line ' || approved || ' has another value to be approved for the key' END AS reason
          FROM left_out WHERE line = first OR NOT is_equal)"
    )
}

/// Tags of resources that do not exist or are retired.
fn of_unknown_resources() -> String {
    let key = key_of("i.resource_id");
    format!(
        "
    gone AS (
        DELETE FROM import_tags i WHERE i.file_id = $1 AND i.line BETWEEN $4 AND $5
           AND (SELECT r.id FROM resources r WHERE r.resource_key = {key} AND r.retired_at IS NULL LIMIT 1) IS NULL
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'there is no such resource, or it is retired' AS reason)"
    )
}

/// Tags in excess: those behind the first [`MAX_TAGS_PER_RESOURCE`] tags of a resource in the file.
fn in_excess() -> String {
    let key = key_of("resource_id");
    format!(
        "
    crowded AS (
        SELECT hashtextextended({key}, 0) AS hash FROM import_tags
         WHERE file_id = $1 AND hashtextextended({key}, 0) & $4 = $5 GROUP BY 1 HAVING count(*) > {MAX_TAGS_PER_RESOURCE}),
    ranked AS (
        SELECT line, row_number() OVER (PARTITION BY {key} ORDER BY line) AS number FROM import_tags
         WHERE file_id = $1 AND hashtextextended({key}, 0) IN (SELECT hash FROM crowded)),
    gone AS (
        DELETE FROM import_tags i USING ranked r WHERE i.file_id = $1 AND i.line = r.line AND r.number > {MAX_TAGS_PER_RESOURCE}
        RETURNING i.line, 'resource_id' AS column_name, i.resource_id AS value,
                  'the file has more than {MAX_TAGS_PER_RESOURCE} tags of this resource' AS reason)"
    )
}

/// New tags of resources that have [`MAX_TAGS_PER_RESOURCE`] tags already. A tag that the resource has is not new.
fn of_full_resources() -> String {
    let key = key_of("i.resource_id");
    let resource = format!("(SELECT r.id FROM resources r WHERE r.resource_key = {key} LIMIT 1)");
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

/// Ends the reading phase, in one transaction with its counts.
async fn end_reading(context: &ImportContext<'_>) -> Result<ControlFlow> {
    let file_id = context.spec.file_id;
    let txn = context.db.begin().await?;
    let import = state::get(&txn, file_id).await?;
    let repeated = import.entries - import.rejected - staged(&txn, context).await?;
    let is_all_or_nothing = context.spec.mode == ImportMode::AllOrNothing && !context.spec.dry_run;
    if is_all_or_nothing && import.rejected > 0 {
        state::set(&txn, file_id, ImportStage::Refused).await?;
        state::drop_staged(&txn, file_id).await?;
    } else {
        state::set(&txn, file_id, ImportStage::Merging).await?;
    }
    let counts = [
        ("inserted", 0),
        ("updated", 0),
        ("unchanged", repeated),
        ("rejected", import.rejected),
    ];
    let progress = Progress {
        done_delta: import.rejected + repeated,
        total: Some(import.entries),
        counts: counts.into(),
    };
    let flow = context.run.checkpoint(&txn, progress).await?;
    txn.commit().await?;
    Ok(flow)
}

/// Number of rows that wait to be merged.
async fn staged(txn: &impl ConnectionTrait, context: &ImportContext<'_>) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct StagedCountRow {
        count: i64,
    }
    let table = if context.spec.tags.is_some() {
        "import_tags"
    } else {
        "import_rows"
    };
    let count = format!("SELECT count(*) AS count FROM {table} WHERE file_id = $1");
    let count: Option<StagedCountRow> = sql::row(txn, &count, [context.spec.file_id.into()]).await?;
    Ok(count.map_or(0, |row| row.count))
}
