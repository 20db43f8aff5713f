//! Resources that a change of rules can affect.

use crate::db::Transaction;
use crate::domain::revision;
use crate::entities::rule;
use crate::error::Result;

/// Begins a change of rules. The row of the revision is the lock that makes such changes serial.
pub(super) async fn begin(txn: &Transaction) -> Result<()> {
    revision::raise(txn).await.map(drop)
}

/// Makes the resources due that any of the rules may match.
pub(super) async fn make_due(_txn: &Transaction, _rules: &[&rule::Model]) -> Result<()> {
    Ok(())
}
