//! Cost: bills are imported beside the inventory, joined with its resources, and read by month, currency and tag.
//!
//! Amounts are exact: decimal texts in files and answers, `numeric` in PostgreSQL, which adds them up.
//!
//! - `amount.rs`        exact amounts, for the sums of a part of a file
//! - `bill_columns.rs`  formats of bills, by their headers
//! - `bill_row.rs`      rows of bills, in one spelling
//! - `bill_reader.rs`   files, read in parts
//! - `import.rs`        parts, staged, and the replacement of bills
//! - `matching.rs`      the join of bills with resources
//! - `job.rs`           the job that imports an uploaded bill
//! - `monthly.rs`       the month that is shown, and the cost of resources in it
//! - `allocation.rs`    a month by the values of a tag, and what is unallocated

mod allocation;
mod amount;
mod bill_columns;
mod bill_reader;
mod bill_row;
mod import;
mod job;
mod matching;
mod monthly;

pub use allocation::{AllocatedValue, CostAllocation, CostFilter, UnallocatedCost, allocate, unallocated};
pub use bill_reader::{BillFile, BillPart, read_bills};
pub use import::{CostImport, ImportedBill, ImportedCost, authorize, prune_staged};
pub use job::ImportCostJob;
pub use matching::match_unallocated;
pub use monthly::{CostMonth, MonthlyCost, cost_at_stake, of_resources, reference};
