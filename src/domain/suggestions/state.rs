//! Changes that suggestions were not yet mined with.

use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// Notes, in the transaction of a change or after it, that suggestions are to be mined again.
pub async fn note_changes(txn: &impl ConnectionTrait) -> Result<()> {
    sql::execute(txn, "UPDATE suggestion_state SET changes = changes + 1", []).await?;
    Ok(())
}

/// Number of the changes so far, and of those that the suggestions were mined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct MiningState {
    pub(super) changes: i64,
    pub(super) mined: i64,
}

pub(super) async fn current(db: &impl ConnectionTrait) -> Result<MiningState> {
    let state = sql::row(db, "SELECT changes, mined FROM suggestion_state", []).await?;
    state.ok_or_else(|| Error::internal("suggestion_state has lost its row"))
}

/// Notes that the suggestions were mined with the changes so far.
pub(super) async fn note_mined(txn: &impl ConnectionTrait, changes: i64) -> Result<()> {
    let mined = "UPDATE suggestion_state SET mined = greatest(mined, $1)";
    sql::execute(txn, mined, [changes.into()]).await?;
    Ok(())
}
