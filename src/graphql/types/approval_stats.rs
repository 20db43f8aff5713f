//! Statistics of the approval queue.

use crate::domain::approvals::stats::{BANDS, QueueStats as StatsRow};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

/// Statistics of the approval queue.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ApprovalStats {
    /// Number of pending tags.
    pub pending: i64,
    /// Number of pending tags that were applied automatically.
    pub auto_applied: i64,
    /// Number of pending tags that are only suggested.
    pub suggestions: i64,
    /// Numbers of pending tags by key, largest first.
    pub by_key: Vec<KeyCount>,
    /// Numbers of pending tags by band of confidence, ascending; empty bands are omitted.
    pub by_confidence: Vec<ConfidenceBand>,
    /// Creation time of the oldest pending tag.
    pub oldest: Option<DateTime<Utc>>,
    /// Number of tags that people approved or denied within the last 24 hours, to the minute, without undone decisions.
    pub decided_last_day: i64,
    /// True if all numbers except `oldest` and `decidedLastDay` are estimates from a sample, as for a filter by other
    /// fields than kind, key, source, cloud and account that matches more than some ten thousand tags.
    pub is_estimate: bool,
}

/// Number of tags with one key.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct KeyCount {
    /// Tag key.
    pub tag_key: String,
    /// Number of tags.
    pub count: i64,
}

/// Number of tags in one band of confidence.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ConfidenceBand {
    /// Lower bound of the band, inclusive.
    pub from: f64,
    /// Upper bound of the band, exclusive; inclusive for the last band, which ends at 1.
    pub to: f64,
    /// Number of tags.
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
