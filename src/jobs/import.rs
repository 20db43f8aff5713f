//! Import: takes an uploaded file into the inventory.

use super::JobContext;
use crate::domain::imports::{self, ImportSpec};
use crate::domain::runs::RunHandle;
use crate::error::Result;

pub(super) async fn run(context: &JobContext, run: &RunHandle, spec: ImportSpec) -> Result<()> {
    let unpack = context.unpack;
    imports::run(&context.db, &*context.wake, &context.notifier, run, spec, unpack).await
}
