//! The job that mines suggestions from what holds in the inventory.

use super::index::SuggestionCache;
use super::{state, store};
use crate::auth::Role;
use crate::db::{Begin, Transaction};
use crate::domain::evaluation::EngineSettings;
use crate::entities::JobName;
use crate::error::Result;
use crate::runs::{Job, Progress, RunHandle};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The job that mines suggestions. It follows evaluations that changed something, and decisions on suggestions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MineSuggestionsJob {}

/// Context of the job.
#[derive(Clone)]
pub struct MiningContext {
    /// The database.
    pub db: DatabaseConnection,
    /// Settings of the engine, for the vocabulary.
    pub engine: EngineSettings,
    /// Index of the last run in this process.
    pub cache: SuggestionCache,
}

#[async_trait::async_trait]
impl Job for MineSuggestionsJob {
    const NAME: JobName = JobName::MineSuggestions;
    // After evaluations, which it is to see.
    const PRIORITY: i16 = -10;
    const TIME_LIMIT: Duration = Duration::from_hours(1);
    const ROLE: Role = Role::Approver;

    type Context = MiningContext;

    fn exclusive_key(&self) -> Option<String> {
        Some(self.singleton_key())
    }

    async fn is_due(txn: &Transaction) -> Result<bool> {
        let state = state::current(txn).await?;
        Ok(state.mined < state.changes)
    }

    async fn run(self, context: &MiningContext, run: &RunHandle) -> Result<()> {
        let db = &context.db;
        let changes = state::current(db).await?.changes;
        let (known, decided) = store::decided(db).await?;
        let mined = context
            .cache
            .mine(db, &context.engine.vocabulary(), decided)
            .await?;
        let found = mined.len() as i64;
        let txn = db.begin().await?;
        store::replace(&txn, mined, known).await?;
        state::note_mined(&txn, changes).await?;
        let progress = Progress {
            done_delta: 1,
            total: Some(1),
            counts: [("suggestions", found)].into(),
        };
        // It is done, whatever the answer is.
        let _flow = run.checkpoint(&txn, progress).await?;
        txn.commit().await?;
        Ok(())
    }
}
