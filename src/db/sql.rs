//! SQL written by hand, for what is set-based: one statement for a thousand rows, in the caller's transaction.
//!
//! Rows go in as one JSON parameter that `jsonb_to_recordset` takes apart. So a statement has the same text, and
//! one prepared plan, however many rows there are, and never meets the limit of 65,535 parameters.

use super::connection::STALE_PLANS;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, RuntimeErr, Statement, Value};
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
    let found = T::find_by_statement(statement(sql, values)).all(db).await;
    found.map_err(note_stale_plan)
}

/// Runs a statement that gives at most one row.
pub async fn row<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<T>> {
    let found = T::find_by_statement(statement(sql, values)).one(db).await;
    found.map_err(note_stale_plan)
}

/// A migration, by a newer version, gave a table another column, and the connection had planned a statement before that
/// gives all columns: it would refuse that statement for as long as it lives. So would the others, which are replaced.
fn note_stale_plan(error: DbErr) -> Error {
    let error = Error::from(error);
    if error.is_stale_plan() {
        STALE_PLANS.now();
    }
    error
}

/// Changed rows from which on it is worth it to look at a table anew.
const ANALYZE_FROM: i64 = 10_000;

/// Has the planner look at tables anew when a run has changed many of their rows: autovacuum comes in a minute or later,
/// and until then totals are estimated, and plans made, as if nothing had changed. Without success it stays so.
pub async fn analyze_after(db: &impl ConnectionTrait, changed: i64, tables: &str) {
    if changed < ANALYZE_FROM {
        return;
    }
    // Whoever holds a table for longer looks at it, too.
    let analyze = format!("ANALYZE (SKIP_LOCKED) {tables}");
    if let Err(error) = db.execute_unprepared(&analyze).await {
        Error::from(error).log("the planner's figures stay old for a while");
    }
}

/// Rows as one parameter for `jsonb_to_recordset($n)`.
pub fn recordset<T: Serialize>(rows: &[T]) -> Result<Value> {
    Ok(serde_json::to_value(rows).map_err(Error::internal)?.into())
}

/// Message of PostgreSQL, when it was PostgreSQL that refused.
fn refusal(error: &Error) -> Option<&dyn sqlx::error::DatabaseError> {
    match error {
        Error::Database(
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)),
        ) => error.as_database_error(),
        _ => None,
    }
}

/// Tells whether PostgreSQL refused the rows themselves (their values, a constraint, a limit of size), so that other rows
/// may pass, and these fail again. Not so a row that finds no partition: that says nothing of the row.
pub fn refuses_rows(error: &Error) -> bool {
    let Some(refusal) = refusal(error) else {
        return false;
    };
    match refusal.code().as_deref() {
        Some("23514") => refusal.constraint().is_some(),
        Some(code) => ["22", "23", "54"].contains(&&code[..2.min(code.len())]),
        None => false,
    }
}

/// Tells whether PostgreSQL refused a key that another row has.
pub fn is_taken(error: &Error) -> bool {
    let code = refusal(error).and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("23505")
}

/// Runs a whole transaction, once more when PostgreSQL ended it to let another go on (a deadlock, or a serialisation
/// failure), three times at most.
pub async fn retried<T, F>(mut transaction: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut again = 2;
    loop {
        match transaction().await {
            Err(error) if again > 0 && gave_way(&error) => again -= 1,
            done => return done,
        }
    }
}

fn gave_way(error: &Error) -> bool {
    let code = refusal(error).and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
