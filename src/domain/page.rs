//! Keyset pages: a page starts after a row that the caller has seen, never after a number of rows.
//!
//! All columns of an order run the same way and end in a unique one, so that a page is one row-value comparison,
//! `(confidence, id) < ($1, $2)`, which an index answers at once however deep the page is.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};

/// How large a page of any list may be.
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

/// What a column of an order holds.
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
#[derive(Clone, Debug, PartialEq)]
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
    /// Which kind of column the value is of.
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
pub trait Keyset<Row>: Copy + Send + Sync + 'static {
    /// The name of list and order. A cursor carries it, and is of no use to another order.
    fn name(self) -> &'static str;
    /// Whether all columns run downwards.
    fn descending(self) -> bool;
    /// The columns, the last of them unique among rows that are equal in the others.
    fn columns(self) -> Vec<(Expr, KeyKind)>;
    /// Where a row stands.
    fn key(self, row: &Row) -> Vec<Key>;
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Rows at most.
    pub size: u64,
    /// Whether the rows nearest to the end are wanted.
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

    /// Bounds, orders and limits a query to this window, and one row more, which tells whether there are more.
    pub fn apply<Row, S, O>(&self, mut select: S, order: O) -> S
    where
        S: QueryFilter + QueryOrder + QuerySelect,
        O: Keyset<Row>,
    {
        let columns = order.columns();
        let tuple = |keys: &[Key]| Expr::tuple(keys.iter().map(Key::bind));
        let row = || Expr::tuple(columns.iter().map(|(column, _)| column.clone()));
        for (bound, upwards) in [
            (&self.after, !order.descending()),
            (&self.before, order.descending()),
        ] {
            if let Some(keys) = bound {
                let condition = if upwards {
                    row().gt(tuple(keys))
                } else {
                    row().lt(tuple(keys))
                };
                select = select.filter(condition);
            }
        }
        let direction = if order.descending() == self.backward {
            Order::Asc
        } else {
            Order::Desc
        };
        for (column, _) in columns {
            select = select.order_by(column, direction.clone());
        }
        select.limit(self.size + 1)
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
    /// Whether rows come before these.
    pub has_previous: bool,
    /// Whether rows come after these.
    pub has_next: bool,
}
