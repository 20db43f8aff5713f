//! Sources of resources as people see them: accounts and their coverage, faults, and retirements that wait for a person.

mod accounts;
mod list;
mod record;
mod totals;

pub use accounts::{AccountOrder, AccountsOf, SourceAccount, count_of, of};
pub use list::{ConfiguredSource, SourceFault, WithheldRetirement, list};
pub(in crate::domain) use record::{
    AccountReport, Departed, ProviderReport, Withheld, complete, confirm, confirmed, departed, forget_old,
    leave, listing_failed, record, source_id,
};
pub use totals::{AccountTotalRow, WithheldTotalRow, account_totals, withheld_totals};
