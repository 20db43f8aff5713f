//! Sealing: hashes what was written to the audit trail since.

use super::JobContext;
use crate::domain::audit::seal;
use crate::domain::runs::RunHandle;
use crate::error::Result;

pub(super) async fn run(context: &JobContext, run: &RunHandle) -> Result<()> {
    seal::seal(&context.db, Some(run)).await.map(drop)
}
