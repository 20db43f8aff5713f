//! Auto-tagging: evaluates the resources that are due.

use super::JobContext;
use crate::domain::runs::RunHandle;
use crate::domain::tagging::auto_tag;
use crate::error::Result;

pub(super) async fn run(context: &JobContext, run: &RunHandle) -> Result<()> {
    auto_tag::run(
        &context.db,
        &*context.wake,
        &context.engine,
        &context.notifier,
        run,
    )
    .await
}
