//! Revision and generation of the engine.
//!
//! The **revision** is what resources are evaluated under: it rises when a change of rules, vocabulary, model or thresholds may
//! affect every resource, and each one that was evaluated under a lower revision is due again. The **generation** is what engines
//! are loaded under: it rises with every such change. A change whose resources are known raises the generation alone
//! ([`raise_generation`]) and makes those resources due ([`make_affected_due`]).
//!
//! No resource is left as an engine of an older generation evaluated it. A chunk of evaluation holds the generation
//! ([`hold_generation`]) until its commit, and evaluates nothing when it has moved. A change of the generation waits for the
//! chunks in progress and keeps others from beginning; so what it then finds to be affected is all that is, and whatever becomes
//! due later is evaluated by engines that have loaded the change. A change of the revision waits for nobody: each chunk marks
//! its resources with the revision of its engine, and a lower one stays due.

use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// Key of the advisory lock on the generation; any number that nothing else in the database uses.
const LOCK_KEY: i64 = 0x0076_745f_6765_6e72;

/// Resources that are made due one by one at most; above, all are.
pub const MOST_AFFECTED: usize = 100_000;

/// Resources made due by one statement.
const PART: usize = 10_000;

/// Revision and generation, and the fingerprint of the engine that they belong to.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct EngineState {
    pub revision: i64,
    pub generation: i64,
    /// Fingerprint of the engine's settings, see [`adopt`]; empty before any engine started.
    pub fingerprint: String,
}

/// Reads the present revision and generation.
pub async fn current(db: &impl ConnectionTrait) -> Result<EngineState> {
    let current = "SELECT revision, generation, fingerprint FROM engine_state";
    let state: Option<EngineState> = sql::row(db, current, []).await?;
    state.ok_or_else(lost)
}

/// Keeps the generation as it is until the end of the transaction, and reads it: what it gives includes every change that was
/// committed. Waits for a change in progress; the transaction holds no row yet.
pub async fn hold_generation(txn: &impl ConnectionTrait) -> Result<EngineState> {
    sql::execute(txn, "SELECT pg_advisory_xact_lock_shared($1)", [LOCK_KEY.into()]).await?;
    current(txn).await
}

/// Raises the revision and the generation in the transaction of a change. The lock on the row, held until the commit, makes
/// changes serial: a reader of revision N sees every change up to N.
pub async fn raise(txn: &impl ConnectionTrait) -> Result<i64> {
    let raise = "UPDATE engine_state
                    SET revision = revision + 1, generation = generation + 1, updated_at = now()
                 RETURNING revision, generation, fingerprint";
    let state: Option<EngineState> = sql::row(txn, raise, []).await?;
    Ok(state.ok_or_else(lost)?.revision)
}

/// Raises the generation alone, in the transaction of a change whose resources are made due by [`make_affected_due`].
/// The first statement of that transaction: chunks in progress are waited for, and none begins before the commit. The
/// affected resources are to be looked for after it, in the same transaction.
pub async fn raise_generation(txn: &impl ConnectionTrait) -> Result<()> {
    sql::execute(txn, "SELECT pg_advisory_xact_lock($1)", [LOCK_KEY.into()]).await?;
    let raise = "UPDATE engine_state SET generation = generation + 1, updated_at = now()";
    sql::execute(txn, raise, []).await?;
    Ok(())
}

/// Raises revision and generation if the engine differs from the last one that started: `fingerprint` identifies its vocabulary,
/// model and thresholds.
pub async fn adopt(db: &impl ConnectionTrait, fingerprint: &str) -> Result<i64> {
    let adopt = "UPDATE engine_state
                    SET revision = revision + 1, generation = generation + 1, fingerprint = $1, updated_at = now()
                  WHERE fingerprint <> $1 RETURNING revision, generation, fingerprint";
    match sql::row::<EngineState>(db, adopt, [fingerprint.into()]).await? {
        Some(state) => Ok(state.revision),
        None => Ok(current(db).await?.revision),
    }
}

/// Makes resources due regardless of their revision, in the transaction of a change to their tags: conditions of rules
/// read approved tags. The caller holds the rows of the resources.
pub async fn make_due(txn: &impl ConnectionTrait, resource_ids: Vec<i64>) -> Result<()> {
    // In one order, whoever asks: two that make the same resources due wait for each other in turn.
    let make_due = "WITH held AS (
             SELECT resource_id FROM evaluations WHERE resource_id = ANY($1) ORDER BY resource_id FOR NO KEY UPDATE)
         UPDATE evaluations e SET revision = 0 FROM held WHERE e.resource_id = held.resource_id";
    sql::execute(txn, make_due, [resource_ids.into()]).await?;
    Ok(())
}

/// Makes the resources due that a change affects, after [`raise_generation`] in the same transaction. When they are more than
/// [`MOST_AFFECTED`] all resources are made due: that is one row rather than a million.
pub async fn make_affected_due(txn: &impl ConnectionTrait, mut resource_ids: Vec<i64>) -> Result<()> {
    if resource_ids.len() > MOST_AFFECTED {
        return raise(txn).await.map(drop);
    }
    resource_ids.sort_unstable();
    resource_ids.dedup();
    for part in resource_ids.chunks(PART) {
        make_due(txn, part.to_vec()).await?;
    }
    Ok(())
}

fn lost() -> Error {
    Error::internal("engine_state has lost its row")
}
