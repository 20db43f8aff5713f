//! Approvals: decisions one by one and in bulk, tags set by hand, the lists of the queue and their counters.

mod bulk;
mod calibration;
mod counter_reads;
mod counters;
mod decisions;
mod lists;
mod manual_tags;
