//! Figures about the database's content, for metrics: how much waits, and since when.
//!
//! One process at a time takes them, every [`INTERVAL`] at most, and keeps them in the row of `cluster_stats`; every other
//! process reads that row. So their cost does not grow with the number of processes, nor with how often metrics are read.

use crate::db::{Begin, sql};
use crate::entities::{JobName, RunStatus};
use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Instant;

/// How old figures may be before they are taken again.
const INTERVAL: TimeDelta = TimeDelta::seconds(15);
/// The share of all time that taking them may need: where it takes longer than usual, it happens less often.
const SHARE: i32 = 50;
/// Locks out other processes that want to take them. Any number will do that nothing else in the database uses.
const LOCK: i64 = 0x0076_7473_7461_7473;

/// The figures. Moments rather than ages, so that they stay right until the next ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterStats {
    /// Tags that wait for a decision.
    pub pending_tags: i64,
    /// Resources that wait for an evaluation; of more than a million, a million.
    pub due_resources: i64,
    /// Since when the oldest of them waits; of very many, of those that are looked at.
    pub oldest_due_since: Option<DateTime<Utc>>,
    /// Since when the oldest run that may start waits for a worker.
    pub oldest_queued_since: Option<DateTime<Utc>>,
    /// Runs in the history.
    pub runs: Vec<RunCount>,
    /// When each source last reported without a fault.
    pub discovery_successes: BTreeMap<String, DateTime<Utc>>,
    /// How long it took to take these figures.
    seconds: f64,
}

/// How many runs of one job are in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromQueryResult)]
pub struct RunCount {
    pub job_name: JobName,
    pub status: RunStatus,
    pub count: i64,
}

/// The figures, and when they were taken. Takes new ones when they are old and no other process is at it.
pub async fn read(db: &DatabaseConnection) -> Result<(DateTime<Utc>, ClusterStats)> {
    let kept = kept(db).await?;
    if let Some(kept) = &kept
        && kept.age() < kept.longest_age()
    {
        return Ok((kept.taken_at, kept.stats.clone()));
    }
    let txn = db.begin().await?;
    let lock = "SELECT pg_try_advisory_xact_lock($1) AS locked";
    let is_ours = sql::row::<Locked>(&txn, lock, [LOCK.into()]).await?;
    if !is_ours.is_some_and(|lock| lock.locked) {
        return kept
            .map(|kept| (kept.taken_at, kept.stats))
            .ok_or_else(|| Error::internal("another process takes the first figures"));
    }
    let started = Instant::now();
    let mut stats = take(&txn).await?;
    stats.seconds = started.elapsed().as_secs_f64();
    let keep = "INSERT INTO cluster_stats (taken_at, stats) VALUES (clock_timestamp(), $1)
         ON CONFLICT (singleton) DO UPDATE SET taken_at = excluded.taken_at, stats = excluded.stats";
    let json = serde_json::to_value(&stats).map_err(Error::internal)?;
    sql::execute(&txn, keep, [json.into()]).await?;
    txn.commit().await?;
    Ok((Utc::now(), stats))
}

/// Notes that a source has reported all that it has, without a fault.
pub async fn record_discovery(db: &DatabaseConnection, source: &str) -> Result<()> {
    let record = "INSERT INTO discovery_successes (source, succeeded_at) VALUES ($1, now())
         ON CONFLICT (source) DO UPDATE SET succeeded_at = excluded.succeeded_at";
    sql::execute(db, record, [source.into()]).await.map(drop)
}

#[derive(FromQueryResult)]
struct Locked {
    locked: bool,
}

/// What the row says.
struct Kept {
    taken_at: DateTime<Utc>,
    now: DateTime<Utc>,
    stats: ClusterStats,
}

impl Kept {
    fn age(&self) -> TimeDelta {
        self.now - self.taken_at
    }

    fn longest_age(&self) -> TimeDelta {
        INTERVAL.max(TimeDelta::milliseconds((self.stats.seconds * 1000.0) as i64) * SHARE)
    }
}

async fn kept(db: &DatabaseConnection) -> Result<Option<Kept>> {
    #[derive(FromQueryResult)]
    struct Row {
        taken_at: DateTime<Utc>,
        now: DateTime<Utc>,
        stats: serde_json::Value,
    }
    let read = "SELECT taken_at, clock_timestamp() AS now, stats FROM cluster_stats";
    let row: Option<Row> = sql::row(db, read, []).await?;
    Ok(row.and_then(|row| {
        // What another version wrote is taken anew.
        let stats = serde_json::from_value(row.stats).ok()?;
        Some(Kept {
            taken_at: row.taken_at,
            now: row.now,
            stats,
        })
    }))
}

async fn take(db: &impl ConnectionTrait) -> Result<ClusterStats> {
    #[derive(FromQueryResult)]
    struct Success {
        source: String,
        succeeded_at: DateTime<Utc>,
    }
    #[derive(FromQueryResult)]
    struct Row {
        pending_tags: i64,
        due_resources: i64,
        oldest_due_since: Option<DateTime<Utc>>,
        oldest_queued_since: Option<DateTime<Utc>>,
    }
    // A resource that changed waits since then, one of an older revision since the next revision. Of resources that
    // changed, the first and the last by id are looked at: with the index on (revision, id), however many there are.
    let figures = "WITH state AS (SELECT revision FROM engine_state),
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
    let row: Option<Row> = sql::row(db, figures, []).await?;
    let row = row.ok_or_else(|| Error::internal("the figures have no row"))?;
    let runs = "SELECT job_name, status, count(*) AS count FROM scheduler_jobs GROUP BY 1, 2 ORDER BY 1, 2";
    let successes = "SELECT source, succeeded_at FROM discovery_successes LIMIT 1000";
    let successes: Vec<Success> = sql::rows(db, successes, []).await?;
    Ok(ClusterStats {
        pending_tags: row.pending_tags,
        due_resources: row.due_resources,
        oldest_due_since: row.oldest_due_since,
        oldest_queued_since: row.oldest_queued_since,
        runs: sql::rows(db, runs, []).await?,
        discovery_successes: successes
            .into_iter()
            .map(|each| (each.source, each.succeeded_at))
            .collect(),
        seconds: 0.0,
    })
}
