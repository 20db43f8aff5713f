//! CSV exports of whole lists, a page at a time: memory is constant whatever the length of the list and its rows, and a
//! client that reads slowly holds no connection and no snapshot. Permits bound the pages that all exports together make
//! at the same time.

use super::layout::{self, CsvLayout};
use crate::auth::{Actor, Role, with_account_scope};
use crate::db::sql;
use crate::domain::Cloud;
use crate::entities::AccountScope;
use crate::error::{Error, Result};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, QueryResult, Value};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

/// Rows of the first page, and minimum of any page.
const MIN_PAGE_ROWS: usize = 200;
/// Maximum of rows of a page.
const MAX_PAGE_ROWS: usize = 2_000;
/// Bytes of a page to aim at.
const TARGET_PAGE_BYTES: usize = 512 << 10;

/// Kind of list to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportKind {
    /// Resources in the columns that an import reads.
    #[default]
    Resources,
    /// Virtual tags with their resource and their decision.
    Tags,
}

/// Filter of resources, or of tags by their resource. An unset field does not restrict; retired resources never show.
#[derive(Clone, Debug, Default)]
pub struct ExportFilter {
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
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
    /// Selects rows whose first column is an ascending key, behind `$1`, at most `$2` of them.
    statement: String,
    /// Values of `$3` and the following.
    values: Vec<Value>,
    columns: &'static CsvLayout,
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
        let fixed = [after.into(), (count as i64).into()];
        let statement = sql::statement(&self.statement, fixed.into_iter().chain(self.values));
        let rows = self.db.query_all_raw(statement).await?;
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
    /// Exports what exists for the actor, who must be a viewer at least. Each page takes one of `permits` while
    /// it is read, and while it is written. [`Error::BadInput`] for a filter with NUL.
    pub fn new(
        db: DatabaseConnection,
        permits: Arc<Semaphore>,
        actor: &Actor,
        kind: ExportKind,
        filter: &ExportFilter,
    ) -> Result<Self> {
        actor.require(Role::Viewer)?;
        let texts = [&filter.account_id, &filter.resource_type];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            let message = "the account and the resource type must not contain NUL characters";
            return Err(Error::BadInput(message.into()));
        }
        let (select, columns) = match kind {
            ExportKind::Resources => (RESOURCES, &layout::RESOURCES),
            ExportKind::Tags => (TAGS, &layout::TAGS),
        };
        let (conditions, values) = conditions(&actor.scope, filter);
        let statement = format!("{select}{conditions} ORDER BY x.id LIMIT $2");
        Ok(Self::begin(db, permits, actor, statement, values, columns))
    }

    /// Exports the lines that a run rejected, as they were found. Needs [`Role::Viewer`] and access to all accounts,
    /// because a rejected line may belong to any.
    pub fn of_rejections(
        db: DatabaseConnection,
        permits: Arc<Semaphore>,
        actor: &Actor,
        run_id: i64,
    ) -> Result<Self> {
        actor.require(Role::Viewer)?;
        actor.require_all_accounts()?;
        let statement = "SELECT id, line, column_name, value, reason FROM import_rejections
             WHERE id > $1 AND run_id = $3 ORDER BY id LIMIT $2";
        let values = vec![run_id.into()];
        Ok(Self::begin(
            db,
            permits,
            actor,
            statement.to_owned(),
            values,
            &layout::REJECTIONS,
        ))
    }

    fn begin(
        db: DatabaseConnection,
        permits: Arc<Semaphore>,
        actor: &Actor,
        statement: String,
        values: Vec<Value>,
        columns: &'static CsvLayout,
    ) -> Self {
        let source = ExportSource {
            db,
            scope: actor.scope.clone(),
            statement,
            values,
            columns,
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
        let (columns, count) = (self.source.columns, page.rows.len());
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

const RESOURCES: &str =
    "SELECT x.id, x.cloud, x.account_id, x.resource_type, x.resource_id, x.name, x.region,
        x.created_at, x.native_tags::text AS native_tags
   FROM resources x WHERE x.id > $1 AND x.retired_at IS NULL";

const TAGS: &str = "SELECT x.id, x.cloud, x.account_id, x.resource_type, r.resource_id, r.name, x.tag_key, x.tag_value,
        x.source, x.confidence, x.auto_applied, x.approval_status, x.decided_by, x.decided_at, x.decision_reason
   FROM virtual_tags x JOIN resources r ON r.id = x.resource_id WHERE x.id > $1 AND r.retired_at IS NULL";

/// Conditions of the filter. Unset ones are left out, so that each combination has a plan of its own, and an index where
/// there is one. For a caller limited to accounts that is an index by account: other conditions are hidden from the
/// planner, see [`crate::domain::account_pages`].
fn conditions(scope: &AccountScope, filter: &ExportFilter) -> (String, Vec<Value>) {
    let wanted: [(&str, Option<Value>); 4] = [
        ("x.account_id = ANY", scope.as_bind().map(Into::into)),
        ("x.cloud =", filter.cloud.map(|cloud| cloud.to_value().into())),
        ("x.account_id =", filter.account_id.clone().map(Into::into)),
        ("x.resource_type =", filter.resource_type.clone().map(Into::into)),
    ];
    let (mut text, mut values) = (String::new(), Vec::new());
    for (condition, value) in wanted {
        if let Some(value) = value {
            values.push(value);
            let condition = format!("{condition}(${})", values.len() + 2);
            text.push_str(&match scope {
                AccountScope::Only(_) if values.len() > 1 => {
                    format!(" AND (CASE WHEN {condition} THEN true END) IS NOT NULL")
                }
                _ => format!(" AND {condition}"),
            });
        }
    }
    (text, values)
}
