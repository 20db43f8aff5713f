//! Maintained counters of tags, resources, groups of the queue, and decisions.
//!
//! Triggers append the changes of a statement to tables of deltas, [`fold`] adds the deltas to the counts, and readers sum
//! both (migration `0008_counters`). So a count is exact at any moment, and writers never wait for each other over a
//! counter.

pub mod facets;

use crate::auth::AccountScope;
use crate::db::sql;
use crate::entities::{ApprovalStatus, Cloud, DecisionMode, TagSource};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, FromQueryResult, Value};

/// Number of folded deltas from which on the tables are vacuumed at once: readers scan dead rows, too.
const VACUUM_FROM: u64 = 2_000;

#[derive(FromQueryResult)]
struct CounterRow {
    count: i64,
}

/// Folds all deltas into the counts, in short transactions, and returns their number. Does nothing while another process
/// folds.
pub async fn fold(db: &DatabaseConnection) -> Result<u64> {
    let mut folded = 0;
    loop {
        let count: Option<CounterRow> = sql::row(db, "SELECT counters_fold() AS count", []).await?;
        let count = count.map_or(0, |row| row.count.unsigned_abs());
        folded += count;
        if count == 0 {
            break;
        }
    }
    if folded >= VACUUM_FROM {
        let vacuum =
            "VACUUM tag_count_deltas, group_count_deltas, resource_count_deltas, decision_count_deltas,
             tagged_unsure, tag_counts, tag_totals, group_counts, calibration_count_deltas, calibration_counts,
             calibration_totals";
        db.execute_unprepared(vacuum).await?;
    }
    Ok(folded)
}

/// Deletes counts of zero, and those of decisions older than two days; returns the number of deleted rows.
pub async fn prune(db: &DatabaseConnection) -> Result<u64> {
    let mut pruned = 0;
    for prune in [
        "DELETE FROM tag_counts WHERE count = 0",
        "DELETE FROM tag_totals WHERE count = 0",
        "DELETE FROM group_counts WHERE count = 0",
        "DELETE FROM calibration_counts WHERE count = 0 AND confidence = 0",
        "DELETE FROM calibration_totals WHERE count = 0 AND confidence = 0",
        "DELETE FROM resource_counts WHERE count = 0",
        "DELETE FROM resource_totals WHERE count = 0",
        "DELETE FROM tagged_counts WHERE count = 0",
        "DELETE FROM decision_counts WHERE minute < now() - interval '2 days'",
    ] {
        pruned += sql::execute(db, prune, []).await?;
    }
    Ok(pruned)
}

/// Key of counters of tags: all columns by which tags are counted. `None` stands for any value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagCounterKey {
    pub status: Option<ApprovalStatus>,
    pub account_id: Option<String>,
    pub tag_key: Option<String>,
    pub source: Option<TagSource>,
    pub auto_applied: Option<bool>,
    pub cloud: Option<Cloud>,
    /// Lowest band: the one of this confidence.
    pub from_band_of: Option<f64>,
    /// Highest band: the one of this confidence.
    pub to_band_of: Option<f64>,
}

const TAG_CONDITION: &str =
    "($1::text[] IS NULL OR account_id = ANY($1)) AND ($2::text IS NULL OR approval_status = $2)
    AND ($3::text IS NULL OR account_id = $3) AND ($4::text IS NULL OR tag_key = $4)
    AND ($5::text IS NULL OR source = $5) AND ($6::boolean IS NULL OR auto_applied = $6)
    AND ($7::text IS NULL OR cloud = $7)
    AND ($8::double precision IS NULL OR band >= confidence_band($8))
    AND ($9::double precision IS NULL OR band <= confidence_band($9))";
const RESOURCE_CONDITION: &str =
    "($1::text[] IS NULL OR account_id = ANY($1)) AND ($2::text IS NULL OR account_id = $2)
    AND ($3::text IS NULL OR cloud = $3) AND ($4::text IS NULL OR resource_type = $4)
    AND ($5::boolean IS NULL OR retired = $5)";

/// Table and condition: the totals of all accounts if neither scope nor key names accounts, the counts by account
/// otherwise.
fn from_counters(name: &str, condition: &str, scope: &AccountScope, account: Option<&String>) -> String {
    counters_by(name, condition, *scope != AccountScope::All || account.is_some())
}

fn counters_by(name: &str, condition: &str, by_account: bool) -> String {
    if by_account {
        format!("{name}_counts_now WHERE {condition}")
    } else {
        let condition = condition.replace("account_id", "NULL::text");
        format!("{name}_totals_now WHERE {condition}")
    }
}

impl TagCounterKey {
    fn counters_relation(&self, scope: &AccountScope) -> String {
        from_counters("tag", TAG_CONDITION, scope, self.account_id.as_ref())
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

/// Counts the tags of a key.
pub async fn tags(db: &impl ConnectionTrait, scope: &AccountScope, key: &TagCounterKey) -> Result<u64> {
    let counters = key.counters_relation(scope);
    let count = format!("SELECT coalesce(sum(count), 0)::bigint AS count FROM {counters}");
    one(db, &count, key.binds(scope)).await
}

/// Count of the tags of a key, and the range of their confidences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct TagCountRange {
    pub count: i64,
    /// Lowest band; `None` when there are no tags.
    pub lowest: Option<i32>,
    /// Highest band.
    pub highest: Option<i32>,
}

/// Counts the tags of a key, with the range of their confidences.
pub async fn tag_count_range(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    key: &TagCounterKey,
) -> Result<TagCountRange> {
    let range = format!(
        "SELECT coalesce(sum(count), 0)::bigint AS count, min(band) AS lowest, max(band) AS highest
           FROM (SELECT band, sum(count) AS count FROM {} GROUP BY band HAVING sum(count) > 0) bands",
        key.counters_relation(scope)
    );
    let range: Option<TagCountRange> = sql::row(db, &range, key.binds(scope)).await?;
    range.ok_or_else(|| Error::internal("a statement that gives a row gave none"))
}

/// Count of tags with one tag key, kind and band of confidence.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct ConfidenceBandCount {
    pub tag_key: String,
    pub auto_applied: bool,
    /// 0 for confidences below 0.05, and so on; 19 from 0.95 to 1.
    pub band: i32,
    pub count: i64,
}

/// Counts the tags of a key by tag key, kind and band of confidence.
pub async fn bands(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    key: &TagCounterKey,
) -> Result<Vec<ConfidenceBandCount>> {
    let bands = format!(
        "SELECT tag_key, auto_applied, band, sum(count)::bigint AS count FROM {}
          GROUP BY tag_key, auto_applied, band HAVING sum(count) <> 0",
        key.counters_relation(scope)
    );
    sql::rows(db, &bands, key.binds(scope)).await
}

/// Count of virtual tags in one status.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct StatusCountRow {
    pub status: ApprovalStatus,
    pub count: i64,
}

/// Counts tags by status.
pub async fn statuses(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<StatusCountRow>> {
    let all = TagCounterKey::default();
    let statuses = format!(
        "SELECT approval_status AS status, sum(count)::bigint AS count FROM {}
          GROUP BY approval_status HAVING sum(count) <> 0 ORDER BY approval_status",
        all.counters_relation(scope)
    );
    sql::rows(db, &statuses, all.binds(scope)).await
}

/// Count of proposals with one tag key, source and band of confidence that persons judged alike, or that wait.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct CalibrationCount {
    pub tag_key: String,
    pub source: TagSource,
    /// Band as in [`ConfidenceBandCount`].
    pub band: i32,
    /// True for proposals of the audit sample; `None` for those that wait.
    pub audit_sample: Option<bool>,
    /// Way in which persons judged; `None` for proposals that wait.
    pub decision_mode: Option<DecisionMode>,
    /// True for approved proposals; `None` for those that wait.
    pub approved: Option<bool>,
    pub count: i64,
    /// Sum of the confidences, in millionths; 0 for proposals that wait.
    pub confidence: i64,
}

/// Counts the proposals that persons judged, and those that wait, with one tag key or source if given.
pub async fn calibration(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    tag_key: Option<&str>,
    source: Option<TagSource>,
) -> Result<Vec<CalibrationCount>> {
    let condition = "($1::text[] IS NULL OR account_id = ANY($1)) AND ($2::text IS NULL OR tag_key = $2)
        AND ($3::text IS NULL OR source = $3)";
    let judged = from_counters("calibration", condition, scope, None);
    let tags = from_counters("tag", condition, scope, None);
    let counts = format!(
        "SELECT tag_key, source, band, audit_sample, decision_mode, approved, sum(count)::bigint AS count,
                sum(confidence)::bigint AS confidence
           FROM {judged} GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(count) <> 0
         UNION ALL
         SELECT tag_key, source, band, NULL, NULL, NULL, sum(count)::bigint, 0
           FROM {tags} AND approval_status = 'PENDING' AND source NOT IN ('MANUAL', 'CSV')
          GROUP BY 1, 2, 3 HAVING sum(count) <> 0"
    );
    let binds = [
        scope.as_bind().into(),
        tag_key.map(str::to_owned).into(),
        source.as_ref().map(ActiveEnum::to_value).into(),
    ];
    sql::rows(db, &counts, binds).await
}

/// Key of counters of groups of the queue. `None` stands for any value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupCounterKey {
    pub tag_key: Option<String>,
    pub tag_value: Option<String>,
    pub source: Option<TagSource>,
    pub evidence_signature: Option<String>,
}

/// Condition on `group_counts_now`, with [`GroupCounterKey::binds`] for `$1` to `$4`.
pub const GROUP_COUNTER_CONDITION: &str =
    "($1::text IS NULL OR tag_key = $1) AND ($2::text IS NULL OR tag_value = $2)
    AND ($3::text IS NULL OR source = $3) AND ($4::text IS NULL OR evidence_signature = $4)";

impl GroupCounterKey {
    /// Values of [`GROUP_COUNTER_CONDITION`].
    pub fn binds(&self) -> [Value; 4] {
        [
            self.tag_key.clone().into(),
            self.tag_value.clone().into(),
            self.source.as_ref().map(ActiveEnum::to_value).into(),
            self.evidence_signature.clone().into(),
        ]
    }
}

/// Counts the groups of a key.
pub async fn groups(db: &impl ConnectionTrait, key: &GroupCounterKey) -> Result<u64> {
    let count = format!("SELECT count(*) AS count FROM group_counts_now WHERE {GROUP_COUNTER_CONDITION}");
    one(db, &count, key.binds()).await
}

/// Counts the tags in the groups of a key.
pub async fn tags_of_groups(db: &impl ConnectionTrait, key: &GroupCounterKey) -> Result<u64> {
    let count = format!(
        "SELECT coalesce(sum(count), 0)::bigint AS count FROM group_counts_now WHERE {GROUP_COUNTER_CONDITION}"
    );
    one(db, &count, key.binds()).await
}

/// Key of counters of resources. `None` stands for any value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceCounterKey {
    pub account_id: Option<String>,
    pub cloud: Option<Cloud>,
    pub resource_type: Option<String>,
    pub retired: Option<bool>,
}

/// Counts the resources of a key.
pub async fn resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    key: &ResourceCounterKey,
) -> Result<u64> {
    let counters = from_counters("resource", RESOURCE_CONDITION, scope, key.account_id.as_ref());
    let count = format!("SELECT coalesce(sum(count), 0)::bigint AS count FROM {counters}");
    one(db, &count, key.binds(scope)).await
}

impl ResourceCounterKey {
    fn binds(&self, scope: &AccountScope) -> [Value; 5] {
        [
            scope.as_bind().into(),
            self.account_id.clone().into(),
            self.cloud.as_ref().map(ActiveEnum::to_value).into(),
            self.resource_type.clone().into(),
            self.retired.into(),
        ]
    }
}

/// Counts of the resources of one cloud that are not retired.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct CloudCountRow {
    pub cloud: Cloud,
    pub resources: i64,
    /// Resources with an approved virtual tag.
    pub tagged: i64,
}

/// Counts resources that are not retired, by cloud. Resources whose tags changed since the last [`fold`] are read one by
/// one, at most 2,000 of them; changes of further ones count from the next [`fold`] on.
pub async fn clouds(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<CloudCountRow>> {
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

/// Counts decisions since a time, to the minute; with `account` or `key`, only theirs.
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
    let count: Option<CounterRow> = sql::row(db, statement, binds).await?;
    Ok(count.map_or(0, |row| row.count.max(0).unsigned_abs()))
}
