//! Statistics of the database's content for metrics: numbers of waiting tags, resources and runs, and their ages.
//!
//! One process at a time computes them, at most every [`INTERVAL`], and stores them in the row of `cluster_stats`; every
//! other process reads that row. So their cost grows neither with the number of processes nor with the scrape rate.

use crate::db::{Begin, sql};
use crate::domain::sources::{self, AccountTotalRow, WithheldTotalRow};
use crate::entities::{JobName, RunStatus};
use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Instant;

/// Age from which on statistics are computed again.
const INTERVAL: TimeDelta = TimeDelta::seconds(15);
/// Minimum age of statistics in multiples of the time that computing them took, which bounds its share of all time.
const MIN_AGE_FACTOR: i32 = 50;
/// Advisory lock of the process that computes them: a number that nothing else in the database uses.
const LOCK: i64 = 0x0076_7473_7461_7473;

/// Statistics of the database's content. Times rather than ages, which stay right until the next computation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterStats {
    /// Tags that are PENDING.
    pub pending_tags: i64,
    /// Resources that are due for an evaluation, at most a million.
    pub due_resources: i64,
    /// Time since which the oldest of them is due; approximate if more than 10,000 resources changed.
    pub oldest_due_since: Option<DateTime<Utc>>,
    /// Time since which the oldest run that may start waits for a worker.
    pub oldest_queued_since: Option<DateTime<Utc>>,
    /// Runs in the history.
    pub runs: Vec<RunCountRow>,
    /// Time of the last complete report of each source.
    pub discovery_successes: BTreeMap<String, DateTime<Utc>>,
    /// Accounts of each source by the coverage of their last report.
    pub discovery_accounts: Vec<AccountTotalRow>,
    /// Resources of each source whose retirement waits for a person.
    pub withheld_retirements: Vec<WithheldTotalRow>,
    /// Time that computing the statistics took.
    seconds: f64,
}

/// Number of runs of one job in one status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromQueryResult)]
pub struct RunCountRow {
    pub job_name: JobName,
    pub status: RunStatus,
    pub count: i64,
}

/// Reads the statistics and the time at which they were computed. Computes them if they are old and no other process does.
pub async fn read(db: &DatabaseConnection) -> Result<(DateTime<Utc>, ClusterStats)> {
    let stored = stored(db).await?;
    if let Some(stored) = &stored
        && stored.age() < stored.max_age()
    {
        return Ok((stored.taken_at, stored.stats.clone()));
    }
    let txn = db.begin().await?;
    let lock = "SELECT pg_try_advisory_xact_lock($1) AS locked";
    let is_ours = sql::row::<AdvisoryLockRow>(&txn, lock, [LOCK.into()]).await?;
    if !is_ours.is_some_and(|lock| lock.locked) {
        return stored
            .map(|stored| (stored.taken_at, stored.stats))
            .ok_or_else(|| Error::internal("another process computes the first statistics"));
    }
    let started = Instant::now();
    let mut stats = compute(&txn).await?;
    stats.seconds = started.elapsed().as_secs_f64();
    let keep = "INSERT INTO cluster_stats (taken_at, stats) VALUES (clock_timestamp(), $1)
         ON CONFLICT (singleton) DO UPDATE SET taken_at = excluded.taken_at, stats = excluded.stats";
    let json = serde_json::to_value(&stats).map_err(Error::internal)?;
    sql::execute(&txn, keep, [json.into()]).await?;
    txn.commit().await?;
    Ok((Utc::now(), stats))
}

#[derive(FromQueryResult)]
struct AdvisoryLockRow {
    locked: bool,
}

/// Statistics as they are stored, and the database's time.
struct StoredClusterStats {
    taken_at: DateTime<Utc>,
    now: DateTime<Utc>,
    stats: ClusterStats,
}

impl StoredClusterStats {
    fn age(&self) -> TimeDelta {
        self.now - self.taken_at
    }

    fn max_age(&self) -> TimeDelta {
        INTERVAL.max(TimeDelta::milliseconds((self.stats.seconds * 1000.0) as i64) * MIN_AGE_FACTOR)
    }
}

async fn stored(db: &DatabaseConnection) -> Result<Option<StoredClusterStats>> {
    #[derive(FromQueryResult)]
    struct ClusterStatsRow {
        taken_at: DateTime<Utc>,
        now: DateTime<Utc>,
        stats: serde_json::Value,
    }
    let read = "SELECT taken_at, clock_timestamp() AS now, stats FROM cluster_stats";
    let row: Option<ClusterStatsRow> = sql::row(db, read, []).await?;
    Ok(row.and_then(|row| {
        // Statistics that another version stored in another form are computed anew.
        let stats = serde_json::from_value(row.stats).ok()?;
        Some(StoredClusterStats {
            taken_at: row.taken_at,
            now: row.now,
            stats,
        })
    }))
}

async fn compute(db: &impl ConnectionTrait) -> Result<ClusterStats> {
    #[derive(FromQueryResult)]
    struct DiscoverySuccessRow {
        name: String,
        reported_at: DateTime<Utc>,
    }
    #[derive(FromQueryResult)]
    struct BacklogRow {
        pending_tags: i64,
        due_resources: i64,
        oldest_due_since: Option<DateTime<Utc>>,
        oldest_queued_since: Option<DateTime<Utc>>,
    }
    // A resource that changed is due since then, one of an older revision since the next revision. Of resources that
    // changed, the first and the last by id are read, by the index on (revision, id), however many there are.
    let backlog = "WITH state AS (SELECT revision FROM engine_state),
             changed AS (
                 (SELECT resource_id FROM evaluations WHERE revision = 0 ORDER BY resource_id LIMIT 5000)
                 UNION
                 (SELECT resource_id FROM evaluations WHERE revision = 0 ORDER BY resource_id DESC LIMIT 5000)),
             outdated AS (
                 SELECT min(e.revision) AS revision FROM evaluations e, state
                  WHERE e.revision > 0 AND e.revision < state.revision)
         SELECT (SELECT coalesce(sum(count), 0)::bigint FROM tag_totals_now WHERE approval_status = 'PENDING')
                    AS pending_tags,
                (SELECT count(*) FROM (SELECT FROM evaluations e, state WHERE e.revision < state.revision
                                        LIMIT 1000000) due) AS due_resources,
                least((SELECT min(r.changed_at) FROM changed JOIN resources r ON r.id = changed.resource_id),
                      (SELECT min(raised_at) FROM engine_revisions v, outdated WHERE v.revision > outdated.revision))
                    AS oldest_due_since,
                (SELECT min(run_at) FROM scheduler_jobs WHERE status = 'QUEUED' AND run_at <= now())
                    AS oldest_queued_since";
    let row: Option<BacklogRow> = sql::row(db, backlog, []).await?;
    let row = row.ok_or_else(|| Error::internal("the statistics have no row"))?;
    let runs = "SELECT job_name, status, count(*) AS count FROM scheduler_jobs GROUP BY 1, 2 ORDER BY 1, 2";
    let successes = "SELECT name, reported_at FROM discovery_sources WHERE reported_at IS NOT NULL ORDER BY id LIMIT 1000";
    let successes: Vec<DiscoverySuccessRow> = sql::rows(db, successes, []).await?;
    Ok(ClusterStats {
        pending_tags: row.pending_tags,
        due_resources: row.due_resources,
        oldest_due_since: row.oldest_due_since,
        oldest_queued_since: row.oldest_queued_since,
        runs: sql::rows(db, runs, []).await?,
        discovery_accounts: sources::account_totals(db).await?,
        withheld_retirements: sources::withheld_totals(db).await?,
        discovery_successes: successes
            .into_iter()
            .map(|each| (each.name, each.reported_at))
            .collect(),
        seconds: 0.0,
    })
}
