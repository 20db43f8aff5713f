//! Scan of the inventory by conditions of the rule language: PostgreSQL leaves out what it can tell not to match, and only the
//! columns are read that the conditions ask for.

use super::compute::compute;
use super::subject::subject;
use crate::db::sql;
use crate::domain::rules::coarse::CoarseFilter;
use crate::entities::{AccountScope, ApprovalStatus, Cloud, resource, virtual_tag};
use crate::error::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tagging::Subject;
use tagging::rules::allowance::is_over;
use tagging::rules::{Condition, FieldSet};

/// Resources of a page, if their effective tags are not asked for.
const PAGE: i64 = 20_000;
/// Resources of a page whose virtual tags are read, too.
const PAGE_WITH_TAGS: i64 = 2_000;

/// Scan of the resources within a scope that are not retired, newest first.
pub(crate) struct ResourceScan<'a> {
    scope: &'a AccountScope,
    filter: CoarseFilter,
    reads: FieldSet,
}

/// Resources of a scan, by key.
pub(crate) struct ScanPage {
    pub subjects: Vec<(i64, Subject)>,
    /// Another page may follow.
    pub has_more: bool,
}

/// Row with the columns that the conditions ask for; the others are empty.
#[derive(FromQueryResult)]
struct ScannedRow {
    id: i64,
    resource_id: String,
    name: String,
    cloud: Cloud,
    account_id: String,
    resource_type: String,
    region: Option<String>,
    native_tags: String,
}

impl<'a> ResourceScan<'a> {
    /// Scan for what any of the conditions may match; `also` are further fields to read.
    pub(crate) fn new(scope: &'a AccountScope, conditions: &[Condition], also: FieldSet) -> Self {
        let requirements: Vec<_> = conditions.iter().map(Condition::requirement).collect();
        let reads = conditions.iter().map(Condition::reads);
        Self {
            scope,
            filter: CoarseFilter::new(&requirements, 3),
            reads: reads.fold(also, FieldSet::union),
        }
    }

    /// Page of the resources before a key.
    pub(crate) async fn page(&self, db: &impl ConnectionTrait, before: i64) -> Result<ScanPage> {
        let with_tags = self.reads.contains("tags");
        let most = if with_tags { PAGE_WITH_TAGS } else { PAGE };
        let statement = format!(
            "SELECT {} FROM resources r WHERE r.retired_at IS NULL AND r.id < $1
                AND ($2::text[] IS NULL OR r.account_id = ANY($2)) AND {} ORDER BY r.id DESC LIMIT $3",
            if with_tags {
                "r.*".to_owned()
            } else {
                self.columns()
            },
            self.filter.sql
        );
        let mut values: Vec<Value> = vec![before.into(), self.scope.as_bind().into(), most.into()];
        values.extend(self.filter.values.iter().cloned());
        let subjects = if with_tags {
            let rows: Vec<resource::Model> = sql::rows(db, &statement, values).await?;
            tagged(db, self.scope, rows).await?
        } else {
            let rows: Vec<ScannedRow> = sql::rows(db, &statement, values).await?;
            rows.into_iter().map(ScannedRow::subject).collect::<Result<_>>()?
        };
        Ok(ScanPage {
            has_more: subjects.len() as i64 == most,
            subjects,
        })
    }

    /// True when a condition asks for effective tags, which are read beside the resources.
    pub(crate) fn reads_effective_tags(&self) -> bool {
        self.reads.contains("tags")
    }

    /// Column that the service category depends on, too.
    fn with_category(&self, name: &str, expression: &str, empty: &str) -> String {
        let is_read = self.reads.contains(name) || self.reads.contains("service_category");
        format!("{} AS {name}", if is_read { expression } else { empty })
    }

    fn columns(&self) -> String {
        let column = |name: &str, expression: &str, empty: &str| {
            let shown = if self.reads.contains(name) {
                expression
            } else {
                empty
            };
            format!("{shown} AS {name}")
        };
        [
            "r.id".to_owned(),
            column("resource_id", "r.resource_id", "''"),
            column("name", "r.name", "''"),
            self.with_category("cloud", "r.cloud", "'aws'"),
            column("account_id", "r.account_id", "''"),
            self.with_category("resource_type", "r.resource_type", "''"),
            column("region", "r.region", "NULL::text"),
            column("native_tags", "r.native_tags::text", "''"),
        ]
        .join(", ")
    }
}

impl ScanPage {
    /// Keys of the resources that any of the conditions, which read no effective tags, matches; `None` when that takes more
    /// than `most` processor time.
    pub(crate) async fn matching(
        self,
        conditions: Vec<Condition>,
        most: Duration,
    ) -> Result<Option<Vec<i64>>> {
        compute(most, move || {
            let mut found = Vec::new();
            for (id, subject) in &self.subjects {
                if is_over() {
                    return None;
                }
                let input = subject.condition_input(None);
                if conditions.iter().any(|condition| condition.matches(&input)) {
                    found.push(*id);
                }
            }
            Some(found)
        })
        .await
    }
}

impl ScannedRow {
    fn subject(self) -> Result<(i64, Subject)> {
        let native_tags: BTreeMap<String, String> = if self.native_tags.is_empty() {
            BTreeMap::new()
        } else {
            serde_json::from_str(&self.native_tags).map_err(Error::internal)?
        };
        let bare = resource_subject(native_tags);
        Ok((
            self.id,
            Subject {
                resource_id: self.resource_id,
                name: self.name,
                cloud: self.cloud.into(),
                account_id: self.account_id,
                resource_type: self.resource_type,
                region: self.region,
                ..bare
            },
        ))
    }
}

/// Subject of which nothing is known but native tags.
fn resource_subject(native_tags: BTreeMap<String, String>) -> Subject {
    Subject {
        resource_id: String::new(),
        name: String::new(),
        cloud: Cloud::Aws.into(),
        account_id: String::new(),
        resource_type: String::new(),
        region: None,
        native_tags,
        approved: BTreeMap::new(),
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}

async fn tagged(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    rows: Vec<resource::Model>,
) -> Result<Vec<(i64, Subject)>> {
    let mut tags = tags_of(db, scope, &rows).await?;
    rows.into_iter()
        .map(|row| {
            let tags = tags.remove(&row.id).unwrap_or_default();
            Ok((row.id, subject(row, &tags)?))
        })
        .collect()
}

/// Virtual tags of resources that are approved, denied or pending, by the resource's key.
pub(super) async fn tags_of(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    rows: &[resource::Model],
) -> Result<HashMap<i64, Vec<virtual_tag::Model>>> {
    use virtual_tag::Column as C;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let found = virtual_tag::find(scope)
        .filter(C::ResourceId.into_expr().eq(PgFunc::any(Expr::val(ids))))
        .filter(C::ApprovalStatus.ne(ApprovalStatus::Superseded));
    let mut tags: HashMap<i64, Vec<virtual_tag::Model>> = HashMap::new();
    for tag in found.all(db).await? {
        tags.entry(tag.resource_id).or_default().push(tag);
    }
    Ok(tags)
}
