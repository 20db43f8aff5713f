//! Discovery: makes the inventory equal to what the providers report.

use super::JobContext;
use crate::domain::cluster_stats;
use crate::domain::discovery::{DiscoveryContext, Provider};
use crate::domain::inventory::{Reconciler, rejections};
use crate::error::{Error, Result};
use crate::runs::RunHandle;
use std::sync::Arc;

/// Asks one provider, or all. One that fails does not keep the others from reporting; the run then fails as a whole,
/// and is tried again: repeating a report changes nothing.
pub(super) async fn run(context: &JobContext, run: &RunHandle, source: Option<&str>) -> Result<()> {
    let providers = &context.providers;
    let asked: Vec<_> = providers
        .iter()
        .filter(|provider| source.is_none_or(|source| source == provider.name()))
        .collect();
    if let Some(source) = source
        && asked.is_empty()
    {
        return Err(Error::not_found(
            "source",
            format!("source {source:?} among the configured ones"),
        ));
    }
    run.start_over(&context.db).await?;
    rejections::forget(&context.db, run.run_id).await?;
    rejections::forget_old(&context.db).await?;
    let mut failures = Vec::new();
    for provider in asked {
        match report(context, run, provider).await {
            Ok(Next::Provider) => {}
            Ok(Next::Stop) => return Ok(()),
            Err(error) => {
                run.require_rights(&context.db).await?;
                failures.push(error.to_string());
            }
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(Error::internal(failures.join("; ")))
}

enum Next {
    Provider,
    Stop,
}

async fn report(context: &JobContext, run: &RunHandle, provider: &Arc<dyn Provider>) -> Result<Next> {
    // The same in each attempt, so that a provider that invents resources invents the same ones.
    let discovery = DiscoveryContext {
        tick: run.run_id.unsigned_abs(),
        now: run.asked_at,
    };
    let mut sink = Reconciler::new(&context.db, provider.name(), Some(run));
    let reported = provider.report(&discovery, &mut sink).await;
    if sink.is_stopped() {
        return Ok(Next::Stop);
    }
    let finished = if provider.is_snapshot() && reported.is_ok() {
        sink.retire_missing().await.map(drop)
    } else {
        sink.finish().await
    };
    reported.map_err(Error::internal)?;
    finished?;
    if sink.is_stopped() {
        return Ok(Next::Stop);
    }
    cluster_stats::record_discovery(&context.db, provider.name()).await?;
    Ok(Next::Provider)
}
