//! Figures that are maintained rather than counted: how many tags, resources, groups and decisions there are.
//!
//! Triggers append what a statement changes to tables of deltas, [`fold`] adds those to the counts, and who reads sums
//! both; migration `0008_counters` has it all. So a figure is exact at any moment, and writers never wait for each
//! other over a counter.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::entities::{ApprovalStatus, Cloud, TagSource};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, FromQueryResult, Value};

/// Deltas that leave so much behind that the tables are vacuumed at once: a reader looks through dead rows, too.
const VACUUM_FROM: u64 = 2_000;

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Folds all deltas into the counts, in short transactions; gives how many there were. Where another process is at it,
/// it is left to that one.
pub async fn fold(db: &DatabaseConnection) -> Result<u64> {
    let mut folded = 0;
    loop {
        let count: Option<Count> = sql::row(db, "SELECT counters_fold() AS count", []).await?;
        let count = count.map_or(0, |row| row.count.unsigned_abs());
        folded += count;
        if count == 0 {
            break;
        }
    }
    if folded >= VACUUM_FROM {
        let vacuum =
            "VACUUM tag_count_deltas, group_count_deltas, resource_count_deltas, decision_count_deltas,
             tagged_unsure, tag_counts, tag_totals, group_counts";
        db.execute_unprepared(vacuum).await?;
    }
    Ok(folded)
}

/// Forgets counts that came down to nothing, and decisions of long ago; gives how many rows went.
pub async fn prune(db: &DatabaseConnection) -> Result<u64> {
    let mut pruned = 0;
    for prune in [
        "DELETE FROM tag_counts WHERE count = 0",
        "DELETE FROM tag_totals WHERE count = 0",
        "DELETE FROM group_counts WHERE count = 0",
        "DELETE FROM resource_counts WHERE count = 0",
        "DELETE FROM resource_totals WHERE count = 0",
        "DELETE FROM tagged_counts WHERE count = 0",
        "DELETE FROM decision_counts WHERE minute < now() - interval '2 days'",
    ] {
        pruned += sql::execute(db, prune, []).await?;
    }
    Ok(pruned)
}

/// Which tags are counted; what is `None` does not matter. These are all the columns that counts are kept by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagCounterKey {
    pub status: Option<ApprovalStatus>,
    pub account_id: Option<String>,
    pub tag_key: Option<String>,
    pub source: Option<TagSource>,
    pub auto_applied: Option<bool>,
    pub cloud: Option<Cloud>,
    /// From the tenth that this confidence lies in on.
    pub from_band_of: Option<f64>,
    /// Up to the tenth that this confidence lies in.
    pub to_band_of: Option<f64>,
}

const TAG_CELLS: &str =
    "($1::text[] IS NULL OR account_id = ANY($1)) AND ($2::text IS NULL OR approval_status = $2)
    AND ($3::text IS NULL OR account_id = $3) AND ($4::text IS NULL OR tag_key = $4)
    AND ($5::text IS NULL OR source = $5) AND ($6::boolean IS NULL OR auto_applied = $6)
    AND ($7::text IS NULL OR cloud = $7)
    AND ($8::double precision IS NULL OR band >= confidence_band($8))
    AND ($9::double precision IS NULL OR band <= confidence_band($9))";
const RESOURCE_CELLS: &str =
    "($1::text[] IS NULL OR account_id = ANY($1)) AND ($2::text IS NULL OR account_id = $2)
    AND ($3::text IS NULL OR cloud = $3) AND ($4::text IS NULL OR resource_type = $4)
    AND ($5::boolean IS NULL OR retired = $5)";

/// Where to read: the figures of all accounts together when no account matters, those by account otherwise.
fn place(name: &str, cells: &str, scope: &AccountScope, account: Option<&String>) -> String {
    match (scope, account) {
        (AccountScope::All, None) => {
            format!(
                "{name}_totals_now WHERE {}",
                cells.replace("account_id", "NULL::text")
            )
        }
        _ => format!("{name}_counts_now WHERE {cells}"),
    }
}

impl TagCounterKey {
    fn place(&self, scope: &AccountScope) -> String {
        place("tag", TAG_CELLS, scope, self.account_id.as_ref())
    }

    fn binds(&self, scope: &AccountScope) -> [Value; 9] {
        [
            scope.as_bind().into(),
            self.status.as_ref().map(ActiveEnum::to_value).into(),
            self.account_id.clone().into(),
            self.tag_key.clone().into(),
            self.source.as_ref().map(ActiveEnum::to_value).into(),
            self.auto_applied.into(),
            self.cloud.as_ref().map(ActiveEnum::to_value).into(),
            self.from_band_of.into(),
            self.to_band_of.into(),
        ]
    }
}

/// How many tags there are in these cells.
pub async fn tags(db: &impl ConnectionTrait, scope: &AccountScope, cells: &TagCounterKey) -> Result<u64> {
    let place = cells.place(scope);
    let count = format!("SELECT coalesce(sum(count), 0)::bigint AS count FROM {place}");
    one(db, &count, cells.binds(scope)).await
}

/// How many tags there are in some cells, and where their confidences lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct TagCountRange {
    pub count: i64,
    /// The lowest band; `None` when there are no tags.
    pub lowest: Option<i32>,
    /// The highest band.
    pub highest: Option<i32>,
}

/// How many tags there are in these cells, and where their confidences lie.
pub async fn tag_count_range(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    cells: &TagCounterKey,
) -> Result<TagCountRange> {
    let extent = format!(
        "SELECT coalesce(sum(count), 0)::bigint AS count, min(band) AS lowest, max(band) AS highest
           FROM (SELECT band, sum(count) AS count FROM {} GROUP BY band HAVING sum(count) > 0) bands",
        cells.place(scope)
    );
    let extent: Option<TagCountRange> = sql::row(db, &extent, cells.binds(scope)).await?;
    extent.ok_or_else(|| Error::internal("a statement that gives a row gave none"))
}

/// Tags of one key, kind and band of confidence.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Band {
    pub tag_key: String,
    pub auto_applied: bool,
    /// 0 for confidences below 0.1, and so on; 9 from 0.9 to 1.
    pub band: i32,
    pub count: i64,
}

/// The tags in these cells by key, kind and confidence.
pub async fn bands(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    cells: &TagCounterKey,
) -> Result<Vec<Band>> {
    let bands = format!(
        "SELECT tag_key, auto_applied, band, sum(count)::bigint AS count FROM {}
          GROUP BY tag_key, auto_applied, band HAVING sum(count) <> 0",
        cells.place(scope)
    );
    sql::rows(db, &bands, cells.binds(scope)).await
}

/// Virtual tags in one status.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct StatusCount {
    /// Where they stand.
    pub status: ApprovalStatus,
    /// How many there are.
    pub count: i64,
}

/// Tags by status.
pub async fn statuses(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<StatusCount>> {
    let all = TagCounterKey::default();
    let statuses = format!(
        "SELECT approval_status AS status, sum(count)::bigint AS count FROM {}
          GROUP BY approval_status HAVING sum(count) <> 0 ORDER BY approval_status",
        all.place(scope)
    );
    sql::rows(db, &statuses, all.binds(scope)).await
}

/// Which groups of the queue are counted; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupCounterKey {
    pub tag_key: Option<String>,
    pub tag_value: Option<String>,
    pub source: Option<TagSource>,
    pub evidence_signature: Option<String>,
}

/// The condition on `group_counts_now` over what [`GroupCounterKey::binds`] gives for `$1` to `$4`.
pub const GROUP_COUNTER_CONDITION: &str =
    "($1::text IS NULL OR tag_key = $1) AND ($2::text IS NULL OR tag_value = $2)
    AND ($3::text IS NULL OR source = $3) AND ($4::text IS NULL OR evidence_signature = $4)";

impl GroupCounterKey {
    /// The values of [`GROUP_COUNTER_CONDITION`].
    pub fn binds(&self) -> [Value; 4] {
        [
            self.tag_key.clone().into(),
            self.tag_value.clone().into(),
            self.source.as_ref().map(ActiveEnum::to_value).into(),
            self.evidence_signature.clone().into(),
        ]
    }
}

/// How many groups the queue has in these cells.
pub async fn groups(db: &impl ConnectionTrait, cells: &GroupCounterKey) -> Result<u64> {
    let count = format!("SELECT count(*) AS count FROM group_counts_now WHERE {GROUP_COUNTER_CONDITION}");
    one(db, &count, cells.binds()).await
}

/// How many tags the groups in these cells have.
pub async fn tags_of_groups(db: &impl ConnectionTrait, cells: &GroupCounterKey) -> Result<u64> {
    let count = format!(
        "SELECT coalesce(sum(count), 0)::bigint AS count FROM group_counts_now WHERE {GROUP_COUNTER_CONDITION}"
    );
    one(db, &count, cells.binds()).await
}

/// Which resources are counted; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceCounterKey {
    pub account_id: Option<String>,
    pub cloud: Option<Cloud>,
    pub resource_type: Option<String>,
    pub retired: Option<bool>,
}

/// How many resources there are in these cells.
pub async fn resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    cells: &ResourceCounterKey,
) -> Result<u64> {
    let place = place("resource", RESOURCE_CELLS, scope, cells.account_id.as_ref());
    let count = format!("SELECT coalesce(sum(count), 0)::bigint AS count FROM {place}");
    let binds = [
        scope.as_bind().into(),
        cells.account_id.clone().into(),
        cells.cloud.as_ref().map(ActiveEnum::to_value).into(),
        cells.resource_type.clone().into(),
        cells.retired.into(),
    ];
    one(db, &count, binds).await
}

/// Resources of one cloud that are alive.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct CloudCount {
    /// The cloud.
    pub cloud: Cloud,
    /// How many there are.
    pub resources: i64,
    /// How many of them have an approved virtual tag.
    pub tagged: i64,
}

/// Resources that are alive, by cloud. Those whose tags changed a moment ago are looked at; of a great many at once
/// only some are, and the rest counts when [`fold`] has looked.
pub async fn clouds(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<CloudCount>> {
    let resources = match scope {
        AccountScope::All => "(SELECT *, NULL::text AS account_id FROM resource_totals_now) AS resources",
        AccountScope::Only(_) => "resource_counts_now",
    };
    let clouds = format!(
        "WITH unsure AS MATERIALIZED (SELECT DISTINCT id
               FROM (SELECT unnest(resource_ids) AS id FROM tagged_unsure LIMIT 2000) ids),
         tagged AS (
             SELECT cloud, account_id, count FROM tagged_counts
             UNION ALL
             SELECT r.cloud, r.account_id, 1 FROM unsure JOIN resources r USING (id)
              WHERE r.retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
                    WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')
             UNION ALL
             SELECT t.cloud, t.account_id, -1 FROM unsure u JOIN tagged_resources t ON t.resource_id = u.id),
         figures AS (
             SELECT cloud, account_id, count AS resources, 0 AS tagged FROM {resources} WHERE NOT retired
             UNION ALL
             SELECT cloud, account_id, 0, count FROM tagged)
         SELECT cloud, sum(resources)::bigint AS resources, sum(tagged)::bigint AS tagged FROM figures
          WHERE $1::text[] IS NULL OR account_id = ANY($1)
          GROUP BY cloud HAVING sum(resources) <> 0 ORDER BY cloud"
    );
    sql::rows(db, &clouds, [scope.as_bind().into()]).await
}

/// Decisions since a moment, to the minute; with `account` or `key`, of these alone.
pub async fn decisions(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    account: Option<&str>,
    key: Option<&str>,
    since: DateTime<Utc>,
) -> Result<u64> {
    let count = "SELECT coalesce(sum(count), 0)::bigint AS count FROM decision_counts_now
         WHERE minute >= date_trunc('minute', $2::timestamptz) AND ($1::text[] IS NULL OR account_id = ANY($1))
           AND ($3::text IS NULL OR account_id = $3) AND ($4::text IS NULL OR tag_key = $4)";
    let binds = [
        scope.as_bind().into(),
        since.into(),
        account.map(str::to_owned).into(),
        key.map(str::to_owned).into(),
    ];
    one(db, count, binds).await
}

async fn one(
    db: &impl ConnectionTrait,
    statement: &str,
    binds: impl IntoIterator<Item = Value>,
) -> Result<u64> {
    let count: Option<Count> = sql::row(db, statement, binds).await?;
    Ok(count.map_or(0, |row| row.count.max(0).unsigned_abs()))
}
