//! CSV exports of whole lists, a page at a time: memory is constant whatever the length of the list and its rows, and a
//! client that reads slowly holds no connection and no snapshot. Permits bound the pages that all exports together make
//! at the same time.

use super::layout::{self, CsvLayout};
use crate::auth::{Actor, with_account_scope};
use crate::entities::{AccountScope, import_rejection, resource, virtual_tag};
use crate::error::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, JoinType, QueryResult, QuerySelect,
    QueryTrait, RelationTrait, Select, Statement,
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

/// Rows of the first page, and minimum of any page.
const MIN_PAGE_ROWS: usize = 200;
/// Maximum of rows of a page.
const MAX_PAGE_ROWS: usize = 2_000;
/// Bytes of a page to aim at.
const TARGET_PAGE_BYTES: usize = 512 << 10;

/// Tags that hold, by canonical keys: of a key an approved value comes before one that was applied, and that before the one
/// that the resource's own tags stated when it was evaluated last.
const EFFECTIVE_TAGS: &str = "(
    coalesce((SELECT e.stated FROM evaluations e WHERE e.resource_id = resources.id), '{}') || coalesce(
        (SELECT jsonb_object_agg(v.tag_key, v.tag_value ORDER BY v.approval_status = 'APPROVED') FROM virtual_tags v
          WHERE v.resource_id = resources.id
            AND (v.approval_status = 'APPROVED' OR v.approval_status = 'PENDING' AND v.auto_applied)), '{}'))::text";

/// Rows of an export: a query whose first column is an ascending key, and the columns to write.
#[derive(Clone)]
pub struct ExportRows {
    select: SelectStatement,
    key: Expr,
    columns: &'static CsvLayout,
}

impl ExportRows {
    /// Resources, in the columns that an import reads.
    pub fn of_resources(resources: Select<resource::Entity>) -> Self {
        use resource::Column as C;
        let columns = [
            C::Id,
            C::Cloud,
            C::AccountId,
            C::ResourceType,
            C::ResourceId,
            C::Name,
            C::Region,
            C::CreatedAt,
        ];
        let resources = resources.select_only().columns(columns);
        Self {
            select: resources
                .expr_as(Expr::cust("resources.native_tags::text"), "native_tags")
                .into_query(),
            key: C::Id.into_expr(),
            columns: &layout::RESOURCES,
        }
    }

    /// Resources with the tags that hold for them.
    pub fn of_effective_tags(resources: Select<resource::Entity>) -> Self {
        use resource::Column as C;
        let columns = [
            C::Id,
            C::Cloud,
            C::AccountId,
            C::ResourceType,
            C::ResourceId,
            C::Name,
            C::Region,
        ];
        let resources = resources.select_only().columns(columns);
        Self {
            select: resources
                .expr_as(Expr::cust(EFFECTIVE_TAGS), "effective_tags")
                .into_query(),
            key: C::Id.into_expr(),
            columns: &layout::EFFECTIVE_TAGS,
        }
    }

    /// Virtual tags with their resource and their decision.
    pub fn of_tags(tags: Select<virtual_tag::Entity>) -> Self {
        use resource::Column as R;
        use virtual_tag::Column as T;
        let tags = tags
            .join(JoinType::InnerJoin, virtual_tag::Relation::Resource.def())
            .select_only()
            .columns([T::Id, T::Cloud, T::AccountId, T::ResourceType])
            .columns([R::ResourceId, R::Name])
            .columns([T::TagKey, T::TagValue, T::Source, T::Confidence, T::AutoApplied])
            .columns([T::ApprovalStatus, T::DecidedBy, T::DecidedAt, T::DecisionReason]);
        Self {
            select: tags.into_query(),
            key: T::Id.into_expr(),
            columns: &layout::TAGS,
        }
    }

    /// Lines that a run rejected, each with the reason.
    pub fn of_rejections(lines: Select<import_rejection::Entity>) -> Self {
        use import_rejection::Column as C;
        let lines = lines
            .select_only()
            .columns([C::Id, C::Line, C::ColumnName, C::Value, C::Reason]);
        Self {
            select: lines.into_query(),
            key: C::Id.into_expr(),
            columns: &layout::REJECTIONS,
        }
    }

    /// Statement for `count` rows behind the key `after`.
    fn page(&self, after: i64, count: usize) -> Statement {
        let mut page = self.select.clone();
        page.and_where(self.key.clone().gt(after))
            .order_by_expr(self.key.clone(), Order::Asc)
            .limit(count as u64);
        DbBackend::Postgres.build(&page)
    }
}

/// Export in progress. Every page is a query of its own, so the export is no snapshot: a change behind the cursor
/// while it runs is not seen.
pub struct Export {
    source: ExportSource,
    /// Next page, read while the one before it is written.
    next: Option<AbortOnDropHandle<Result<ExportPage>>>,
    has_header: bool,
    /// Rows of the page after the next.
    rows: usize,
}

/// Source of the pages of an export.
#[derive(Clone)]
struct ExportSource {
    db: DatabaseConnection,
    scope: AccountScope,
    rows: ExportRows,
    /// Permits for making pages, shared by all exports.
    permits: Arc<Semaphore>,
}

/// Page of rows.
struct ExportPage {
    rows: Vec<QueryResult>,
    /// Key of the last row, when there may be more.
    last: Option<i64>,
}

impl ExportSource {
    async fn page(self, after: i64, count: usize) -> Result<ExportPage> {
        let _permit = self.permits.acquire().await.map_err(Error::internal)?;
        let rows = self.db.query_all_raw(self.rows.page(after, count)).await?;
        let last = match rows.last() {
            Some(row) if rows.len() == count => Some(row.try_get_by_index(0)?),
            _ => None,
        };
        Ok(ExportPage { rows, last })
    }

    fn fetch(&self, after: i64, count: usize) -> AbortOnDropHandle<Result<ExportPage>> {
        let page = Box::pin(self.clone().page(after, count));
        AbortOnDropHandle::new(tokio::spawn(with_account_scope(&self.scope, page)))
    }
}

impl Export {
    /// Begins to export rows that exist for the actor. Each page takes one of `permits` while it is read, and while it is
    /// written.
    pub fn begin(db: DatabaseConnection, permits: Arc<Semaphore>, actor: &Actor, rows: ExportRows) -> Self {
        let source = ExportSource {
            db,
            scope: actor.scope.clone(),
            rows,
            permits,
        };
        Self {
            next: Some(source.fetch(0, MIN_PAGE_ROWS)),
            source,
            has_header: true,
            rows: MIN_PAGE_ROWS,
        }
    }

    /// Next bytes of the file; `None` at its end. The first have the header, even of an empty list.
    pub async fn next_page(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(next) = self.next.take() else {
            return Ok(None);
        };
        let page = next.await.map_err(Error::internal)??;
        self.next = page.last.map(|last| self.source.fetch(last, self.rows));
        let has_header = std::mem::replace(&mut self.has_header, false);
        let (columns, count) = (self.source.rows.columns, page.rows.len());
        let permit = self.source.permits.clone().acquire_owned().await;
        let permit = permit.map_err(Error::internal)?;
        let text = tokio::task::spawn_blocking(move || {
            let text = columns.text(has_header, &page.rows);
            drop(permit);
            text
        });
        let text = text.await.map_err(Error::internal)??;
        let fitting = TARGET_PAGE_BYTES * count / text.len().max(1);
        self.rows = fitting.clamp(MIN_PAGE_ROWS, MAX_PAGE_ROWS);
        Ok(Some(text))
    }
}
