//! Rows as training keeps them.

use super::LabelOrigin;
use super::groups::GroupKind;
use super::word_hit::WordHit;

/// Label of a row, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowLabel {
    pub key: u8,
    pub value: u32,
    pub origin: LabelOrigin,
}

/// Row as training keeps it.
pub(super) struct TrainingRow {
    pub account: u64,
    /// Resources of one family repeat each other: the same name in the same account, but for stages and numbers.
    pub family: u64,
    pub groups: Box<[u64]>,
    /// Kinds of those groups.
    pub kinds: Box<[GroupKind]>,
    pub words: Box<[WordHit]>,
    pub tokens: Box<[u64]>,
    pub labels: Box<[RowLabel]>,
}
