//! Coverage: how many resources have each governed key, by the one resolution of what holds (`crates/tagging/src/effective.rs`).
//!
//! Each taggable resource counts once for each governed key, in one of the states of [`CoverageCounts`]. Nobody counts a
//! million resources for a report: triggers note the resources of which something changed (migration `0032_coverage`), and
//! [`count`](count()) resolves the noted ones again and adds the difference to the counts.
//!
//! - `count.rs`    counts noted resources: each second, and at the end of an evaluation
//! - `keys.rs`     governed keys, as statements read them
//! - `report.rs`   the report, from the counts
//! - `history.rs`  one row a day: the job that writes it, and the report
//! - `by_cost.rs`  the report weighed by the cost of the resources

mod by_cost;
mod count;
mod history;
mod keys;
mod report;

pub use by_cost::{CostCoverage, CostCoverageFilter, report_by_cost};
pub use count::{count, count_until};
pub use history::{CoverageDay, CoverageHistoryFilter, SnapshotCoverageJob, history, prune};
pub use report::{CoverageDimension, CoverageFilter, CoverageGroup, report};

use sea_orm::FromQueryResult;

/// States in which a taggable resource can be with a governed key, as columns, each with the letter by which
/// `coverage_cells` keeps it.
const STATES: [(&str, char); 7] = [
    ("native", 'n'),
    ("approved", 'a'),
    ("pending", 'p'),
    ("suggested", 's'),
    ("missing", 'm'),
    ("invalid", 'i'),
    ("contradicted", 'c'),
];

/// Counts of taggable resources, each in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct CoverageCounts {
    pub resources: i64,
    /// The resource's own tags state a valid value.
    pub native: i64,
    /// A virtual tag is approved.
    pub approved: i64,
    /// A virtual tag is applied, and not yet decided.
    pub pending: i64,
    /// No value, but a suggestion.
    pub suggested: i64,
    /// Neither value nor suggestion.
    pub missing: i64,
    /// A value that the key cannot have.
    pub invalid: i64,
    /// The resource's own tags state a value that sure evidence, or another of its tags, contradicts.
    pub contradicted: i64,
}

/// Sums of the states, as columns of a statement.
fn sums() -> String {
    let sums = STATES.map(|(state, _)| format!("sum({state})::bigint AS {state}"));
    format!("sum(resources)::bigint AS resources, {}", sums.join(", "))
}
