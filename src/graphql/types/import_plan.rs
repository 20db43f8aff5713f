//! The type `ImportPlan`.

use crate::domain::imports::Sample as SampleRow;
use crate::domain::{JobName, RunStatus};
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::ImportActionEnum;
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
