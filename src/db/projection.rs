//! Projections: the columns of a table that a statement reads, and their decoder by position. By name, as the entities do
//! it, each column of each row costs an allocation and a search; and a column that nobody asked for costs as much as one
//! that is shown.

use super::reads::by_key;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryResult, QuerySelect, QueryTrait, Select, TryGetable,
};
use serde_json::Value;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// Table whose rows can be read with some of their columns; see [`projected!`].
pub trait Projected: EntityTrait {
    /// All columns, in the order in which they are read.
    const COLUMNS: &'static [Self::Column];
    /// Columns that are always read: the id, and those of the orders of lists and of look-ups.
    const KEYS: &'static [Self::Column];

    /// Position of a column among all of them.
    fn position(column: Self::Column) -> usize;

    /// Decodes the columns of a row; the others have values that mean nothing.
    fn decode(row: &mut PositionalRow<'_>, columns: Columns<Self>) -> Result<Self::Model, DbErr>;
}

/// Set of columns of a table, always with the keys.
#[derive(Clone, Copy)]
pub struct Columns<E: Projected> {
    bits: u64,
    table: PhantomData<fn() -> E>,
}

impl<E: Projected> Columns<E> {
    fn of(columns: &[E::Column]) -> Self {
        let bits = columns.iter().fold(0, |bits, column| bits | Self::bit(*column));
        Self {
            bits,
            table: PhantomData,
        }
    }

    fn bit(column: E::Column) -> u64 {
        1 << E::position(column)
    }

    /// Keys and no other column.
    pub fn keys() -> Self {
        Self::of(E::KEYS)
    }

    /// All columns.
    pub fn all() -> Self {
        Self::of(E::COLUMNS)
    }

    /// Columns with these names, in `camelCase` or `snake_case`; all columns if one of the names is none of a column.
    pub fn named(names: &[&str]) -> Self {
        let found: Result<Vec<_>, _> = names.iter().map(|name| E::Column::from_str(name)).collect();
        found.map_or_else(|_unknown| Self::all(), |found| Self::keys() | Self::of(&found))
    }

    /// True if the column is one of them.
    pub fn contains(self, column: E::Column) -> bool {
        self.bits & Self::bit(column) != 0
    }

    /// Columns in the order in which they are read.
    pub fn iter(self) -> impl Iterator<Item = E::Column> {
        let all = E::COLUMNS.iter().copied();
        all.filter(move |column| self.contains(*column))
    }

    /// Query that reads these columns.
    pub fn select(self, query: Select<E>) -> Select<E> {
        query.select_only().columns(self.iter())
    }

    /// Adds these columns to a query that has the table, or a subquery with its name.
    pub fn add_to(self, query: &mut SelectStatement) {
        for column in self.iter() {
            query.column((E::default(), column));
        }
    }

    /// Reads these columns of all rows of a query that looks rows up by keys.
    pub async fn by_key(self, db: &impl ConnectionTrait, query: Select<E>) -> Result<Vec<E::Model>> {
        let statement = by_key(self.select(query).build(DbBackend::Postgres));
        let rows = db.query_all_raw(statement).await?;
        let rows: Result<_, DbErr> = rows.iter().map(|row| self.decode(row)).collect();
        Ok(rows?)
    }

    /// Decodes a row of which these columns come first.
    pub fn decode(self, row: &QueryResult) -> Result<E::Model, DbErr> {
        E::decode(&mut PositionalRow::new(row, 0), self)
    }
}

impl<E: Projected> std::ops::BitOr for Columns<E> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            bits: self.bits | other.bits,
            table: PhantomData,
        }
    }
}

impl<E: Projected> PartialEq for Columns<E> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<E: Projected> Eq for Columns<E> {}

impl<E: Projected> Hash for Columns<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}

impl<E: Projected> fmt::Debug for Columns<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Decoder of a row that takes one column after the other.
pub struct PositionalRow<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> PositionalRow<'a> {
    /// Decoder of a row from a position on.
    pub fn new(row: &'a QueryResult, next: usize) -> Self {
        Self { row, next }
    }

    /// The row with all columns.
    pub const fn all(&self) -> &'a QueryResult {
        self.row
    }

    /// Takes the next column.
    pub fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Takes the next column if it is read, else a value that means nothing.
    pub fn take_if<T: TryGetable + Unread>(&mut self, is_read: bool) -> Result<T, DbErr> {
        if is_read { self.take() } else { Ok(T::UNREAD) }
    }

    /// True if the next column, which must be a number, is null: the row of an outer join has no partner.
    pub fn is_null(&self) -> Result<bool, DbErr> {
        let value: Option<i64> = self.row.try_get_by_index(self.next)?;
        Ok(value.is_none())
    }
}

/// Type of a column, with the value that stands for a column that was not read.
pub trait Unread {
    /// The value.
    const UNREAD: Self;
}

impl<T> Unread for Option<T> {
    const UNREAD: Self = None;
}

/// Implements [`Projected`] for the entity of a module, from the list of its fields and columns, with a test of the list.
macro_rules! projected {
    ($entity:ident, $test:ident, keys [$($key:ident),*], $($field:ident: $column:ident),* $(,)?) => {
        impl $crate::db::projection::Projected for $entity::Entity {
            const COLUMNS: &'static [$entity::Column] = &[$($entity::Column::$column),*];
            const KEYS: &'static [$entity::Column] = &[$($entity::Column::$key),*];

            fn position(column: $entity::Column) -> usize {
                column as usize
            }

            fn decode(
                row: &mut $crate::db::projection::PositionalRow<'_>,
                columns: $crate::db::projection::Columns<Self>,
            ) -> Result<$entity::Model, sea_orm::DbErr> {
                Ok($entity::Model {
                    $($field: row.take_if(columns.contains($entity::Column::$column))?,)*
                })
            }
        }

        #[cfg(test)]
        mod $test {
            use crate::entities::$entity::Column;
            use sea_orm::{IdenStatic, Iterable};

            #[test]
            fn each_field_is_read_from_its_own_column() {
                let listed = [$((stringify!($field), Column::$column)),*];
                for (field, column) in listed {
                    assert_eq!(field, column.as_str());
                }
                let read: Vec<_> = listed.iter().map(|(_, column)| column.as_str()).collect();
                let all: Vec<_> = Column::iter().map(|column| column.as_str()).collect();
                assert_eq!(read, all);
            }
        }
    };
}

/// Declares the values that stand for columns that were not read.
macro_rules! unread {
    ($($column:ty: $value:expr),* $(,)?) => {
        $(impl $crate::db::projection::Unread for $column {
            const UNREAD: Self = $value;
        })*
    };
}

unread! {
    String: String::new(),
    bool: false,
    i64: 0,
    f64: 0.0,
    DateTime<Utc>: DateTime::<Utc>::UNIX_EPOCH,
    Value: Value::Null,
}

pub(crate) use {projected, unread};
