//! Revision under which resources are evaluated. It rises when rules, vocabulary, model or thresholds change, and every
//! resource that was evaluated under a lower one is due again.

use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// Revision, and the fingerprint of the engine that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct EngineState {
    pub revision: i64,
    /// Fingerprint of the engine's settings, see [`adopt`]; empty before any engine started.
    pub fingerprint: String,
}

/// Reads the present revision.
pub async fn current(db: &impl ConnectionTrait) -> Result<EngineState> {
    let state: Option<EngineState> =
        sql::row(db, "SELECT revision, fingerprint FROM engine_state", []).await?;
    state.ok_or_else(lost)
}

/// Raises the revision in the transaction of a change. The lock on the row, held until the commit, makes changes serial:
/// a reader of revision N sees every change up to N.
pub async fn raise(txn: &impl ConnectionTrait) -> Result<i64> {
    let raise = "UPDATE engine_state SET revision = revision + 1, updated_at = now()
                 RETURNING revision, fingerprint";
    let state: Option<EngineState> = sql::row(txn, raise, []).await?;
    Ok(state.ok_or_else(lost)?.revision)
}

/// Raises the revision if the engine differs from the last one that started: `fingerprint` identifies its vocabulary,
/// model and thresholds.
pub async fn adopt(db: &impl ConnectionTrait, fingerprint: &str) -> Result<i64> {
    let adopt = "UPDATE engine_state SET revision = revision + 1, fingerprint = $1, updated_at = now()
                  WHERE fingerprint <> $1 RETURNING revision, fingerprint";
    match sql::row::<EngineState>(db, adopt, [fingerprint.into()]).await? {
        Some(state) => Ok(state.revision),
        None => Ok(current(db).await?.revision),
    }
}

/// Makes resources due regardless of their revision, in the transaction of a change to their tags: conditions of rules
/// read approved tags. The caller holds the rows of the resources.
pub async fn make_due(txn: &impl ConnectionTrait, resource_ids: Vec<i64>) -> Result<()> {
    let make_due = "UPDATE evaluations SET revision = 0 WHERE resource_id = ANY($1)";
    sql::execute(txn, make_due, [resource_ids.into()]).await?;
    Ok(())
}

fn lost() -> Error {
    Error::internal("engine_state has lost its row")
}
