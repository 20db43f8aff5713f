//! Imports of uploaded files, in two phases.
//!
//! **Reading**: one worker streams the file, refuses what is wrong by itself, and copies the rest into staging tables,
//! a part at a time, each in a transaction of its own. **Checking** follows, set-based: what only shows beside other
//! rows, such as duplicates. **Merging** takes the parts into the inventory, in one transaction each; any worker of any
//! replica may join in. A kill costs one part, in either phase; how far the import is stands in the table `imports`.

mod check;
mod copy;
mod files;
mod merge;
mod plan;
mod read;
mod state;
mod tag_reader;

pub use files::{ImportFile, authorize, prune, prune_staged, store};
pub use plan::{Change, Sample, SampleAction, samples};

use crate::config::UnpackLimits;
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, JobNotifier, RunHandle};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use state::{Import, Stage};

/// What is to be imported, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSpec {
    /// The row in `import_files`.
    pub file_id: i64,
    /// Say what would change, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// What a rejected entry means for the others.
    #[serde(default)]
    pub mode: ImportMode,
    /// What the file's tags become unless it says so itself; `None` for a file of resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagStatus>,
}

impl ImportSpec {
    /// All good rows of a file of resources.
    pub fn new(file_id: i64) -> Self {
        Self {
            file_id,
            dry_run: false,
            mode: ImportMode::default(),
            tags: None,
        }
    }
}

/// What a rejected entry means for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Nothing: they are imported.
    #[default]
    GoodRows,
    /// Nothing is imported when one is rejected.
    AllOrNothing,
}

/// What an imported tag becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TagStatus {
    /// It waits for a decision.
    Pending,
    /// It holds at once.
    Approved,
}

/// What an import works with.
struct Work<'a> {
    db: &'a DatabaseConnection,
    wake: &'a dyn JobNotifier,
    run: &'a RunHandle,
    spec: ImportSpec,
    unpack: UnpackLimits,
}

/// Imports a file, or helps the run that does. Goes on where an earlier attempt stopped.
///
/// [`Error::Validation`] for a file that was pruned, that cannot be read to its end, or of which an entry was rejected
/// where all were wanted or none; then nothing was imported.
pub async fn run(
    db: &DatabaseConnection,
    wake: &dyn JobNotifier,
    run: &RunHandle,
    spec: ImportSpec,
    unpack: UnpackLimits,
) -> Result<()> {
    let work = Work {
        db,
        wake,
        run,
        spec,
        unpack,
    };
    let import = state::open(&work).await?;
    match import.stage {
        Stage::Done => Ok(()),
        Stage::Refused => Err(refused(&import)),
        Stage::Merging => merge::work_off(&work, &import).await,
        // Nothing to share yet.
        Stage::Reading if import.run_id != run.run_id => Ok(()),
        Stage::Reading => read_and_merge(&work).await,
    }
}

async fn read_and_merge(work: &Work<'_>) -> Result<()> {
    match read::run(work).await {
        Ok(ControlFlow::Continue) => {}
        Ok(ControlFlow::Cancelled) => return Ok(()),
        Err(error @ Error::Validation(_)) => {
            state::forget(work.db, work.spec.file_id).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    }
    if check::run(work).await? == ControlFlow::Cancelled {
        return Ok(());
    }
    let import = state::get(work.db, work.spec.file_id).await?;
    match import.stage {
        Stage::Refused => Err(refused(&import)),
        _ => merge::work_off(work, &import).await,
    }
}

fn refused(import: &Import) -> Error {
    let (rejected, entries) = (import.rejected, import.entries);
    Error::invalid(
        "file",
        format!(
            "{rejected} of {entries} entries were rejected, and all or nothing was asked for: nothing was imported"
        ),
    )
}
