//! Totals of lists, without counting a million rows.
//!
//! Counters give exact totals. Where they have none, PostgreSQL's planner is asked first: a list that it takes for short, and
//! can count at little cost, is counted up to a bound; of any other its estimate is given, and said to be one.
//! The planner's figures are made of everybody's rows, so a caller limited to accounts gets none: see [`of_part`].

use super::opaque::holds;
use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::sea_query::{Condition, Expr, PostgresQueryBuilder};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic, QuerySelect, QueryTrait, Select,
    Statement,
};
use serde_json::Value as Json;

/// Rows that are counted at most.
const COUNTED: u64 = 10_000;
/// Cost that counting may have, in the planner's units, in which reading a page of a table is about one. Counting ten thousand
/// rows by an index costs less; reading a table of a million rows costs more.
const AFFORDABLE: f64 = 30_000.0;

/// Number of rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Rows.
    pub count: u64,
    /// The number is an estimate.
    pub is_estimate: bool,
}

impl Total {
    /// Exact number.
    pub const fn exact(count: u64) -> Self {
        Self {
            count,
            is_estimate: false,
        }
    }

    /// Estimated number.
    pub const fn estimate(count: u64) -> Self {
        Self {
            count,
            is_estimate: true,
        }
    }
}

/// Total of a query: counted if the rows are few, estimated otherwise.
pub async fn of<E: EntityTrait>(db: &impl ConnectionTrait, select: Select<E>) -> Result<Total> {
    of_rows(db, select.select_only().expr(Expr::cust("1"))).await
}

/// The same of a query that selects something already, such as its groups.
pub async fn of_rows<E: EntityTrait>(db: &impl ConnectionTrait, select: Select<E>) -> Result<Total> {
    let (rows, values) = select.into_query().build(PostgresQueryBuilder);
    let bounded = format!("{rows} LIMIT {}", COUNTED + 1);
    let statement = |text: &str| Statement {
        values: Some(values.clone()),
        ..sql::statement(text, [])
    };
    let plan = QueryPlanJson::of(db, statement(&format!("EXPLAIN (FORMAT JSON) {bounded}"))).await?;
    // The node below the limit has the rows of the whole list.
    let estimate = Total::estimate(plan.rows_below()? as u64);
    if estimate.count > COUNTED || plan.number("/0/Plan/Total Cost")? > AFFORDABLE {
        return Ok(estimate);
    }
    let count = first(
        db,
        statement(&format!("SELECT count(*) FROM ({bounded}) AS counted")),
    )
    .await?;
    let count: i64 = count.try_get_by_index(0)?;
    Ok(match count.unsigned_abs() {
        count if count > COUNTED => Total::estimate(count.max(estimate.count)),
        count => Total::exact(count),
    })
}

/// Rows of a scope that are looked at for a total, at most.
pub const LOOKED_AT: u64 = 20_000;

#[derive(FromQueryResult)]
struct ScopeSampleRow {
    looked_at: i64,
    taken: i64,
}

/// Counts the rows in a caller's scope that meet a condition, or with `columns`, the different ones among them. The first
/// `most` rows of the scope are looked at; if there are more, that part of `all`, how many there are, makes an
/// estimate. Without `all` the estimate is what was found, and there are more.
pub async fn of_part<E: EntityTrait>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    condition: Condition,
    columns: &[E::Column],
    most: u64,
    all: Option<u64>,
) -> Result<Total> {
    let rows = columns
        .iter()
        .fold(rows.select_only(), |rows, column| rows.column(*column));
    let (text, values) = rows
        .expr_as(holds(condition), "taken")
        .into_query()
        .build(PostgresQueryBuilder);
    let taken = if columns.is_empty() {
        "count(*) FILTER (WHERE taken)".to_owned()
    } else {
        let columns: Vec<_> = columns.iter().map(IdenStatic::as_str).collect();
        format!(
            "(SELECT count(*) FROM (SELECT DISTINCT {} FROM part WHERE taken) AS found)",
            columns.join(", ")
        )
    };
    let count = format!(
        "WITH part AS MATERIALIZED ({text} LIMIT {}) SELECT count(*) AS looked_at, {taken} AS taken FROM part",
        most + 1
    );
    let part: Option<ScopeSampleRow> = sql::row(db, &count, values.0).await?;
    let part = part.ok_or_else(|| Error::internal("a statement that gives a row gave none"))?;
    let (looked_at, taken) = (part.looked_at.unsigned_abs(), part.taken.unsigned_abs());
    Ok(if looked_at <= most {
        Total::exact(taken)
    } else {
        let all = all.unwrap_or_default().max(looked_at);
        Total::estimate((taken as f64 * all as f64 / looked_at as f64) as u64)
    })
}

/// Planner's estimate of a query's rows.
pub async fn estimate<E: EntityTrait>(db: &impl ConnectionTrait, select: Select<E>) -> Result<u64> {
    let (rows, values) = select
        .select_only()
        .expr(Expr::cust("1"))
        .into_query()
        .build(PostgresQueryBuilder);
    let explain = Statement {
        values: Some(values),
        ..sql::statement(&format!("EXPLAIN (FORMAT JSON) {rows}"), [])
    };
    let plan = QueryPlanJson::of(db, explain).await?;
    Ok(plan.number("/0/Plan/Plan Rows")? as u64)
}

/// Tells whether a query has more than `rows` rows, and reads no more than that.
pub async fn exceeds<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    rows: u64,
) -> Result<bool> {
    let next = select.select_only().expr(Expr::cust("1")).offset(rows).limit(1);
    let statement = next.build(DbBackend::Postgres);
    Ok(db.query_one_raw(statement).await?.is_some())
}

/// Plan of a statement, as `EXPLAIN (FORMAT JSON)` gives it.
struct QueryPlanJson(Json);

impl QueryPlanJson {
    async fn of(db: &impl ConnectionTrait, explain: Statement) -> Result<Self> {
        Ok(Self(first(db, explain).await?.try_get_by_index(0)?))
    }

    /// The rows of what the topmost part works on. Subqueries that are evaluated once, before the rest, come first.
    fn rows_below(&self) -> Result<f64> {
        let parts = self.0.pointer("/0/Plan/Plans").and_then(Json::as_array);
        let is_outer = |part: &&Json| part["Parent Relationship"] == "Outer";
        let outer = parts.and_then(|parts| parts.iter().find(is_outer));
        figure(
            outer
                .or(self.0.pointer("/0/Plan"))
                .and_then(|part| part.get("Plan Rows")),
        )
    }

    fn number(&self, path: &str) -> Result<f64> {
        figure(self.0.pointer(path))
    }
}

async fn first(db: &impl ConnectionTrait, statement: Statement) -> Result<sea_orm::QueryResult> {
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| Error::internal("a statement that gives a row gave none"))
}

fn figure(found: Option<&Json>) -> Result<f64> {
    let figure = found.and_then(Json::as_f64);
    figure.ok_or_else(|| Error::internal("a plan has no figures"))
}
