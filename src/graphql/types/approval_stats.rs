//! Statistics of the approval queue.

use crate::domain::approvals::stats::{BANDS, QueueStats as StatsRow};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

/// How the queue stands.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ApprovalStats {
    /// Tags that wait for a decision.
    pub pending: i64,
    /// Of them, applied by themselves.
    pub auto_applied: i64,
    /// Of them, only suggested.
    pub suggestions: i64,
    /// Of them, by key, the largest first.
    pub by_key: Vec<KeyCount>,
    /// Of them, by confidence, from low to high; empty bands are left out.
    pub by_confidence: Vec<ConfidenceBand>,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Tags that people approved or denied within the last 24 hours, to the minute; not those that were taken back.
    pub decided_last_day: i64,
    /// Whether the figures but the last two are estimates from a sample, as they are of a filter by more than kind, key,
    /// source, cloud and account that takes more than some ten thousand tags.
    pub is_estimate: bool,
}

/// A count of one key.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct KeyCount {
    /// The key.
    pub tag_key: String,
    /// How many.
    pub count: i64,
}

/// A count of one band of confidence.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ConfidenceBand {
    /// Where the band begins.
    pub from: f64,
    /// Where it ends; only the last band, up to 1, contains its end.
    pub to: f64,
    /// How many.
    pub count: i64,
}

impl From<StatsRow> for ApprovalStats {
    fn from(stats: StatsRow) -> Self {
        let mut by_key: Vec<_> = stats
            .by_key
            .into_iter()
            .map(|(tag_key, count)| KeyCount { tag_key, count })
            .collect();
        by_key.sort_by_key(|key| std::cmp::Reverse(key.count));
        let band = |(i, count): (usize, i64)| ConfidenceBand {
            from: i as f64 / BANDS as f64,
            to: (i + 1) as f64 / BANDS as f64,
            count,
        };
        Self {
            pending: stats.pending,
            auto_applied: stats.auto_applied,
            suggestions: stats.pending - stats.auto_applied,
            by_key,
            by_confidence: stats
                .by_band
                .into_iter()
                .enumerate()
                .filter(|(_, n)| *n > 0)
                .map(band)
                .collect(),
            oldest: stats.oldest,
            decided_last_day: stats.decided,
            is_estimate: stats.is_estimate,
        }
    }
}
