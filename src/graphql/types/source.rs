//! The types `Source`, `SourceAccount`, `SourceError` and `WithheldRetirement`.

use crate::domain::AccountCoverage;
use crate::domain::sources::{
    AccountsOf, ConfiguredSource, SourceAccount as SourceAccountRow, SourceFault, WithheldRetirement,
};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::state::ContextExt;
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::{db_enum, row_object};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;

db_enum! {
    /// Part of an account's resources that a report of a source lists.
    pub enum AccountCoverageEnum("AccountCoverage") mirrors AccountCoverage {
        /// All resources.
        Complete,
        /// Resources that have or had tags.
        TaggedOnly,
        /// Some resources; the reasons say which may be missing.
        Partial,
        /// The account could not be read; none of its resources is retired.
        Failed,
    }
}

row_object! {
    /// Account, as the report of a source covers it.
    pub struct SourceAccount("SourceAccount") of SourceAccountRow {
        /// Account, project or subscription.
        account_id: &str,
        /// Name of the provider of the account, which its resources have as `discoveredBy`.
        provider: &str,
        /// Part of the account's resources that the report lists.
        coverage: AccountCoverageEnum,
        /// Number of valid resources that were reported.
        resource_count: i64,
        /// Time of the report.
        reported_at: DateTime<Utc>,
    }

    /// Reasons for which resources may be missing; empty for a complete account.
    async fn reasons(&self) -> &[String] {
        &self.0.reasons
    }
}

/// Source with its row.
pub struct Source(pub ConfiguredSource);

/// Source of resources, as configured.
#[Object]
impl Source {
    /// Name: the value of the configuration.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Time of the last report without a fault, of all accounts; null if there was none.
    async fn last_sync_at(&self) -> Option<DateTime<Utc>> {
        self.0.reported_at
    }

    /// Time of the next scheduled discovery; null while the schedule is paused, or without one.
    async fn next_run_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_run_at
    }

    /// Faults of the last attempts, of the source or of its accounts; the first 100. Visible to callers with access to all
    /// accounts.
    async fn errors(&self) -> Vec<SourceErrorObject> {
        self.0.errors.iter().cloned().map(Into::into).collect()
    }

    /// Resources that are no longer reported and that are retired only when `confirmRetirement` says so, because they are
    /// too many; the first 100 providers. Visible to callers with access to all accounts.
    async fn withheld_retirements(&self) -> Vec<WithheldRetirementObject> {
        self.0
            .withheld
            .iter()
            .cloned()
            .map(WithheldRetirementObject)
            .collect()
    }

    /// Accounts of the source, each as its last report covers it.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<SourceAccount>> {
        let args = PageArgs::new(first, after, last, before);
        // A source that was never asked has no row, and no accounts.
        let parent = self.0.id.unwrap_or_default();
        let accounts = &ctx.loaders()?.source_accounts;
        accounts
            .connection(ctx, parent, AccountsOf::Sources, args, || (), None)
            .await
    }
}

/// Fault of the last attempt to read a source, or one of its accounts.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "SourceError")]
pub struct SourceErrorObject {
    /// Name of the provider: of the source, or of one of its accounts.
    provider: String,
    /// Account; null if the fault is not of one account.
    account_id: Option<String>,
    /// Description of the fault.
    message: String,
    /// Time of the attempt.
    attempted_at: DateTime<Utc>,
}

impl From<SourceFault> for SourceErrorObject {
    fn from(fault: SourceFault) -> Self {
        Self {
            provider: fault.provider,
            account_id: fault.account_id,
            message: fault.message,
            attempted_at: fault.attempted_at,
        }
    }
}

/// Retirement with its row.
pub struct WithheldRetirementObject(WithheldRetirement);

/// Resources that a source no longer reports, and that are not retired before a person confirms it.
#[Object(name = "WithheldRetirement")]
impl WithheldRetirementObject {
    /// Name of the provider, by which `confirmRetirement` confirms it: of the source, or of one of its accounts.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// Account; null if the provider is not of one account.
    async fn account_id(&self) -> Option<&str> {
        self.0.account_id.as_deref()
    }

    /// Number of the resources.
    async fn resource_count(&self) -> i64 {
        self.0.resource_count
    }

    /// Number of resources that the provider had before the report.
    async fn known_count(&self) -> i64 {
        self.0.known_count
    }

    /// Time of the first report that lacked them.
    async fn withheld_at(&self) -> DateTime<Utc> {
        self.0.withheld_at
    }

    /// Actor who confirmed it; the next report retires those of the resources that it still lacks.
    async fn confirmed_by(&self) -> Option<&str> {
        self.0.confirmed_by.as_deref()
    }

    /// Time of the confirmation.
    async fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.0.confirmed_at
    }

    /// First of the resources, at most 100.
    async fn samples(&self, ctx: &Context<'_>) -> FieldResult<Vec<Resource>> {
        let loaders = ctx.loaders()?;
        let columns = projection::resource(ctx);
        let samples = self
            .0
            .samples
            .iter()
            .map(|id| loaders.resources.load((*id, columns)));
        let samples = try_join_all(samples).await?;
        Ok(samples.into_iter().flatten().map(Into::into).collect())
    }
}
