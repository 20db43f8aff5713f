//! Sealing: hashes what was written to the audit trail since.

use super::JobContext;
use crate::domain::audit::seal;
use crate::error::Result;
use crate::runs::RunHandle;

pub(super) async fn run(context: &JobContext, run: &RunHandle) -> Result<()> {
    seal::seal(&context.db, Some(run)).await.map(drop)
}
