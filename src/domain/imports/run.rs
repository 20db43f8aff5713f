//! Run of an import: the phases one after the other.

use super::context::ImportContext;
use super::spec::ImportSpec;
use super::state::{self, ImportStage, ImportState};
use super::{check, merge, read};
use crate::auth::Role;
use crate::config::UnpackLimits;
use crate::domain::vocabulary::LiveVocabulary;
use crate::entities::JobName;
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Job, RunHandle};
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use std::time::Duration;

#[async_trait::async_trait]
impl Job for ImportSpec {
    const NAME: JobName = JobName::Import;
    const PRIORITY: i16 = 80;
    const TIME_LIMIT: Duration = Duration::from_hours(4);
    const ROLE: Role = Role::Approver;

    type Context = (DatabaseConnection, UnpackLimits, LiveVocabulary);

    fn singleton_key(&self) -> String {
        format!("import:{}", self.file_id)
    }

    fn follow_up(&self) -> Option<JobName> {
        (!self.dry_run).then_some(JobName::AutoTag)
    }

    /// Imports a file, or helps the run that does. Continues where an earlier attempt stopped.
    ///
    /// [`Error::Validation`] for a file that was pruned or cannot be read to its end, and if an entry was rejected and the
    /// mode is [`ImportMode::AllOrNothing`](super::ImportMode::AllOrNothing); then nothing was imported.
    async fn run(self, (db, unpack, vocabulary): &Self::Context, run: &RunHandle) -> Result<()> {
        let context = ImportContext {
            db,
            run,
            spec: self,
            unpack: *unpack,
            vocabulary: Arc::clone(&vocabulary.refresh(db).await?.vocabulary),
        };
        let import = state::open(&context).await?;
        match import.stage {
            ImportStage::Done => Ok(()),
            ImportStage::Refused => Err(refused(&import)),
            ImportStage::Merging => merge::merge_parts(&context, &import).await,
            // One worker reads: helpers are needed for merging only.
            ImportStage::Reading if import.run_id != run.run_id => Ok(()),
            ImportStage::Reading => read_and_merge(&context).await,
        }
    }
}

async fn read_and_merge(context: &ImportContext<'_>) -> Result<()> {
    match read::run(context).await {
        Ok(ControlFlow::Continue) => {}
        Ok(ControlFlow::Cancelled) => return Ok(()),
        Err(error @ Error::Validation(_)) => {
            state::forget(context.db, context.spec.file_id).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    }
    if check::run(context).await? == ControlFlow::Cancelled {
        return Ok(());
    }
    let import = state::get(context.db, context.spec.file_id).await?;
    match import.stage {
        ImportStage::Refused => Err(refused(&import)),
        _ => merge::merge_parts(context, &import).await,
    }
}

fn refused(import: &ImportState) -> Error {
    let (rejected, entries) = (import.rejected, import.entries);
    Error::invalid(
        "file",
        format!(
            "{rejected} of {entries} entries were rejected, and all or nothing was asked for: nothing was imported"
        ),
    )
}
