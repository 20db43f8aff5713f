//! Limits on evaluations that callers wait for: a few at a time in all, and fewer for one caller.

use super::engine::{EngineSettings, load_engine};
use crate::auth::Actor;
use crate::domain::revision;
use crate::error::{Error, Problem, ProblemCode, Result};
use parking_lot::Mutex;
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;
use tagging::{Engine, EstateModel, Vocabulary};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Evaluations at the same time; others wait.
const MAX_CONCURRENT: usize = 2;
/// Evaluations of one caller, waiting ones among them; one more is refused.
const MAX_PER_CALLER: usize = 4;

/// The evaluations that callers wait for, in this process.
pub struct DryRuns {
    /// Pool with access to all rows: engines are the same for all callers, whatever these may read.
    db: DatabaseConnection,
    permits: Semaphore,
    /// Number of each caller's.
    callers: Mutex<HashMap<String, usize>>,
    /// The engine that was loaded last, and its generation: with many rules, compiling them is most of the work.
    engine: tokio::sync::Mutex<Option<(i64, Arc<Engine>)>>,
}

/// Permit of one evaluation; given back when it is dropped.
pub(crate) struct DryRunPermit<'a> {
    runs: &'a DryRuns,
    caller: String,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for DryRunPermit<'_> {
    fn drop(&mut self) {
        let mut callers = self.runs.callers.lock();
        if let Some(count) = callers.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                callers.remove(&self.caller);
            }
        }
    }
}

impl DryRuns {
    /// No evaluations yet, with engines of this database.
    pub fn new(db: DatabaseConnection) -> Self {
        Self {
            db,
            permits: Semaphore::new(MAX_CONCURRENT),
            callers: Mutex::default(),
            engine: tokio::sync::Mutex::default(),
        }
    }

    /// Waits for a permit. [`Error::Validation`] when the actor has as many as one may have.
    pub(crate) async fn acquire(&self, actor: &Actor) -> Result<DryRunPermit<'_>> {
        {
            let mut callers = self.callers.lock();
            let count = callers.entry(actor.subject.clone()).or_default();
            if *count >= MAX_PER_CALLER {
                let message =
                    format!("{MAX_PER_CALLER} evaluations of yours are under way; wait for one to end");
                return Err(Error::Validation(vec![Problem::new(
                    ProblemCode::TooMany,
                    message,
                )]));
            }
            *count += 1;
        }
        let mut permit = DryRunPermit {
            runs: self,
            caller: actor.subject.clone(),
            permit: None,
        };
        permit.permit = Some(self.permits.acquire().await.map_err(Error::internal)?);
        Ok(permit)
    }

    /// The engine with the present rules.
    pub(crate) async fn engine(&self, settings: &EngineSettings) -> Result<Arc<Engine>> {
        let mut kept = self.engine.lock().await;
        let present = revision::current(&self.db).await?.generation;
        if let Some((generation, engine)) = &*kept
            && *generation == present
        {
            return Ok(Arc::clone(engine));
        }
        let loaded = load_engine(&self.db, settings).await?;
        *kept = Some((loaded.generation, Arc::clone(&loaded.engine)));
        Ok(loaded.engine)
    }

    /// The present vocabulary, and the model in use.
    pub(super) async fn learned(
        &self,
        settings: &EngineSettings,
    ) -> Result<(Arc<Vocabulary>, Option<Arc<EstateModel>>)> {
        let vocabulary = Arc::clone(&settings.live.refresh(&self.db).await?.vocabulary);
        let pinned = settings.pinned_model.as_deref();
        let learned = settings.models.load(&self.db, pinned, &vocabulary).await?;
        Ok((vocabulary, learned.model))
    }
}
