//! Holdout evaluation: labels of an inventory are hidden, and what the engine says is compared with them.
//!
//! - `approver.rs`  a truthful approver who decides suggestions in the order given

mod approver;

pub use approver::{ApproverRow, DecisionPoint, simulate_approver};
