//! What a dry run of an import would do.

use crate::domain::imports::Sample as SampleRow;
use crate::domain::{JobName, RunStatus};
use crate::graphql::error::Result;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::ImportAction;
use crate::runs::Run;
use async_graphql::{Context, Object, SimpleObject};
use std::sync::Arc;

/// What an import would do.
pub struct ImportPlan {
    inserted: i64,
    updated: i64,
    unchanged: i64,
    rejected: i64,
    samples: Option<Arc<Vec<SampleRow>>>,
}

impl ImportPlan {
    /// The plan of a run that made one.
    pub(super) async fn of(ctx: &Context<'_>, run: &Run) -> Result<Option<Self>> {
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

/// What an import would do, in figures and by examples.
#[Object]
impl ImportPlan {
    /// Rows that it would make.
    async fn inserted(&self) -> i64 {
        self.inserted
    }

    /// Rows that it would change.
    async fn updated(&self) -> i64 {
        self.updated
    }

    /// Rows that are there as the file has them.
    async fn unchanged(&self) -> i64 {
        self.unchanged
    }

    /// Entries that it would refuse; `rejections` of the run says why.
    async fn rejected(&self) -> i64 {
        self.rejected
    }

    /// The first ten rows of each kind, in the order of actions and lines; shown to those who may see all accounts.
    async fn samples(&self) -> Vec<ImportSample<'_>> {
        self.samples
            .iter()
            .flat_map(|samples| samples.iter())
            .map(ImportSample)
            .collect()
    }
}

/// A row of the file.
pub struct ImportSample<'a>(&'a SampleRow);

/// A row of a file, and what an import would do with it.
#[Object]
impl ImportSample<'_> {
    /// What would be done.
    async fn action(&self) -> ImportAction {
        self.0.action.into()
    }

    /// The line, from 1.
    async fn line(&self) -> i64 {
        self.0.line
    }

    /// The cloud's own id of the resource.
    async fn resource_id(&self) -> &str {
        &self.0.resource_id
    }

    /// What would change, column by column; empty but for updates.
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

/// What an import would change in a column.
#[derive(SimpleObject)]
pub struct ImportChange<'a> {
    /// The column; `tag:` and the key for one of the native tags.
    column: &'a str,
    /// What is there, cut to 200 characters; null when there is nothing.
    old_value: Option<&'a str>,
    /// What would be there, cut to 200 characters; null when there would be nothing.
    new_value: Option<&'a str>,
}
