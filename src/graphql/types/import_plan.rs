//! The types `ImportPlan` and `ImportSummary`.

use crate::domain::discovery::FileSummary;
use crate::domain::imports::Sample as SampleRow;
use crate::domain::{JobName, RunStatus};
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ImportActionEnum, ImportFormatEnum};
use crate::runs::Run;
use async_graphql::{Context, Object, SimpleObject};
use std::sync::Arc;

/// Plan of an import.
pub struct ImportPlan {
    inserted: i64,
    updated: i64,
    unchanged: i64,
    rejected: i64,
    samples: Option<Arc<Vec<SampleRow>>>,
    summary: Option<ImportSummary>,
}

impl ImportPlan {
    /// Reads the plan of a run that succeeded as a dry run.
    pub(super) async fn of(ctx: &Context<'_>, run: &Run) -> FieldResult<Option<Self>> {
        let is_plan = run.job_name == JobName::Import && run.arguments["dry_run"] == true;
        if !is_plan || run.status != RunStatus::Succeeded {
            return Ok(None);
        }
        let count = |name: &str| run.counts[name].as_i64().unwrap_or_default();
        Ok(Some(Self {
            inserted: count("inserted"),
            updated: count("updated"),
            unchanged: count("unchanged"),
            rejected: count("rejected"),
            samples: ctx.loaders()?.import_samples.load(run.id).await?,
            summary: ImportSummary::of(ctx, run).await?,
        }))
    }
}

/// Plan of an import: counts and samples of the changes.
#[Object]
impl ImportPlan {
    /// Number of rows to insert.
    async fn inserted(&self) -> i64 {
        self.inserted
    }

    /// Number of rows to update.
    async fn updated(&self) -> i64 {
        self.updated
    }

    /// Number of rows that stay unchanged.
    async fn unchanged(&self) -> i64 {
        self.unchanged
    }

    /// Number of rejected entries; the run's `rejections` have the reasons.
    async fn rejected(&self) -> i64 {
        self.rejected
    }

    /// Format of the file; null for a file of virtual tags, and for callers limited to some accounts.
    async fn format(&self) -> Option<ImportFormatEnum> {
        self.summary.as_ref().map(ImportSummary::file_format)
    }

    /// True if the file lists all resources of its accounts, as far as it tells; null as `format` is.
    async fn complete(&self) -> Option<bool> {
        self.summary.as_ref().map(|summary| summary.0.is_complete())
    }

    /// Reasons for which the file may lack resources of its accounts; empty if it is complete.
    async fn incomplete_reasons(&self) -> Vec<String> {
        let summary = self.summary.as_ref();
        summary
            .map(|summary| summary.0.incomplete_reasons())
            .unwrap_or_default()
    }

    /// Fields of a resource, each with its source in the file.
    async fn mapping(&self) -> Vec<ImportFieldSource<'_>> {
        self.summary
            .as_ref()
            .map(ImportSummary::field_sources)
            .unwrap_or_default()
    }

    /// Accounts of the file with their numbers of valid resources, in order of ids; the first 100.
    async fn accounts(&self) -> Vec<ImportAccount<'_>> {
        self.summary
            .as_ref()
            .map(ImportSummary::covered_accounts)
            .unwrap_or_default()
    }

    /// Samples, up to ten rows per action, in order of actions and lines; visible to callers with access to all
    /// accounts.
    async fn samples(&self) -> Vec<ImportSample<'_>> {
        self.samples
            .iter()
            .flat_map(|samples| samples.iter())
            .map(ImportSample)
            .collect()
    }
}

/// Accounts that a summary shows.
const SHOWN_ACCOUNTS: usize = 100;

/// Summary of a file that an import has read.
pub struct ImportSummary(Arc<FileSummary>);

impl ImportSummary {
    /// Reads the summary of a run that imports resources.
    pub(super) async fn of(ctx: &Context<'_>, run: &Run) -> FieldResult<Option<Self>> {
        if run.job_name != JobName::Import {
            return Ok(None);
        }
        Ok(ctx.loaders()?.import_summaries.load(run.id).await?.map(Self))
    }

    fn file_format(&self) -> ImportFormatEnum {
        self.0.format.into()
    }

    fn field_sources(&self) -> Vec<ImportFieldSource<'_>> {
        let mapping = self.0.mapping.iter();
        mapping
            .map(|(field, source)| ImportFieldSource { field, source })
            .collect()
    }

    fn covered_accounts(&self) -> Vec<ImportAccount<'_>> {
        let accounts = self.0.accounts.iter().take(SHOWN_ACCOUNTS);
        accounts
            .map(|(account_id, resources)| ImportAccount {
                account_id,
                resources: i64::try_from(*resources).unwrap_or(i64::MAX),
            })
            .collect()
    }
}

/// Summary of an imported file of resources: its format, its completeness, and the source of each field.
#[Object]
impl ImportSummary {
    /// Format of the file.
    async fn format(&self) -> ImportFormatEnum {
        self.file_format()
    }

    /// True if the file lists all resources of its accounts, as far as it tells.
    async fn complete(&self) -> bool {
        self.0.is_complete()
    }

    /// Reasons for which the file may lack resources of its accounts; empty if it is complete.
    async fn incomplete_reasons(&self) -> Vec<String> {
        self.0.incomplete_reasons()
    }

    /// Fields of a resource, each with its source in the file.
    async fn mapping(&self) -> Vec<ImportFieldSource<'_>> {
        self.field_sources()
    }

    /// Accounts of the file with their numbers of valid resources, in order of ids; the first 100.
    async fn accounts(&self) -> Vec<ImportAccount<'_>> {
        self.covered_accounts()
    }
}

/// Field of a resource, and its source in a file.
#[derive(SimpleObject)]
pub struct ImportFieldSource<'a> {
    /// Name of the field, as in CSV and JSON Lines of the service.
    field: &'a str,
    /// Source of the field in the file.
    source: &'a str,
}

/// Account of which a file has resources.
#[derive(SimpleObject)]
pub struct ImportAccount<'a> {
    /// Account, project or subscription.
    account_id: &'a str,
    /// Number of valid resources.
    resources: i64,
}

/// Row of the file.
pub struct ImportSample<'a>(&'a SampleRow);

/// Row of a file with the planned action.
#[Object]
impl ImportSample<'_> {
    /// Planned action.
    async fn action(&self) -> ImportActionEnum {
        self.0.action.into()
    }

    /// Line number, from 1.
    async fn line(&self) -> i64 {
        self.0.line
    }

    /// Provider's id of the resource.
    async fn resource_id(&self) -> &str {
        &self.0.resource_id
    }

    /// Changes by column; empty except for updates.
    async fn changes(&self) -> Vec<ImportChange<'_>> {
        let changes = self.0.changes.iter();
        changes
            .map(|change| ImportChange {
                column: &change.column,
                old_value: change.old.as_deref(),
                new_value: change.new.as_deref(),
            })
            .collect()
    }
}

/// Planned change of one column.
#[derive(SimpleObject)]
pub struct ImportChange<'a> {
    /// Name of the column; `tag:` and the key for a native tag.
    column: &'a str,
    /// Present value, truncated to 200 characters; null if absent.
    old_value: Option<&'a str>,
    /// New value, truncated to 200 characters; null if absent.
    new_value: Option<&'a str>,
}
