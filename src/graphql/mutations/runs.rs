//! Mutations that request and control runs.

use crate::auth::AccountScope;
use crate::domain::evaluation::AutoTagJob;
use crate::domain::inventory::{confirm_retirement, request_discovery};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{FieldResult, ResolverError};
use crate::graphql::mutations::payload::payloads;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::job_run::JobRun;
use crate::runs::{self, Job, Run};
use async_graphql::{Context, InputObject, Object};

/// Input of `runDiscovery`.
#[derive(Default, InputObject)]
pub struct RunDiscoveryInput {
    /// Name of a single source; default: all sources.
    source: Option<String>,
}

/// Input of `confirmRetirement`.
#[derive(InputObject)]
pub struct ConfirmRetirementInput {
    /// Name of the provider whose withheld retirement is confirmed: of a source, or of one of its accounts.
    source: String,
    /// Reason, for the trail of administration.
    reason: Option<String>,
}

/// Input of `cancelRun`.
#[derive(InputObject)]
pub struct CancelRunInput {
    /// Global id.
    id: Id<JobRunKind>,
}

/// Input of `retryRun`.
#[derive(InputObject)]
pub struct RetryRunInput {
    /// Global id.
    id: Id<JobRunKind>,
}

payloads! {
    /// Payload of `runDiscovery`.
    RunDiscoveryPayload {
        /// Requested run, or the equal run that is queued already.
        run: JobRun, from Run
    }
    /// Payload of `confirmRetirement`.
    ConfirmRetirementPayload {
        /// Requested discovery of the source, or the equal run that is queued already.
        run: JobRun, from Run
    }
    /// Payload of `runAutoTagging`.
    RunAutoTaggingPayload {
        /// Requested run, or the equal run that is queued already.
        run: JobRun, from Run
    }
    /// Payload of `cancelRun`.
    CancelRunPayload {
        /// Run in the current state; null if the run cannot be cancelled.
        run: JobRun, from Run
    }
    /// Payload of `retryRun`.
    RetryRunPayload {
        /// Run in the current state; null if the run cannot be retried.
        run: JobRun, from Run
    }
}

/// Requests a run with the rights of the caller.
pub(super) async fn request(ctx: &Context<'_>, job: &impl Job) -> FieldResult<DomainResult<Run>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let requested = runs::request(&services.db, actor, job).await;
    Ok(requested.map(|requested| requested.run))
}

/// Reads a changed run with the rights of the caller, whose accounts may be fewer than when the run was requested.
async fn shown(ctx: &Context<'_>, changed: DomainResult<Run>) -> FieldResult<DomainResult<Run>> {
    let (actor, run) = match (ctx.actor()?, changed) {
        (actor, Ok(run)) if actor.scope != AccountScope::All => (actor, run),
        (_, changed) => return Ok(changed),
    };
    let found = runs::list::by_ids(ctx.reads()?, &actor.scope, vec![run.id]).await?;
    let gone = || ResolverError::New(Error::internal("a run has gone that was changed a moment ago"));
    Ok(Ok(found.into_iter().next().ok_or_else(gone)?))
}

/// Mutations that request and control runs.
#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Requests a discovery run, which reads the resources of the sources as soon as a worker is free. For approvers.
    async fn run_discovery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Source to discover.")] input: Option<RunDiscoveryInput>,
    ) -> FieldResult<RunDiscoveryPayload> {
        let source = input.unwrap_or_default().source;
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let requested = request_discovery(&services.db, actor, &services.sources, source).await;
        RunDiscoveryPayload::of(requested.map(|requested| requested.run))
    }

    /// Confirms that resources are retired that a source no longer reports and that are too many to be retired unasked, and
    /// requests a discovery of the source: its next report retires those of them that it still lacks. For admins with access
    /// to all accounts.
    async fn confirm_retirement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Retirement to confirm.")] input: ConfirmRetirementInput,
    ) -> FieldResult<ConfirmRetirementPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let ConfirmRetirementInput { source, reason } = input;
        let requested = confirm_retirement(&services.db, actor, &source, reason).await;
        ConfirmRetirementPayload::of(requested.map(|requested| requested.run))
    }

    /// Requests an auto-tagging run, which evaluates the due resources as soon as a worker is free. For approvers.
    async fn run_auto_tagging(&self, ctx: &Context<'_>) -> FieldResult<RunAutoTaggingPayload> {
        RunAutoTaggingPayload::of(request(ctx, &AutoTagJob {}).await?)
    }

    /// Cancels a run: a queued run immediately, a running one at the next checkpoint. For the requester, and for
    /// callers who may request such a run.
    async fn cancel_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Run to control.")] input: CancelRunInput,
    ) -> FieldResult<CancelRunPayload> {
        let services = ctx.services()?;
        let cancelled = runs::cancel(&services.db, &services.jobs, ctx.actor()?, input.id.0).await;
        CancelRunPayload::of(shown(ctx, cancelled).await?)
    }

    /// Queues a failed or cancelled run again; the progress is kept. From then on the run has the caller's name and
    /// accounts. For callers who may request such a run; callers limited to accounts may retry only their own bulk
    /// decisions.
    async fn retry_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Run to control.")] input: RetryRunInput,
    ) -> FieldResult<RetryRunPayload> {
        let services = ctx.services()?;
        let retried = runs::retry(&services.db, &services.jobs, ctx.actor()?, input.id.0).await;
        RetryRunPayload::of(shown(ctx, retried).await?)
    }
}
