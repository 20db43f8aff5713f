//! History of coverage: a row for each day, key, cloud and account.

use super::report::check_text;
use super::{CoverageCounts, count, keys, sums};
use crate::auth::{Actor, Role};
use crate::clock::Clock;
use crate::db::{Begin, sql};
use crate::domain::evaluation::EngineSettings;
use crate::entities::{Cloud, JobName};
use crate::error::Result;
use crate::runs::{Job, Progress, RunHandle};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tagging::Vocabulary;

/// Days for which coverage is kept: thirteen months.
const KEEP_DAYS: i64 = 400;
/// Days of a report that names no beginning.
const DEFAULT_DAYS: i64 = 30;
/// Rows of one report at most, the newest first.
const MAX_ROWS: usize = 10_000;

/// The job that writes the coverage of the present day. Each run replaces what an earlier one of the day wrote, so the last
/// one of a day stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCoverageJob {}

#[async_trait::async_trait]
impl Job for SnapshotCoverageJob {
    const NAME: JobName = JobName::SnapshotCoverage;
    const PRIORITY: i16 = 30;
    const TIME_LIMIT: Duration = Duration::from_mins(30);
    const ROLE: Role = Role::Admin;
    const CRON: Option<&'static str> = Some("53 * * * *");

    type Context = (DatabaseConnection, EngineSettings, Arc<dyn Clock>);

    fn exclusive_key(&self) -> Option<String> {
        Some(self.singleton_key())
    }

    async fn run(self, (db, settings, clock): &Self::Context, run: &RunHandle) -> Result<()> {
        count(db, settings).await?;
        let day = clock.now().date_naive();
        let txn = db.begin().await?;
        sql::execute(&txn, "DELETE FROM coverage_days WHERE day = $1", [day.into()]).await?;
        let insert = "INSERT INTO coverage_days (day, tag_key, cloud, account_id, native, approved, pending, suggested,
                 missing, invalid, contradicted)
             SELECT $1, tag_key, cloud, account_id, native, approved, pending, suggested, missing, invalid, contradicted
               FROM coverage_accounts WHERE resources > 0";
        let rows = sql::execute(&txn, insert, [day.into()]).await?;
        let progress = Progress {
            done_delta: 1,
            total: Some(1),
            counts: [("coverage_rows", rows as i64)].into(),
        };
        // The day is written even if the run is cancelled only now.
        let _flow = run.checkpoint(&txn, progress).await?;
        txn.commit().await?;
        Ok(())
    }
}

/// Filter of the history; an unset field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CoverageHistoryFilter {
    /// Governed key, in any spelling.
    pub tag_key: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    /// Time on the first day; 30 days before the last one if unset.
    pub from: Option<DateTime<Utc>>,
    /// Time on the last day; today if unset.
    pub to: Option<DateTime<Utc>>,
}

/// Coverage of a key at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct CoverageDay {
    pub day: NaiveDate,
    pub tag_key: String,
    #[sea_orm(nested)]
    pub counts: CoverageCounts,
}

/// Reads the history of governed keys in the actor's scope, the newest days first, at most 10,000 rows.
pub async fn history(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    filter: &CoverageHistoryFilter,
) -> Result<Vec<CoverageDay>> {
    check_text([&filter.tag_key, &filter.account_id])?;
    let to = filter.to.unwrap_or_else(Utc::now).date_naive();
    let from = filter.from.map(|from| from.date_naive());
    let from = from.unwrap_or_else(|| days_before(to, DEFAULT_DAYS));
    let statement = format!(
        "SELECT day, tag_key, {} FROM coverage_days
          WHERE tag_key = ANY ($1) AND day BETWEEN $2 AND $3 AND ($4::text[] IS NULL OR account_id = ANY ($4))
            AND ($5::text IS NULL OR cloud = $5) AND ($6::text IS NULL OR account_id = $6)
          GROUP BY day, tag_key ORDER BY day DESC, tag_key LIMIT {MAX_ROWS}",
        sums()
    );
    let binds: [Value; 6] = [
        keys::names(vocabulary, filter.tag_key.as_deref()).into(),
        from.into(),
        to.into(),
        actor.scope.as_bind().into(),
        filter.cloud.map(|cloud| cloud.to_value()).into(),
        filter.account_id.clone().into(),
    ];
    sql::rows(db, &statement, binds).await
}

/// Deletes days that are too old, and counts of zero; returns the number of deleted rows.
pub async fn prune(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    let oldest = days_before(now.date_naive(), KEEP_DAYS);
    let mut pruned = sql::execute(db, "DELETE FROM coverage_days WHERE day < $1", [oldest.into()]).await?;
    for table in ["coverage_counts", "coverage_accounts", "coverage_totals"] {
        let prune = format!("DELETE FROM {table} WHERE resources = 0");
        pruned += sql::execute(db, &prune, []).await?;
    }
    Ok(pruned)
}

/// A day earlier by so many days, within the range of PostgreSQL.
fn days_before(day: NaiveDate, days: i64) -> NaiveDate {
    let earlier = day.checked_sub_signed(TimeDelta::days(days));
    earlier.unwrap_or_default().max(NaiveDate::default())
}
