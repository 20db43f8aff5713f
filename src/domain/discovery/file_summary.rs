//! Summary of a file of resources: its format, the source of each field, and the accounts that it covers.

use super::FileFormat;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Accounts that are counted; a file of more is told to have more.
const MAX_ACCOUNTS: usize = 10_000;

/// Summary of a file that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    pub format: FileFormat,
    /// Fields of a resource, each with its source in the file.
    pub mapping: Vec<(String, String)>,
    /// Reasons for which the file may lack resources of its accounts; empty if it is complete.
    pub gaps: Vec<String>,
    /// Number of entries that were rejected.
    pub rejected: u64,
    /// Number of valid resources by account.
    pub accounts: BTreeMap<String, u64>,
}

impl FileSummary {
    /// True if the file lists all resources of its accounts, as far as it tells, and all of its entries were taken.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.rejected == 0
    }

    /// Reasons for which the inventory may lack resources of the file's accounts: gaps of the file, and rejected entries.
    pub fn incomplete_reasons(&self) -> Vec<String> {
        let rejected = (self.rejected > 0).then(|| format!("{} entries were rejected", self.rejected));
        self.gaps.iter().cloned().chain(rejected).collect()
    }
}

/// Count of resources by account.
#[derive(Debug, Default)]
pub struct AccountCounts {
    counts: BTreeMap<String, u64>,
    has_more: bool,
}

impl AccountCounts {
    pub fn add(&mut self, account_id: &str) {
        if let Some(count) = self.counts.get_mut(account_id) {
            *count += 1;
        } else if self.counts.len() < MAX_ACCOUNTS {
            self.counts.insert(account_id.to_owned(), 1);
        } else {
            self.has_more = true;
        }
    }

    /// Counts, and the reason for which they are not all.
    pub fn get(&self) -> (BTreeMap<String, u64>, Option<String>) {
        let reason =
            format!("the file has more than {MAX_ACCOUNTS} accounts, of which the others are not counted");
        (self.counts.clone(), self.has_more.then_some(reason))
    }
}
