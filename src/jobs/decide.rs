//! Bulk decisions: makes what somebody decided about many tags.

use super::JobContext;
use crate::domain::approvals::{Decision, bulk};
use crate::error::Result;
use crate::runs::RunHandle;

pub(super) async fn run(
    context: &JobContext,
    run: &RunHandle,
    decision: Decision,
    reason: Option<String>,
) -> Result<()> {
    bulk::run(&context.db, run, decision, reason).await
}
