//! Asking for runs, steering them, and pausing schedules.

use crate::auth::AccountScope;
use crate::domain::evaluation::AutoTagJob;
use crate::domain::imports::{self, ImportSpec};
use crate::domain::inventory::request_discovery;
use crate::domain::schedules;
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{ResolverError, Result};
use crate::graphql::mutations::payload::{
    CancelRunPayload, ImportInventoryPayload, ImportVirtualTagsPayload, RetryRunPayload,
    RunAutoTaggingPayload, RunDiscoveryPayload, TriggerSchedulePayload,
};
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ImportMode, ImportedTagStatus, JobName};
use crate::graphql::types::schedule::Schedule;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use crate::runs::{self, Job, Run, ScheduleEdit};
use async_graphql::{Context, InputObject, Object, SimpleObject, Upload};
use tokio::io::AsyncSeekExt;

/// What to discover.
#[derive(Default, InputObject)]
pub struct RunDiscoveryInput {
    /// The one source to ask; all when left out.
    source: Option<String>,
}

/// A run.
#[derive(InputObject)]
pub struct CancelRunInput {
    /// The global id.
    id: Id<JobRunKind>,
}

/// A run.
#[derive(InputObject)]
pub struct RetryRunInput {
    /// The global id.
    id: Id<JobRunKind>,
}

/// The schedule to pause.
#[derive(InputObject)]
pub struct PauseScheduleInput {
    /// The job.
    job_name: JobName,
}

/// The schedule to resume.
#[derive(InputObject)]
pub struct ResumeScheduleInput {
    /// The job.
    job_name: JobName,
}

/// What to change of a schedule; what is left out stays.
#[derive(InputObject)]
pub struct UpdateScheduleInput {
    /// The job.
    job_name: JobName,
    /// A cron expression of five fields (minute, hour, day of month, month, weekday), or six with seconds first.
    cron: Option<String>,
    /// The time zone whose clock the expression reads: UTC, Europe/Berlin.
    time_zone: Option<String>,
}

/// The schedule whose job is to run now.
#[derive(InputObject)]
pub struct TriggerScheduleInput {
    /// The job.
    job_name: JobName,
}

/// A file with resources.
#[derive(InputObject)]
pub struct ImportInventoryInput {
    /// CSV or JSON Lines, plain or gzip; sent as the GraphQL multipart request specification says.
    file: Upload,
    /// Whether to say only what would change: see `importPlan` of the run.
    #[graphql(default)]
    dry_run: bool,
    /// What a rejected entry means for the others.
    #[graphql(default)]
    mode: ImportMode,
}

/// A file with virtual tags.
#[derive(InputObject)]
pub struct ImportVirtualTagsInput {
    /// CSV, plain or gzip, with the columns `resource_id` (the cloud's own id), `tag_key` and `tag_value`, and
    /// optionally `approval_status` and `decision_reason`; others are not read, so that an export of tags can be sent
    /// as it is.
    file: Upload,
    /// What tags become whose row does not say it in `approval_status`. Rows that say `DENIED` or `SUPERSEDED` change
    /// nothing.
    status: ImportedTagStatus,
    /// Whether to say only what would change: see `importPlan` of the run.
    #[graphql(default)]
    dry_run: bool,
    /// What a rejected entry means for the others.
    #[graphql(default)]
    mode: ImportMode,
}

/// What came of `pauseSchedule`.
#[derive(SimpleObject)]
pub struct PauseSchedulePayload {
    /// The schedule as it is now; null when the job has none.
    schedule: Option<Schedule>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of `resumeSchedule`.
#[derive(SimpleObject)]
pub struct ResumeSchedulePayload {
    /// The schedule as it is now; null when the job has none.
    schedule: Option<Schedule>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of `updateSchedule`.
#[derive(SimpleObject)]
pub struct UpdateSchedulePayload {
    /// The schedule as it is now; null when nothing was changed.
    schedule: Option<Schedule>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn request(ctx: &Context<'_>, job: &impl Job) -> Result<DomainResult<Run>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let requested = runs::request(&services.db, actor, job).await;
    Ok(requested.map(|requested| requested.run))
}

/// A run that was changed, as it is shown to the caller: one that asked for it may see fewer accounts by now.
async fn shown(ctx: &Context<'_>, changed: DomainResult<Run>) -> Result<DomainResult<Run>> {
    let (actor, run) = match (ctx.actor()?, changed) {
        (actor, Ok(run)) if actor.scope != AccountScope::All => (actor, run),
        (_, changed) => return Ok(changed),
    };
    let found = runs::list::by_ids(ctx.reads()?, &actor.scope, vec![run.id]).await?;
    let gone = || ResolverError::New(Error::internal("a run has gone that was changed a moment ago"));
    Ok(Ok(found.into_iter().next().ok_or_else(gone)?))
}

async fn store(ctx: &Context<'_>, file: &Upload) -> Result<DomainResult<imports::ImportFile>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let upload = file
        .value(ctx)
        .map_err(|error| ResolverError::New(Error::internal(error)))?;
    let mut content = tokio::fs::File::from_std(upload.content);
    // Another field may have read the same file to its end: they share where it is read.
    let rewound = content.rewind().await;
    rewound.map_err(|error| ResolverError::New(Error::internal(format!("reading an upload: {error}"))))?;
    Ok(imports::store(&services.db, actor, &upload.filename, content).await)
}

/// Asking for runs and steering them.
#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Asks the sources for their resources as soon as a worker is free. For approvers.
    async fn run_discovery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to discover.")] input: Option<RunDiscoveryInput>,
    ) -> Result<RunDiscoveryPayload> {
        let source = input.unwrap_or_default().source;
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let requested = request_discovery(&services.db, actor, &services.sources, source).await;
        RunDiscoveryPayload::of(requested.map(|requested| requested.run))
    }

    /// Evaluates the resources that are due as soon as a worker is free. For approvers.
    async fn run_auto_tagging(&self, ctx: &Context<'_>) -> Result<RunAutoTaggingPayload> {
        RunAutoTaggingPayload::of(request(ctx, &AutoTagJob {}).await?)
    }

    /// Imports a file of resources as a run, which says for each line that it refuses why. For approvers.
    async fn import_inventory(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: ImportInventoryInput,
    ) -> Result<ImportInventoryPayload> {
        let file_id = match store(ctx, &input.file).await? {
            Ok(file) => file.id,
            Err(error) => return ImportInventoryPayload::of(Err(error)),
        };
        let spec = ImportSpec {
            dry_run: input.dry_run,
            mode: input.mode.into(),
            ..ImportSpec::new(file_id)
        };
        ImportInventoryPayload::of(request(ctx, &spec).await?)
    }

    /// Imports a file of virtual tags as a run, which says for each line that it refuses why. A tag that holds already, or
    /// was denied and is to be pending, stays as it is. For approvers.
    async fn import_virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: ImportVirtualTagsInput,
    ) -> Result<ImportVirtualTagsPayload> {
        let file_id = match store(ctx, &input.file).await? {
            Ok(file) => file.id,
            Err(error) => return ImportVirtualTagsPayload::of(Err(error)),
        };
        let spec = ImportSpec {
            dry_run: input.dry_run,
            mode: input.mode.into(),
            tags: Some(input.status.into()),
            ..ImportSpec::new(file_id)
        };
        ImportVirtualTagsPayload::of(request(ctx, &spec).await?)
    }

    /// Cancels a run: a waiting one at once, a running one at its next checkpoint. For whoever asked for it, and for those
    /// who may ask for such a run.
    async fn cancel_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run.")] input: CancelRunInput,
    ) -> Result<CancelRunPayload> {
        let services = ctx.services()?;
        let cancelled = runs::cancel(&services.db, &services.jobs, ctx.actor()?, input.id.0).await;
        CancelRunPayload::of(shown(ctx, cancelled).await?)
    }

    /// Queues a failed or cancelled run again; its progress stands. From then on the run works in the caller's name, and
    /// within the caller's accounts. For those who may ask for such a run; who is limited to accounts may try
    /// decisions again that they asked for themselves.
    async fn retry_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run.")] input: RetryRunInput,
    ) -> Result<RetryRunPayload> {
        let services = ctx.services()?;
        let retried = runs::retry(&services.db, &services.jobs, ctx.actor()?, input.id.0).await;
        RetryRunPayload::of(shown(ctx, retried).await?)
    }

    /// Stops a schedule until it is resumed; runs under way go on. For admins.
    async fn pause_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: PauseScheduleInput,
    ) -> Result<PauseSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let paused = schedules::pause(&services.db, &*services.clock, actor, input.job_name.into()).await;
        let (row, user_errors) = split_user_errors(paused)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(PauseSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Lets a schedule tick again; what it missed is not made up for. For admins.
    async fn resume_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: ResumeScheduleInput,
    ) -> Result<ResumeSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let resumed = schedules::resume(&services.db, &*services.clock, actor, input.job_name.into()).await;
        let (row, user_errors) = split_user_errors(resumed)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(ResumeSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Has a job run at other times, from now on. It stays so until the configuration says something new. For admins.
    async fn update_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which schedule, and what to change.")] input: UpdateScheduleInput,
    ) -> Result<UpdateSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let edit = ScheduleEdit {
            cron: input.cron,
            time_zone: input.time_zone,
        };
        let job = input.job_name.into();
        let updated = schedules::update(&services.db, &*services.clock, actor, job, edit).await;
        let (row, user_errors) = split_user_errors(updated)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(UpdateSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Runs a schedule's job as soon as a worker is free, even while the schedule is paused; its next tick stays. For
    /// those who may ask for such a run.
    async fn trigger_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: TriggerScheduleInput,
    ) -> Result<TriggerSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let job = input.job_name.into();
        let requested = runs::trigger(&services.db, &services.jobs, actor, job).await;
        TriggerSchedulePayload::of(requested.map(|requested| requested.run))
    }
}
