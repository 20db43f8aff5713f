//! Auto-tagging: evaluates the resources that are due.

use super::JobContext;
use crate::domain::evaluation::auto_tag;
use crate::error::Result;
use crate::runs::RunHandle;

pub(super) async fn run(context: &JobContext, run: &RunHandle) -> Result<()> {
    auto_tag::run(&context.db, &*context.wake, &context.engine, run).await
}
