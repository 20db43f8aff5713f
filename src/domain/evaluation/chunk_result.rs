//! Result of evaluating resources, in numbers.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Result of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkResult {
    /// Resources; none when nothing was due that is not in other hands.
    pub evaluated: u64,
    pub proposed: u64,
    pub refreshed: u64,
    /// Approved because a suggestion was accepted, or the key is approved automatically.
    pub approved: u64,
    pub withdrawn: u64,
    /// Rules that were given up because they took too long, each counted for each resource.
    pub given_up: u64,
    /// Of the evaluated ones: resources that cannot be evaluated, or whose tags cannot be stored.
    pub failed: u64,
    /// The engine is of an older generation: nothing was evaluated, and another one is to be loaded.
    pub is_outdated: bool,
}

impl ChunkResult {
    /// As a run counts them.
    pub(super) fn counts(self) -> BTreeMap<&'static str, i64> {
        let mut counts: BTreeMap<_, _> = [
            ("evaluated", self.evaluated as i64),
            ("proposed", self.proposed as i64),
            ("refreshed", self.refreshed as i64),
            ("withdrawn", self.withdrawn as i64),
            ("failed", self.failed as i64),
        ]
        .into();
        if self.approved > 0 {
            counts.insert("approved", self.approved as i64);
        }
        if self.given_up > 0 {
            counts.insert("given_up", self.given_up as i64);
        }
        counts
    }
}

impl AddAssign for ChunkResult {
    fn add_assign(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.proposed += other.proposed;
        self.refreshed += other.refreshed;
        self.approved += other.approved;
        self.withdrawn += other.withdrawn;
        self.given_up += other.given_up;
        self.failed += other.failed;
        self.is_outdated |= other.is_outdated;
    }
}
