//! The revision under which resources are evaluated: it rises when rules, vocabulary, model or thresholds change,
//! and every resource that was evaluated under a lower one is due again.

use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// The revision, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct State {
    pub revision: i64,
    /// Of the engine's settings, see [`adopt`]; empty before any engine started.
    pub fingerprint: String,
}

/// The present revision.
pub async fn current(db: &impl ConnectionTrait) -> Result<State> {
    let state: Option<State> = sql::row(db, "SELECT revision, fingerprint FROM engine_state", []).await?;
    state.ok_or_else(lost)
}

/// Raises the revision in the transaction of a change. The row's lock, held until the commit, puts all changes
/// in one order: who reads revision N sees every change up to N.
pub async fn raise(txn: &impl ConnectionTrait) -> Result<i64> {
    let raise = "UPDATE engine_state SET revision = revision + 1, updated_at = now()
                 RETURNING revision, fingerprint";
    let state: Option<State> = sql::row(txn, raise, []).await?;
    Ok(state.ok_or_else(lost)?.revision)
}

/// Raises the revision when the engine itself is another than the last one that started: `fingerprint` stands for
/// its vocabulary, model and thresholds.
pub async fn adopt(db: &impl ConnectionTrait, fingerprint: &str) -> Result<i64> {
    let adopt = "UPDATE engine_state SET revision = revision + 1, fingerprint = $1, updated_at = now()
                  WHERE fingerprint <> $1 RETURNING revision, fingerprint";
    match sql::row::<State>(db, adopt, [fingerprint.into()]).await? {
        Some(state) => Ok(state.revision),
        None => Ok(current(db).await?.revision),
    }
}

/// Makes resources due whatever they were evaluated under, in the transaction of a change to their tags: conditions of
/// rules look at what is approved. Who calls holds the resources' rows.
pub async fn make_due(txn: &impl ConnectionTrait, resource_ids: Vec<i64>) -> Result<()> {
    let make_due = "UPDATE evaluations SET revision = 0 WHERE resource_id = ANY($1)";
    sql::execute(txn, make_due, [resource_ids.into()]).await?;
    Ok(())
}

fn lost() -> Error {
    Error::internal("engine_state has lost its row")
}
