//! Keyset pages: a page starts after a row that the caller has seen, never after a number of rows.
//!
//! All columns of an order run the same way and end in a unique one, so that a page is one row-value comparison,
//! `(confidence, id) < ($1, $2)`, which an index answers at once however deep the page is.

use crate::db::projection::PositionalRow;
use crate::db::reads::by_key;
use crate::db::sql::statement;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, Func, JoinType, Order, PostgresQueryBuilder, Query, SelectStatement,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Statement, Value,
};
use std::collections::HashMap;

/// Sizes of the pages of any list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimits {
    /// Rows when the caller does not say.
    pub default: u64,
    /// Rows at most.
    pub max: u64,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self {
            default: 50,
            max: 500,
        }
    }
}

/// Type of an order's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A whole number.
    Int,
    /// A floating-point number.
    Real,
    /// A moment.
    Time,
    /// Text.
    Text,
}

/// The value of one column of an order in one row.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum Key {
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// A moment, to the microsecond.
    Time(DateTime<Utc>),
    /// Text.
    Text(String),
}

impl Key {
    /// Type of the column that has the value.
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Int(_) => KeyKind::Int,
            Self::Real(_) => KeyKind::Real,
            Self::Time(_) => KeyKind::Time,
            Self::Text(_) => KeyKind::Text,
        }
    }

    fn bind(&self) -> Expr {
        match self {
            Self::Int(value) => Expr::val(*value),
            Self::Real(value) => Expr::val(*value),
            Self::Time(value) => Expr::val(*value),
            Self::Text(value) => Expr::val(value.as_str()),
        }
    }
}

/// An order of the rows of one list.
pub trait Keyset: Copy + Send + Sync + 'static {
    /// Row that is ordered.
    type Row;
    /// The name of list and order. A cursor carries it, and is of no use to another order.
    fn name(self) -> &'static str;
    /// Tells whether all columns run downwards.
    fn descending(self) -> bool;
    /// The columns, the last of them unique among rows that are equal in the others.
    fn columns(self) -> Vec<(Expr, KeyKind)>;
    /// Values of a row in the order's columns.
    fn key(self, row: &Self::Row) -> Vec<Key>;
}

/// Part of a list that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Rows at most.
    pub size: u64,
    /// The rows nearest to the end are wanted.
    pub backward: bool,
    /// Only rows after this one.
    pub after: Option<Vec<Key>>,
    /// Only rows before this one.
    pub before: Option<Vec<Key>>,
}

impl Window {
    /// The first rows of a list.
    pub const fn first(size: u64) -> Self {
        Self {
            size,
            backward: false,
            after: None,
            before: None,
        }
    }

    /// A query bounded, ordered and limited to this window and one row more, which tells whether there are more.
    ///
    /// The limit is part of the text: PostgreSQL plans a limit that it cannot see as if it were a tenth of the
    /// table, and would plan anew at each call.
    pub fn statement<S, O>(&self, select: S, order: O) -> Statement
    where
        S: QueryFilter + QueryOrder + QueryTrait,
        O: Keyset,
    {
        self.limited(self.ordered(self.bounded(select, order, None), order))
    }

    /// The same of rows that all have one value in a column, given with it, behind which an index has the order's.
    ///
    /// The column leads the order, and `select` must not say of it that it equals the value, but only that it is
    /// neither lower nor higher: for rows of which PostgreSQL knows them to be equal, it may read another index in
    /// the same order, and skip a million rows before it comes to the first of these.
    pub fn statement_led<S, O>(&self, select: S, order: O, lead: &(Expr, Key)) -> Statement
    where
        S: QueryFilter + QueryOrder + QueryTrait,
        O: Keyset,
    {
        let bounded = self.bounded(select, order, Some(lead));
        let led = bounded.order_by(lead.0.clone(), self.direction(order));
        self.limited(self.ordered(led, order))
    }

    fn limited(&self, select: impl QueryTrait) -> Statement {
        let mut statement = select.build(DbBackend::Postgres);
        statement.sql.push_str(&format!(" LIMIT {}", self.size + 1));
        statement
    }

    /// The query of a page and one row more, to be part of another statement.
    pub fn part<E: EntityTrait, O: Keyset>(&self, select: Select<E>, order: O) -> SelectStatement {
        self.ordered(self.bounded(select, order, None), order)
            .limit(self.size + 1)
            .into_query()
    }

    /// Makes the page of a query that such parts are joined to, under the name of their table.
    pub fn limit_parts<O: Keyset>(&self, joined: &mut SelectStatement, order: O) {
        self.order_parts(joined, order);
        joined.limit(self.size + 1);
    }

    /// Orders a query that such parts are joined to as the parts are.
    pub fn order_parts<O: Keyset>(&self, joined: &mut SelectStatement, order: O) {
        for (column, _) in order.columns() {
            joined.order_by_expr(column, self.direction(order));
        }
    }

    fn bounded<S: QueryFilter, O: Keyset>(&self, mut select: S, order: O, lead: Option<&(Expr, Key)>) -> S {
        let columns = order.columns();
        let tuple = |keys: &[Key]| {
            let lead = lead.map(|(_, key)| key.bind());
            Expr::tuple(lead.into_iter().chain(keys.iter().map(Key::bind)))
        };
        let row = || {
            let lead = lead.map(|(column, _)| column.clone());
            Expr::tuple(
                lead.into_iter()
                    .chain(columns.iter().map(|(column, _)| column.clone())),
            )
        };
        for (bound, upwards) in [
            (&self.after, !order.descending()),
            (&self.before, order.descending()),
        ] {
            if let Some(keys) = bound {
                select = select.filter(if upwards {
                    row().gt(tuple(keys))
                } else {
                    row().lt(tuple(keys))
                });
            }
        }
        select
    }

    fn direction<O: Keyset>(&self, order: O) -> Order {
        if order.descending() == self.backward {
            Order::Asc
        } else {
            Order::Desc
        }
    }

    fn ordered<S: QueryOrder, O: Keyset>(&self, mut select: S, order: O) -> S {
        for (column, _) in order.columns() {
            select = select.order_by(column, self.direction(order));
        }
        select
    }

    /// The page that the rows of such a query make.
    pub fn page<Row>(&self, mut rows: Vec<Row>) -> Page<Row> {
        let more = rows.len() as u64 > self.size;
        rows.truncate(self.size as usize);
        if self.backward {
            rows.reverse();
        }
        // A cursor was given for a row of the list, so a row lies on its other side.
        let (has_previous, has_next) = if self.backward {
            (more, self.before.is_some())
        } else {
            (self.after.is_some(), more)
        };
        Page {
            rows,
            has_previous,
            has_next,
        }
    }
}

/// One page of a list, in the list's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows come before these.
    pub has_previous: bool,
    /// Rows come after these.
    pub has_next: bool,
}

impl<Row> Page<Row> {
    /// The same page of something made of its rows.
    pub fn map<T>(self, map: impl FnMut(Row) -> T) -> Page<T> {
        Page {
            rows: self.rows.into_iter().map(map).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}

/// The same query of rows that are collected before they are sorted: an offset, even of none, keeps the planner from
/// walking along the order in search of them.
pub fn collected<E: EntityTrait>(mut select: Select<E>) -> Select<E> {
    let mut rows = select.clone().into_query();
    rows.offset(0);
    // The subquery takes the table's name, so that columns mean the same outside of it.
    QueryTrait::query(&mut select)
        .from_clear()
        .from_subquery(rows, E::default().table_name());
    select
}

/// A page of children for each of many parents, by one statement; parents without children are left out.
pub async fn per_parent<E, O>(
    db: &impl ConnectionTrait,
    children: Select<E>,
    parent: E::Column,
    parents: Vec<i64>,
    order: O,
    window: &Window,
) -> Result<HashMap<i64, Page<E::Model>>>
where
    E: EntityTrait,
    O: Keyset<Row = E::Model>,
{
    let decode = |row: &mut PositionalRow<'_>| E::Model::from_query_result(row.all(), "");
    per_parent_as(db, children, parent, parents, order, window, decode).await
}

/// The same of children with the columns that the query selects, which are decoded by position.
pub async fn per_parent_as<E, O>(
    db: &impl ConnectionTrait,
    children: Select<E>,
    parent: E::Column,
    parents: Vec<i64>,
    order: O,
    window: &Window,
    decode: impl Fn(&mut PositionalRow<'_>) -> Result<E::Model, DbErr>,
) -> Result<HashMap<i64, Page<E::Model>>>
where
    E: EntityTrait,
    O: Keyset<Row = E::Model>,
{
    const PARENT: &str = "parent_key";
    // The subquery takes the table's name, so that the order's columns mean the same outside of it.
    let table = E::default().table_name();
    let parent_key = || Expr::col(("parents", "parents"));
    let mut page = window.part(children.filter(parent.into_expr().eq(parent_key())), order);
    let mut all = Query::select();
    all.expr_as(parent_key(), PARENT)
        .column((table, Asterisk))
        .from_function(Func::cust("unnest").arg(Expr::val(parents)), "parents")
        .join_lateral(JoinType::InnerJoin, page.take(), table, Expr::cust("true"))
        .order_by_expr(parent_key(), Order::Asc);
    window.order_parts(&mut all, order);
    let mut rows: HashMap<i64, Vec<E::Model>> = HashMap::new();
    for row in db.query_all_raw(by_key(limits_in_text(&all))).await? {
        let mut row = PositionalRow::new(&row, 0);
        let parent = row.take()?;
        rows.entry(parent).or_default().push(decode(&mut row)?);
    }
    Ok(rows
        .into_iter()
        .map(|(parent, rows)| (parent, window.page(rows)))
        .collect())
}

/// A query as a statement, with its limits in the text, where [`Window::statement`] has them, too: one without other
/// parameters keeps its plan. Numbers without a sign are limits, and nothing else.
pub fn limits_in_text(query: &SelectStatement) -> Statement {
    let (text, values) = query.build(PostgresQueryBuilder);
    let mut parts = text.split('$');
    let mut inlined = parts.next().unwrap_or_default().to_owned();
    let mut rest = Vec::new();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let place: Option<usize> = part[..digits].parse().ok();
        match place.and_then(|place| values.0.get(place.checked_sub(1)?)) {
            Some(Value::BigUnsigned(Some(limit))) => inlined.push_str(&limit.to_string()),
            Some(value) => {
                rest.push(value.clone());
                inlined.push_str(&format!("${}", rest.len()));
            }
            None => inlined.push_str(&format!("${}", &part[..digits])),
        }
        inlined.push_str(&part[digits..]);
    }
    statement(&inlined, rest)
}

/// Counts the children of many parents, by one statement; parents without children are left out.
pub async fn count_per_parent<E: EntityTrait>(
    db: &impl ConnectionTrait,
    children: Select<E>,
    parent: E::Column,
    parents: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    let counts = children
        .filter(parent.into_expr().eq(PgFunc::any(Expr::val(parents))))
        .select_only()
        .column(parent)
        .expr(Expr::col(Asterisk).count())
        .group_by(parent.into_expr());
    let counts: Vec<(i64, i64)> = counts.into_tuple().all(db).await?;
    Ok(counts
        .into_iter()
        .map(|(parent, count)| (parent, count as u64))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_part_of_the_text_and_other_values_are_numbered_anew() {
        let mut query = Query::select();
        query
            .column("a")
            .from("t")
            .and_where(Expr::col("b").eq("x"))
            .and_where(Expr::col("c").gt(7_i64))
            .limit(3);
        let mut outer = Query::select();
        outer
            .column("a")
            .from_subquery(query.take(), "t")
            .and_where(Expr::col("d").eq("y $1"))
            .limit(5);
        let built = limits_in_text(&outer);
        assert_eq!(
            built.sql,
            r#"SELECT "a" FROM (SELECT "a" FROM "t" WHERE "b" = $1 AND "c" > $2 LIMIT 3) AS "t" WHERE "d" = $3 LIMIT 5"#
        );
        let values = built.values.unwrap().0;
        assert_eq!(values, ["x".into(), 7_i64.into(), "y $1".into()] as [Value; 3]);
    }
}
