//! The jobs of the service. A new one is added here, and only here.

use super::context::JobContext;
use crate::domain::approvals::DecideJob;
use crate::domain::audit::seal::SealJob;
use crate::domain::cost::ImportCostJob;
use crate::domain::coverage::SnapshotCoverageJob;
use crate::domain::evaluation::AutoTagJob;
use crate::domain::imports::ImportSpec;
use crate::domain::inventory::{DiscoverJob, SourcesContext};
use crate::domain::maintenance::{MaintainJob, MaintenanceContext};
use crate::domain::models::TrainModelJob;
use crate::domain::suggestions::{MineSuggestionsJob, MiningContext};
use crate::runs::{JobDefinitions, JobRegistry};

/// Each job, with what it works with.
pub(super) fn registry() -> JobRegistry<JobContext> {
    JobRegistry::<JobContext>::default()
        .register::<DiscoverJob>(|context| SourcesContext {
            db: context.db.clone(),
            providers: context.providers.clone(),
            retirement: context.retirement,
        })
        .register::<AutoTagJob>(|context| (context.db.clone(), context.engine.clone()))
        .register::<MineSuggestionsJob>(|context| MiningContext {
            db: context.db.clone(),
            engine: context.engine.clone(),
            cache: context.suggestions.clone(),
        })
        .register::<ImportSpec>(|context| (context.db.clone(), context.unpack, context.engine.live.clone()))
        .register::<ImportCostJob>(|context| (context.db.clone(), context.unpack))
        .register::<DecideJob>(|context| context.db.clone())
        .register::<SealJob>(|context| context.db.clone())
        .register::<MaintainJob>(|context| MaintenanceContext {
            db: context.db.clone(),
            clock: context.clock.clone(),
            history: context.run_history,
            audit_retention: context.audit_retention,
            pinned_model: context.engine.pinned_model.clone(),
        })
        .register::<TrainModelJob>(|context| (context.db.clone(), context.engine.clone()))
        .register::<SnapshotCoverageJob>(|context| {
            (context.db.clone(), context.engine.clone(), context.clock.clone())
        })
}

/// The jobs, for those who ask for runs and steer them.
pub fn definitions() -> JobDefinitions {
    registry().definitions()
}
