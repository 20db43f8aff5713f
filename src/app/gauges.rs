//! Gauges that need a query: refreshed in the background, so that no scrape costs one.

use crate::db::Pools;
use crate::domain::cluster_stats::{self, ClusterStats};
use crate::domain::events::{Feed, Log, ResourceLog, TagLog};
use crate::domain::{AccountCoverage, JobName, RunStatus};
use crate::telemetry::{Metrics, names};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, Iterable};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Interval of refreshes. Counts of the database's content are shared by all processes, see
/// [`cluster_stats`].
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// Time for a read; a gauge whose read takes longer keeps its value.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Objects that the gauges are about.
pub(super) struct Gauges {
    pub pools: Pools,
    pub tags: Arc<Feed<TagLog>>,
    pub resources: Arc<Feed<ResourceLog>>,
    /// The configured sources of discovery.
    pub sources: Vec<String>,
}

impl Gauges {
    /// Refreshes the gauges and tidies the recorder for as long as it is polled.
    pub(super) async fn run(self, metrics: Metrics) {
        let mut ticks = interval(REFRESH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.refresh().await;
            metrics.run_upkeep();
        }
    }

    async fn refresh(&self) {
        let is_up = self.pools.watch.outage().is_none();
        metrics::gauge!(names::DATABASE_UP).set(f64::from(u8::from(is_up)));
        record_feed(&self.tags, is_up).await;
        record_feed(&self.resources, is_up).await;
        if !is_up {
            return;
        }
        match timeout(READ_TIMEOUT, cluster_stats::read(&self.pools.all)).await {
            Ok(Ok((taken_at, stats))) => self.record(taken_at, &stats),
            Ok(Err(error)) => error.log("the counts for metrics could not be read"),
            Err(_) => tracing::warn!("the counts for metrics could not be read in time"),
        }
    }

    fn record(&self, taken_at: DateTime<Utc>, stats: &ClusterStats) {
        metrics::gauge!(names::CLUSTER_STATS_TAKEN).set(epoch(taken_at));
        metrics::gauge!(names::PENDING_TAGS).set(stats.pending_tags as f64);
        metrics::gauge!(names::DUE_RESOURCES).set(stats.due_resources as f64);
        metrics::gauge!(names::OLDEST_DUE_RESOURCE).set(age(stats.oldest_due_since));
        metrics::gauge!(names::OLDEST_QUEUED_RUN).set(age(stats.oldest_queued_since));
        // A status that no run has any more would otherwise keep its last number.
        for job in JobName::iter() {
            for status in RunStatus::iter() {
                let mut runs = stats.runs.iter();
                let found = runs.find(|each| each.job_name == job && each.status == status);
                let count = found.map_or(0, |runs| runs.count);
                metrics::gauge!(names::RUNS, "job_name" => job.to_value(), "status" => status.to_value())
                    .set(count as f64);
            }
        }
        self.record_sources(stats);
    }

    fn record_sources(&self, stats: &ClusterStats) {
        for source in &self.sources {
            for coverage in AccountCoverage::iter() {
                let mut totals = stats.discovery_accounts.iter();
                let found = totals.find(|each| each.source == *source && each.coverage == coverage);
                let count = found.map_or(0, |each| each.count);
                metrics::gauge!(names::DISCOVERY_ACCOUNTS, "source" => source.clone(), "coverage" => coverage.to_value())
                    .set(count as f64);
            }
            let mut withheld = stats.withheld_retirements.iter();
            let withheld = withheld
                .find(|each| each.source == *source)
                .map_or(0, |each| each.count);
            metrics::gauge!(names::WITHHELD_RETIREMENTS, "source" => source.clone()).set(withheld as f64);
            let succeeded = stats.discovery_successes.get(source);
            metrics::gauge!(names::DISCOVERY_SUCCESS, "source" => source.clone())
                .set(succeeded.map_or(0.0, |at| epoch(*at)));
        }
    }
}

/// Sets the metrics of a feed. While the database is unavailable, nothing newer is known than what was read.
async fn record_feed<L: Log>(feed: &Feed<L>, is_up: bool) {
    let status = feed.status();
    metrics::counter!(names::FEED_BATCHES, "feed" => L::NAME).absolute(status.batches);
    metrics::counter!(names::FEED_EVENTS, "feed" => L::NAME).absolute(status.events);
    metrics::gauge!(names::FEED_SUBSCRIBERS, "feed" => L::NAME).set(feed.subscribers() as f64);
    let unread = status.polled_at.elapsed();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let read_at = now.unwrap_or_default().saturating_sub(unread);
    metrics::gauge!(names::FEED_READ, "feed" => L::NAME).set(read_at.as_secs_f64());
    let lag = if is_up {
        timeout(READ_TIMEOUT, feed.lag()).await.ok().and_then(Result::ok)
    } else {
        None
    };
    metrics::gauge!(names::FEED_LAG, "feed" => L::NAME).set(lag.unwrap_or(unread).as_secs_f64());
}

fn epoch(moment: DateTime<Utc>) -> f64 {
    moment.timestamp_millis() as f64 / 1000.0
}

/// Seconds since then; 0 when there is nothing.
fn age(since: Option<DateTime<Utc>>) -> f64 {
    since.map_or(0.0, |since| {
        ((Utc::now() - since).num_milliseconds() as f64 / 1000.0).max(0.0)
    })
}
