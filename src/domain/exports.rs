//! Exports that callers ask for: lists with their whole filter, and the lines that a run rejected.

use crate::auth::{Actor, Role};
use crate::domain::approvals::tags::AnyTagFilter;
use crate::domain::csv::{Export, ExportRows};
use crate::domain::inventory::list::ResourceFilter;
use crate::entities::{import_rejection, resource};
use crate::error::Result;
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Export that a caller asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExportRequest {
    /// Resources of the filter.
    Resources(ResourceFilter),
    /// Resources of the filter with the tags that hold for them.
    EffectiveTags(ResourceFilter),
    /// Virtual tags of the filter.
    Tags {
        filter: AnyTagFilter,
        /// True to export the tags of retired resources, too.
        of_retired: bool,
    },
    /// Lines that this run rejected, as they were found.
    Rejections(i64),
}

impl ExportRequest {
    /// Name of the file.
    pub fn file_name(&self) -> &'static str {
        match self {
            Self::Resources(_) => "resources.csv",
            Self::EffectiveTags(_) => "effective-tags.csv",
            Self::Tags { .. } => "virtual-tags.csv",
            Self::Rejections(_) => "rejections.csv",
        }
    }

    /// Checks that the actor is a viewer at least and, for rejected lines, may see all accounts: a line may belong to any.
    pub fn require_rights(&self, actor: &Actor) -> Result<()> {
        actor.require(Role::Viewer)?;
        match self {
            Self::Rejections(_) => actor.require_all_accounts(),
            Self::Resources(_) | Self::EffectiveTags(_) | Self::Tags { .. } => Ok(()),
        }
    }

    /// Begins the export of what exists for the actor, page by page, each with one of `permits`.
    pub fn begin(&self, db: DatabaseConnection, permits: Arc<Semaphore>, actor: &Actor) -> Result<Export> {
        self.require_rights(actor)?;
        let rows = match self {
            Self::Resources(filter) => ExportRows::of_resources(filter.select(&actor.scope)),
            Self::EffectiveTags(filter) => ExportRows::of_effective_tags(filter.select(&actor.scope)),
            Self::Tags { filter, of_retired } => {
                let mut tags = filter.select(&actor.scope);
                if !of_retired {
                    tags = tags.filter(resource::Column::RetiredAt.is_null());
                }
                ExportRows::of_tags(tags)
            }
            Self::Rejections(run) => {
                let lines = import_rejection::find(&actor.scope);
                ExportRows::of_rejections(lines.filter(import_rejection::Column::RunId.eq(*run)))
            }
        };
        Ok(Export::begin(db, permits, actor, rows))
    }
}
