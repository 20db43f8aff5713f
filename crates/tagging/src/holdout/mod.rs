//! Holdout evaluation: labels of an inventory are hidden, and what the engine says is compared with them.
//!
//! - `protocol.rs`  which resources lose their tags, and which keep them
//! - `score.rs`     what the engine says of resources whose tags are hidden, compared with the tags
//! - `approver.rs`  a truthful approver who decides suggestions in the order given

mod approver;
mod protocol;
mod score;

pub use approver::{DecisionPoint, simulate_approver};
pub use protocol::{HiddenRow, HoldoutProtocol, HoldoutSplit, splits};
pub use score::{engine_of, score_splits};

#[cfg(test)]
mod tests;
