//! Whole lists as CSV, a page at a time: memory stays the same however long the list is.

use super::{CsvWriter, ResourceRow, guard};
use crate::db::sql;
use crate::domain::Cloud;
use crate::domain::auth::{Actor, Role};
use crate::entities::resource;
use crate::error::{Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

/// Rows of a page.
const PAGE: u64 = 1000;

/// What to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportKind {
    /// Resources in the columns that an import reads.
    #[default]
    Resources,
    /// Virtual tags with their resource and their decision.
    Tags,
}

/// Which resources, or the tags of which resources. What is unset does not restrict; retired ones never show.
#[derive(Clone, Debug, Default)]
pub struct ExportFilter {
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
}

/// An export in progress. Every page is a query of its own, so the export shows no single moment: what changes
/// behind the cursor while it runs is not seen.
pub struct Export {
    db: DatabaseConnection,
    actor: Actor,
    kind: ExportKind,
    filter: ExportFilter,
    /// The last key that was written.
    after: i64,
    started: bool,
    ended: bool,
}

impl Export {
    /// Exports what exists for the actor, who must be a viewer at least. [`Error::BadInput`] for a filter with NUL.
    pub fn new(db: DatabaseConnection, actor: Actor, kind: ExportKind, filter: ExportFilter) -> Result<Self> {
        actor.require(Role::Viewer)?;
        let texts = [&filter.account_id, &filter.resource_type];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            let message = "the account and the resource type must not contain NUL characters";
            return Err(Error::BadInput(message.into()));
        }
        Ok(Self {
            db,
            actor,
            kind,
            filter,
            after: 0,
            started: false,
            ended: false,
        })
    }

    /// The next bytes of the file; none at its end. The first have the header, even of an empty list.
    pub async fn next_page(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let has_header = !std::mem::replace(&mut self.started, true);
        let (bytes, rows) = match self.kind {
            ExportKind::Resources => self.resources(has_header).await?,
            ExportKind::Tags => self.tags(has_header).await?,
        };
        self.ended = rows < PAGE;
        Ok(Some(bytes))
    }

    async fn resources(&mut self, has_header: bool) -> Result<(Vec<u8>, u64)> {
        use resource::Column as C;
        let filter = &self.filter;
        let rows = resource::find(&self.actor.scope)
            .filter(C::Id.gt(self.after))
            .filter(C::RetiredAt.is_null())
            .filter(
                sea_orm::Condition::all()
                    .add_option(filter.cloud.map(|cloud| C::Cloud.eq(cloud)))
                    .add_option(filter.account_id.as_deref().map(|id| C::AccountId.eq(id)))
                    .add_option(
                        filter
                            .resource_type
                            .as_deref()
                            .map(|kind| C::ResourceType.eq(kind)),
                    ),
            )
            .order_by_asc(C::Id)
            .limit(PAGE)
            .all(&self.db)
            .await?;
        let mut writer = if has_header {
            CsvWriter::new(Vec::new())
        } else {
            Ok(CsvWriter::resumed(Vec::new()))
        }
        .map_err(Error::internal)?;
        for row in &rows {
            let row = ResourceRow {
                cloud: row.cloud,
                account_id: &row.account_id,
                resource_type: &row.resource_type,
                resource_id: &row.resource_id,
                name: &row.name,
                region: row.region.as_deref(),
                created_at: Some(row.created_at),
                native_tags: &row.native_tags,
            };
            writer.write(&row).map_err(Error::internal)?;
        }
        self.after = rows.last().map_or(self.after, |row| row.id);
        Ok((writer.finish().map_err(Error::internal)?, rows.len() as u64))
    }

    async fn tags(&mut self, has_header: bool) -> Result<(Vec<u8>, u64)> {
        let cloud = self
            .filter
            .cloud
            .map(|cloud| sea_orm::ActiveEnum::to_value(&cloud));
        let values = [
            self.after.into(),
            (PAGE as i64).into(),
            self.actor.scope.as_bind().into(),
            cloud.into(),
            self.filter.account_id.clone().into(),
            self.filter.resource_type.clone().into(),
        ];
        let rows: Vec<TagRow> = sql::rows(&self.db, TAGS, values).await?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        if has_header {
            writer.write_record(TAG_COLUMNS).map_err(Error::internal)?;
        }
        for row in &rows {
            writer
                .write_record(row.cells().iter().map(|cell| guard(cell).into_owned()))
                .map_err(Error::internal)?;
        }
        self.after = rows.last().map_or(self.after, |row| row.id);
        let bytes = writer
            .into_inner()
            .map_err(|error| Error::internal(error.error()))?;
        Ok((bytes, rows.len() as u64))
    }
}

const TAG_COLUMNS: [&str; 14] = [
    "cloud",
    "account_id",
    "resource_type",
    "resource_id",
    "name",
    "tag_key",
    "tag_value",
    "source",
    "confidence",
    "auto_applied",
    "approval_status",
    "decided_by",
    "decided_at",
    "decision_reason",
];

const TAGS: &str = "SELECT t.id, t.cloud, t.account_id, t.resource_type, r.resource_id, r.name, t.tag_key,
        t.tag_value, t.source, t.confidence, t.auto_applied, t.approval_status, t.decided_by, t.decided_at,
        t.decision_reason
   FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
  WHERE t.id > $1 AND r.retired_at IS NULL
    AND ($3::text[] IS NULL OR t.account_id = ANY($3))
    AND ($4::text IS NULL OR t.cloud = $4)
    AND ($5::text IS NULL OR t.account_id = $5)
    AND ($6::text IS NULL OR t.resource_type = $6)
  ORDER BY t.id LIMIT $2";

#[derive(FromQueryResult)]
struct TagRow {
    id: i64,
    cloud: String,
    account_id: String,
    resource_type: String,
    resource_id: String,
    name: String,
    tag_key: String,
    tag_value: String,
    source: String,
    confidence: f64,
    auto_applied: bool,
    approval_status: String,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_reason: Option<String>,
}

impl TagRow {
    /// In the order of [`TAG_COLUMNS`].
    fn cells(&self) -> [String; 14] {
        let decided_at = self
            .decided_at
            .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        [
            self.cloud.clone(),
            self.account_id.clone(),
            self.resource_type.clone(),
            self.resource_id.clone(),
            self.name.clone(),
            self.tag_key.clone(),
            self.tag_value.clone(),
            self.source.clone(),
            self.confidence.to_string(),
            self.auto_applied.to_string(),
            self.approval_status.clone(),
            self.decided_by.clone().unwrap_or_default(),
            decided_at.unwrap_or_default(),
            self.decision_reason.clone().unwrap_or_default(),
        ]
    }
}
