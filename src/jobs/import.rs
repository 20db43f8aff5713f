//! Import: takes an uploaded file into the inventory.

use super::JobContext;
use crate::domain::imports::{self, ImportSpec};
use crate::error::Result;
use crate::runs::RunHandle;

pub(super) async fn run(context: &JobContext, run: &RunHandle, spec: ImportSpec) -> Result<()> {
    let unpack = context.unpack;
    imports::run(&context.db, &*context.wake, run, spec, unpack).await
}
