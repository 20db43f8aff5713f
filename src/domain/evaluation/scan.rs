//! Scan of the inventory by conditions of the rule language: PostgreSQL leaves out what it can tell not to match, and only the
//! columns are read that the conditions ask for.

use super::compute::compute;
use super::subject::subject;
use crate::db::sql;
use crate::domain::rules::coarse::CoarseFilter;
use crate::entities::{AccountScope, ApprovalStatus, Cloud, resource, virtual_tag};
use crate::error::{Error, Result};
use futures::{Stream, stream};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, FromQueryResult, Iterable, QueryFilter, QuerySelect, Value,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tagging::Subject;
use tagging::rules::allowance::is_over;
use tagging::rules::{Condition, FieldSet};

/// Resources of a page, if their effective tags are not asked for.
const PAGE: i64 = 40_000;
/// Resources of a page whose virtual tags are read, too.
const PAGE_WITH_TAGS: i64 = 2_000;

/// Scan of the resources within a scope that are not retired, newest first.
pub(crate) struct ResourceScan<'a> {
    scope: &'a AccountScope,
    filter: CoarseFilter,
    reads: FieldSet,
}

/// Page of a scan, as PostgreSQL gave it.
pub(crate) struct ScanPage {
    rows: PageRows,
    /// Key of the last resource, whether it passed or not; none if there was none.
    pub last: Option<i64>,
    /// Another page may follow.
    pub has_more: bool,
}

enum PageRows {
    Columns(Box<ColumnPage>),
    Tagged(Vec<resource::Model>, HashMap<i64, Vec<virtual_tag::Model>>),
}

/// Range of the keys of a page.
#[derive(FromQueryResult)]
struct KeyRange {
    least: Option<i64>,
    count: i64,
}

/// Columns of a page that the conditions ask for, each as one array: a fraction of the work that rows are.
#[derive(FromQueryResult)]
struct ColumnPage {
    ids: Option<Vec<i64>>,
    resource_ids: Option<Vec<String>>,
    names: Option<Vec<String>>,
    clouds: Option<Vec<String>>,
    account_ids: Option<Vec<String>>,
    resource_types: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    native_tags: Option<Vec<String>>,
}

/// Field of conditions, its expression on `resources r`, and the column of a page that has it.
const COLUMNS: [(&str, &str, &str); 7] = [
    ("resource_id", "r.resource_id", "resource_ids"),
    ("name", "r.name", "names"),
    ("cloud", "r.cloud", "clouds"),
    ("account_id", "r.account_id", "account_ids"),
    ("resource_type", "r.resource_type", "resource_types"),
    ("region", "coalesce(r.region, '')", "regions"),
    ("native_tags", "r.native_tags::text", "native_tags"),
];

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

    /// Pages one after the other.
    pub(crate) fn pages(&self, db: &impl ConnectionTrait) -> impl Stream<Item = Result<ScanPage>> {
        stream::try_unfold(Some(i64::MAX), move |before: Option<i64>| async move {
            let Some(before) = before else { return Ok(None) };
            let page = self.page(db, before).await?;
            let next = page.last.filter(|_| page.has_more);
            Ok(page.last.map(|_| (page, next)))
        })
    }

    /// Page of the resources before a key. It is of as many resources whatever the filter lets through: were it of as many
    /// that pass, PostgreSQL would look through the whole table for a page of few.
    pub(crate) async fn page(&self, db: &impl ConnectionTrait, before: i64) -> Result<ScanPage> {
        let with_tags = self.reads_effective_tags();
        let most = if with_tags { PAGE_WITH_TAGS } else { PAGE };
        let KeyRange { least, count } = self.keys(db, before, most).await?;
        let columns = if with_tags {
            "r.*".to_owned()
        } else {
            self.columns(|(_, expression, name)| format!("{expression} AS {name}"))
        };
        let rows = format!(
            "SELECT {columns} FROM resources r WHERE r.retired_at IS NULL AND r.id < $1 AND r.id >= $3
                AND ($2::text[] IS NULL OR r.account_id = ANY($2)) AND {} ORDER BY r.id DESC",
            self.filter.sql
        );
        let mut values: Vec<Value> = vec![before.into(), self.scope.as_bind().into(), least.into()];
        values.extend(self.filter.values.iter().cloned());
        let rows = if with_tags {
            let rows: Vec<resource::Model> = sql::rows(db, &rows, values).await?;
            let tags = tags_of(db, self.scope, &rows).await?;
            PageRows::Tagged(rows, tags)
        } else {
            let arrays = self.columns(|(_, _, name)| format!("array_agg({name}) AS {name}"));
            let statement = format!("SELECT {arrays} FROM ({rows}) page");
            let page: Option<ColumnPage> = sql::row(db, &statement, values).await?;
            PageRows::Columns(Box::new(page.ok_or_else(no_row)?))
        };
        Ok(ScanPage {
            rows,
            last: least,
            has_more: count == most,
        })
    }

    /// Keys of the `most` resources before a key, retired ones among them: an index has them.
    async fn keys(&self, db: &impl ConnectionTrait, before: i64, most: i64) -> Result<KeyRange> {
        let accounts = self.scope.as_bind();
        let own = if accounts.is_some() {
            "AND account_id = ANY($3)"
        } else {
            ""
        };
        let keys = format!(
            "SELECT min(id) AS least, count(*) AS count
               FROM (SELECT id FROM resources WHERE id < $1 {own} ORDER BY id DESC LIMIT $2) keys"
        );
        let binds: [Value; 2] = [before.into(), most.into()];
        let binds = binds.into_iter().chain(accounts.map(Into::into));
        let keys: Option<KeyRange> = sql::row(db, &keys, binds).await?;
        keys.ok_or_else(no_row)
    }

    /// True when a condition asks for effective tags, which are read beside the resources.
    pub(crate) fn reads_effective_tags(&self) -> bool {
        self.reads.contains("tags")
    }

    /// Columns of a statement: the key, and each field as `shown` if it is read, otherwise without a value.
    fn columns(&self, shown: impl Fn((&str, &str, &str)) -> String) -> String {
        let column = |(field, expression, name)| {
            let of_category = matches!(field, "cloud" | "resource_type");
            let is_read =
                self.reads.contains(field) || (of_category && self.reads.contains("service_category"));
            if is_read {
                shown((field, expression, name))
            } else {
                format!("NULL::text[] AS {name}")
            }
        };
        let key = shown(("id", "r.id", "ids"));
        let fields = COLUMNS.into_iter().map(column);
        [key].into_iter().chain(fields).collect::<Vec<_>>().join(", ")
    }
}

fn no_row() -> Error {
    Error::internal("an aggregate has no row")
}

impl ScanPage {
    /// Resources by key, with the fields that the conditions ask for: not made on the threads that serve requests.
    pub(crate) fn subjects(self) -> Result<Vec<(i64, Subject)>> {
        match self.rows {
            PageRows::Columns(page) => page.subjects(),
            PageRows::Tagged(rows, mut tags) => {
                let tagged = rows.into_iter().map(|row| {
                    let tags = tags.remove(&row.id).unwrap_or_default();
                    Ok((row.id, subject(row, &tags)?))
                });
                tagged.collect()
            }
        }
    }

    /// Keys of the resources that any of the conditions, which read no effective tags, matches; `None` when that takes more
    /// than `most` processor time.
    pub(crate) async fn matching(
        self,
        conditions: Vec<Condition>,
        most: Duration,
    ) -> Result<Option<Vec<i64>>> {
        compute(most, move || {
            let mut found = Vec::new();
            for (id, subject) in self.subjects()? {
                if is_over() {
                    return Ok(None);
                }
                let input = subject.condition_input(None);
                if conditions.iter().any(|condition| condition.matches(&input)) {
                    found.push(id);
                }
            }
            Ok(Some(found))
        })
        .await?
    }
}

impl ColumnPage {
    fn subjects(self) -> Result<Vec<(i64, Subject)>> {
        let texts = |column: Option<Vec<String>>| column.unwrap_or_default().into_iter();
        let (mut resource_ids, mut names) = (texts(self.resource_ids), texts(self.names));
        let (mut clouds, mut accounts) = (texts(self.clouds), texts(self.account_ids));
        let (mut types, mut regions) = (texts(self.resource_types), texts(self.regions));
        let mut native_tags = texts(self.native_tags);
        let subject = |id| {
            let cloud = clouds.next();
            let cloud = cloud.map_or(Ok(Cloud::Aws), |cloud| Cloud::try_from_value(&cloud))?;
            let tags = native_tags.next();
            let tags = tags.map_or_else(|| Ok(BTreeMap::new()), |tags| serde_json::from_str(&tags));
            let subject = Subject {
                resource_id: resource_ids.next().unwrap_or_default(),
                name: names.next().unwrap_or_default(),
                cloud: cloud.into(),
                account_id: accounts.next().unwrap_or_default(),
                resource_type: types.next().unwrap_or_default(),
                region: regions.next().filter(|region| !region.is_empty()),
                native_tags: tags.map_err(Error::internal)?,
                approved: BTreeMap::new(),
                applied: BTreeMap::new(),
                denied_native: BTreeSet::new(),
            };
            Ok((id, subject))
        };
        self.ids.unwrap_or_default().into_iter().map(subject).collect()
    }
}

/// Virtual tags of resources that are approved, denied or pending, by the resource's key, without their evidence.
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
    let columns = C::iter().filter(|column| !matches!(column, C::Evidence));
    let found = found
        .select_only()
        .columns(columns)
        .expr_as(Expr::cust("'{}'::jsonb"), "evidence");
    let mut tags: HashMap<i64, Vec<virtual_tag::Model>> = HashMap::new();
    for tag in found.all(db).await? {
        tags.entry(tag.resource_id).or_default().push(tag);
    }
    Ok(tags)
}
