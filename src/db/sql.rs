//! SQL written by hand, for what is set-based: one statement for a thousand rows, in the caller's transaction.
//!
//! Rows go in as one JSON parameter that `jsonb_to_recordset` takes apart. So a statement has the same text, and
//! one prepared plan, however many rows there are, and never meets the limit of 65,535 parameters.

use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use serde::Serialize;

/// A statement with its values for `$1`, `$2`, ...
pub fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Runs a statement; gives how many rows it changed.
pub async fn execute(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64> {
    Ok(db.execute_raw(statement(sql, values)).await?.rows_affected())
}

/// Runs a statement; gives its rows.
pub async fn rows<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    Ok(T::find_by_statement(statement(sql, values)).all(db).await?)
}

/// Runs a statement that gives at most one row.
pub async fn row<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<T>> {
    Ok(T::find_by_statement(statement(sql, values)).one(db).await?)
}

/// Rows as one parameter for `jsonb_to_recordset($n)`.
pub fn recordset<T: Serialize>(rows: &[T]) -> Result<Value> {
    Ok(serde_json::to_value(rows).map_err(Error::internal)?.into())
}
