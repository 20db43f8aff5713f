//! The job that imports an uploaded bill.

use super::bill_reader::{BillFile, BillPart, read_bills};
use super::import::CostImport;
use crate::auth::{Actor, Role};
use crate::config::UnpackLimits;
use crate::db::Begin;
use crate::domain::discovery::ReadOptions;
use crate::domain::imports;
use crate::domain::inventory::rejections;
use crate::entities::JobName;
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Job, Progress, RunHandle};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;

/// Rejected rows of one import that are stored; further ones are only counted.
const KEPT_REJECTIONS: u64 = 100_000;

/// The job that imports an uploaded bill. Each attempt starts over: nothing is changed before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCostJob {
    /// Key of the row in `import_files`.
    pub file_id: i64,
}

#[async_trait::async_trait]
impl Job for ImportCostJob {
    const NAME: JobName = JobName::ImportCost;
    const PRIORITY: i16 = 75;
    const TIME_LIMIT: Duration = Duration::from_hours(4);
    const ROLE: Role = Role::Approver;

    type Context = (DatabaseConnection, UnpackLimits);

    fn singleton_key(&self) -> String {
        format!("import_cost:{}", self.file_id)
    }

    /// [`Error::Validation`] for a file that was pruned, is no bill or cannot be read to its end; then nothing was changed.
    async fn run(self, (db, unpack): &Self::Context, run: &RunHandle) -> Result<()> {
        let txn = db.begin().await?;
        rejections::forget(&txn, run.run_id).await?;
        run.start_over(&txn).await?;
        txn.commit().await?;
        let (file, content, feeding) = imports::open(db, self.file_id).await?;
        let bill = BillFile {
            name: file.file_name.clone(),
            content: Box::new(content),
            reading: ReadOptions::within(*unpack),
        };
        let (parts, reading) = read_bills(vec![bill]);
        let (fed, staged) = tokio::join!(feeding, stage_parts(db, run, parts));
        let ended = reading.await.map_err(Error::internal)?;
        let (Some(import), ()) = (staged?, fed?) else {
            return Ok(());
        };
        if let Err((_, error)) = ended {
            import.abandon().await?;
            return Err(Error::invalid("file", error.to_string()));
        }
        let actor = Actor {
            subject: run.requested_by.clone(),
            ..Actor::system("import_cost")
        };
        import.finish(&actor, &file.file_name, Some(run)).await?;
        Ok(())
    }
}

/// Stages the parts; `None` if the run was cancelled. Owns the channel, so that the reader ends when this does.
async fn stage_parts(
    db: &DatabaseConnection,
    run: &RunHandle,
    mut parts: mpsc::Receiver<BillPart>,
) -> Result<Option<CostImport>> {
    let mut import = CostImport::begin(db).await?;
    let mut rejected = 0;
    while let Some(mut part) = parts.recv().await {
        rejected += part.rejected;
        let faults = std::mem::take(&mut part.faults);
        import.stage(part).await?;
        let txn = db.begin().await?;
        if rejected <= KEPT_REJECTIONS && !faults.is_empty() {
            rejections::keep(&txn, run.run_id, &faults).await?;
        }
        let flow = run.checkpoint(&txn, Progress::default()).await?;
        txn.commit().await?;
        if flow == ControlFlow::Cancelled {
            import.abandon().await?;
            return Ok(None);
        }
    }
    Ok(Some(import))
}
