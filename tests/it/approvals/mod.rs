//! Approvals: decisions one by one and in bulk, tags set by hand, the lists of the queue and their counters.

pub mod bulk;
mod counter_reads;
mod counters;
pub mod decisions;
pub mod lists;
mod manual_tags;
