//! Asking a source for its resources: as a whole, or account by account.

use super::invented;
use super::reconciler::Reconciler;
use crate::config::RetirementLimit;
use crate::domain::discovery::{DiscoveryContext, Provider, ReportScope};
use crate::domain::sources::{self, AccountReport, Departed, ProviderReport};
use crate::entities::AccountCoverage;
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Progress, RunHandle};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use sea_orm::DatabaseConnection;
use std::sync::Arc;

/// Sources of resources, and what discovery works with.
#[derive(Clone)]
pub struct SourcesContext {
    pub db: DatabaseConnection,
    /// Sources that are asked, in this order.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Number of resources that a report may retire unasked.
    pub retirement: RetirementLimit,
}

/// Accounts of a source that are asked at the same time.
const ACCOUNTS_AT_ONCE: usize = 4;

/// Step that follows a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    Continue,
    Stop,
}

/// Source that a run asks.
struct Asking<'a> {
    context: &'a SourcesContext,
    run: &'a RunHandle,
    source_id: i64,
}

/// Asks a source for its resources. Of a source of many accounts each is asked by itself: one that fails is told, and keeps
/// neither the others nor the run from succeeding, unless all fail.
pub(super) async fn ask(
    context: &SourcesContext,
    run: &RunHandle,
    source: &Arc<dyn Provider>,
) -> Result<NextStep> {
    let db = &context.db;
    if source.is_invented() && invented::is_over(db, source.name()).await? {
        tracing::debug!(
            source = source.name(),
            "invented resources are not wanted any more"
        );
        return Ok(NextStep::Continue);
    }
    let source_id = sources::source_id(db, source.name()).await?;
    let asking = Asking {
        context,
        run,
        source_id,
    };
    let step = match source.sub_providers(&asking.discovery()).await {
        Ok(None) => asking.report(source).await?,
        Ok(Some(accounts)) => {
            sources::listing_failed(db, source_id, source.name(), None).await?;
            return asking.report_accounts(source, accounts).await;
        }
        Err(error) => {
            sources::listing_failed(db, source_id, source.name(), Some(error.to_string())).await?;
            return Err(Error::internal(error));
        }
    };
    if step == NextStep::Continue {
        sources::complete(db, source_id).await?;
    }
    Ok(step)
}

impl Asking<'_> {
    /// Context of the providers: the same in each attempt, so that a provider that invents resources invents the same ones.
    fn discovery(&self) -> DiscoveryContext {
        DiscoveryContext {
            tick: self.run.run_id.unsigned_abs(),
            now: self.run.asked_at,
        }
    }

    /// Reports each account by itself, some at a time.
    async fn report_accounts(
        &self,
        source: &Arc<dyn Provider>,
        accounts: Vec<Arc<dyn Provider>>,
    ) -> Result<NextStep> {
        let listed: Vec<String> = accounts.iter().map(|account| account.name().to_owned()).collect();
        let asked = accounts.len();
        let reports: Vec<BoxFuture<'_, Result<NextStep>>> = accounts
            .iter()
            .map(|account| self.report(account).boxed())
            .collect();
        let mut reports = stream::iter(reports).buffer_unordered(ACCOUNTS_AT_ONCE);
        let mut failures = Vec::new();
        while let Some(reported) = reports.next().await {
            match reported {
                Ok(NextStep::Continue) => {}
                Ok(NextStep::Stop) => return Ok(NextStep::Stop),
                Err(error) => {
                    self.run.require_rights(&self.context.db).await?;
                    tracing::warn!(source = source.name(), %error, "an account could not be read");
                    failures.push(error.to_string());
                }
            }
        }
        if failures.len() == asked {
            let name = source.name();
            return Err(Error::internal(match failures.first() {
                None => format!("{name}: lists no account"),
                Some(first) => format!("{name}: none of {asked} accounts could be read: {first}"),
            }));
        }
        if self.tell("failed_accounts", failures.len()).await? == NextStep::Stop {
            return Ok(NextStep::Stop);
        }
        if self.retire_departed(listed).await? == NextStep::Stop {
            return Ok(NextStep::Stop);
        }
        if failures.is_empty() {
            sources::complete(&self.context.db, self.source_id).await?;
        }
        Ok(NextStep::Continue)
    }

    async fn tell(&self, name: &'static str, count: usize) -> Result<NextStep> {
        if count == 0 {
            return Ok(NextStep::Continue);
        }
        let progress = Progress {
            counts: [(name, count as i64)].into(),
            ..Progress::default()
        };
        Ok(match self.run.checkpoint(&self.context.db, progress).await? {
            ControlFlow::Continue => NextStep::Continue,
            ControlFlow::Cancelled => NextStep::Stop,
        })
    }

    /// Takes the report of one provider, and records what came of it.
    async fn report(&self, provider: &Arc<dyn Provider>) -> Result<NextStep> {
        let db = &self.context.db;
        let confirmed = sources::confirmed(db, provider.name()).await?;
        let mut sink =
            Reconciler::new(db, provider.name(), Some(self.run)).limited(self.context.retirement, confirmed);
        let reported = provider.report(&self.discovery(), &mut sink).await;
        if sink.is_stopped() {
            return Ok(NextStep::Stop);
        }
        let finished = if provider.is_snapshot() && reported.is_ok() {
            sink.retire_missing().await.map(drop)
        } else {
            sink.finish().await
        };
        if sink.is_stopped() {
            return Ok(NextStep::Stop);
        }
        let error = reported.as_ref().err().map(ToString::to_string);
        let error = error.or_else(|| finished.as_ref().err().map(ToString::to_string));
        let report = ProviderReport {
            run_id: self.run.run_id,
            source_id: self.source_id,
            name: provider.name(),
            account_id: provider.account_id(),
            accounts: account_reports(provider.as_ref(), &sink, error.as_deref()),
            error,
            withheld: sink.take_withheld(),
        };
        sources::record(db, report).await?;
        reported.map_err(Error::internal)?;
        finished?;
        Ok(NextStep::Continue)
    }

    /// Retires the resources of accounts that the source does not list any more. More than a few wait for a person: an account
    /// also vanishes from a list when somebody takes the rights to see it.
    async fn retire_departed(&self, listed: Vec<String>) -> Result<NextStep> {
        let departed = sources::departed(&self.context.db, self.source_id, listed).await?;
        let resources: u64 = departed.iter().map(|each| each.resources.unsigned_abs()).sum();
        let few = self.context.retirement.few;
        let few = if resources > u64::from(few) { 0 } else { few };
        for provider in departed {
            let limit = RetirementLimit { percent: 0, few };
            if self.retire_provider(&provider, limit).await? == NextStep::Stop {
                return Ok(NextStep::Stop);
            }
        }
        Ok(NextStep::Continue)
    }

    async fn retire_provider(&self, provider: &Departed, limit: RetirementLimit) -> Result<NextStep> {
        let db = &self.context.db;
        let confirmed = sources::confirmed(db, &provider.name).await?;
        let mut sink = Reconciler::new(db, provider.name.as_str(), Some(self.run)).limited(limit, confirmed);
        sink.retire_missing().await?;
        if sink.is_stopped() {
            return Ok(NextStep::Stop);
        }
        let withheld = sink.take_withheld();
        if withheld.as_ref().is_none_or(|withheld| withheld.ids.is_empty()) {
            sources::leave(db, self.source_id, &provider.name).await?;
            return Ok(NextStep::Continue);
        }
        let reason = "the source no longer lists the account".to_owned();
        let account = provider.account_id.clone().map(|account_id| AccountReport {
            account_id,
            coverage: AccountCoverage::Failed,
            reasons: vec![reason.clone()],
            resource_count: 0,
        });
        let report = ProviderReport {
            run_id: self.run.run_id,
            source_id: self.source_id,
            name: &provider.name,
            account_id: provider.account_id.as_deref(),
            error: Some(reason),
            accounts: account.into_iter().collect(),
            withheld,
        };
        sources::record(db, report).await?;
        Ok(NextStep::Continue)
    }
}

/// Accounts of a report with their coverage. A report that failed covers only the account that it is known to be of.
fn account_reports(
    provider: &dyn Provider,
    sink: &Reconciler<'_>,
    error: Option<&str>,
) -> Vec<AccountReport> {
    let (mut counts, more) = sink.accounts();
    if let Some(account) = provider.account_id() {
        counts.entry(account.to_owned()).or_default();
    }
    if let Some(error) = error {
        let failed = counts
            .into_iter()
            .filter(|(id, _)| provider.account_id() == Some(id));
        let failed = failed.map(|(account_id, resource_count)| AccountReport {
            account_id,
            coverage: AccountCoverage::Failed,
            reasons: vec![error.to_owned()],
            resource_count,
        });
        return failed.collect();
    }
    if let ReportScope::Accounts(covered) = sink.scope_of_report() {
        for account in covered {
            counts.entry(account.clone()).or_default();
        }
    }
    let coverage = |account: &String| -> (AccountCoverage, Vec<String>) {
        match sink.scope_of_report() {
            _ if !provider.is_snapshot() => {
                let reason = "the source reports a part of its resources at a time";
                (AccountCoverage::Partial, vec![reason.to_owned()])
            }
            ReportScope::Accounts(covered) if !covered.contains(account) => {
                let reason = "the report does not list the account as a whole";
                (AccountCoverage::Partial, vec![reason.to_owned()])
            }
            ReportScope::Everything | ReportScope::Accounts(_) => (AccountCoverage::Complete, Vec::new()),
            ReportScope::TaggedOnly(reasons) => (AccountCoverage::TaggedOnly, reasons.clone()),
            ReportScope::Partial(reasons) => (AccountCoverage::Partial, reasons.clone()),
        }
    };
    let reports = counts.into_iter().map(|(account_id, resource_count)| {
        let (coverage, mut reasons) = coverage(&account_id);
        reasons.extend(more.clone());
        AccountReport {
            account_id,
            coverage,
            reasons,
            resource_count,
        }
    });
    reports.collect()
}
