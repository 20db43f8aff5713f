//! Audit trail: every change of a tag writes one row in its own transaction. In commit order the trail is the event log,
//! see [`super::events`].
//!
//! Changes are sets, so the statement that makes a change writes its trail, too: a change is a `WITH ... changed AS
//! (INSERT or UPDATE virtual_tags ... RETURNING *, <action>, <old_value>, <old_status>)`, to which [`with_trail`] adds
//! the insertion of those rows into `tag_audit`.

pub mod list;
pub mod partitions;
pub mod seal;
pub mod verify;

pub use crate::entities::tag_audit::Model as AuditRow;
pub use partitions::{Month, make_partitions};

use crate::db::{Transaction, sql};
use crate::domain::events::announce;
use crate::error::Result;
use sea_orm::{FromQueryResult, Value};

/// Cause of a change, the same for all rows of a statement.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Subject of the actor.
    pub actor: String,
    /// Reason that the actor gave.
    pub reason: Option<String>,
    /// Run that made the change in the name of the actor.
    pub run_id: Option<i64>,
}

/// Changes tags, writes the trail, announces the events with the commit, and returns the changed rows.
///
/// `change` is the text of the common table expressions up to and including one named `changed`, without `WITH`,
/// over `$1..$n` for `values`. `changed` has all columns of `virtual_tags` as they are after the change, and the columns
/// `action`, `old_value` and `old_status`.
pub async fn with_trail<T: FromQueryResult>(
    txn: &Transaction,
    change: &str,
    values: Vec<Value>,
    cause: &Cause,
) -> Result<Vec<T>> {
    announce(txn);
    let statement = statement(change, values.len(), "* FROM changed ORDER BY id");
    sql::rows(txn, &statement, values.into_iter().chain(binds(cause))).await
}

/// Ids of a tag that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChangedTag {
    /// Id of the tag.
    pub id: i64,
    /// Id of its resource.
    pub resource_id: i64,
}

/// Changes tags as [`with_trail`], and returns only their ids.
pub async fn ids_with_trail(
    txn: &Transaction,
    change: &str,
    values: Vec<Value>,
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    announce(txn);
    let statement = statement(change, values.len(), "id, resource_id FROM changed");
    sql::rows(txn, &statement, values.into_iter().chain(binds(cause))).await
}

/// Changes tags as [`with_trail`], and returns only their number: for changes of any size.
pub async fn count_with_trail(
    txn: &Transaction,
    change: &str,
    values: Vec<Value>,
    cause: &Cause,
) -> Result<u64> {
    #[derive(FromQueryResult)]
    struct ChangedCountRow {
        count: i64,
    }
    announce(txn);
    let statement = statement(change, values.len(), "count(*) AS count FROM changed");
    let changed: Option<ChangedCountRow> =
        sql::row(txn, &statement, values.into_iter().chain(binds(cause))).await?;
    Ok(changed.map_or(0, |row| row.count.unsigned_abs()))
}

/// Changes tags as [`with_trail`] in the name of several actors, and returns only their ids: `changed` has the columns
/// `actor` and `reason`, too.
pub async fn ids_with_own_causes(
    txn: &Transaction,
    change: &str,
    mut values: Vec<Value>,
    run_id: Option<i64>,
) -> Result<Vec<ChangedTag>> {
    announce(txn);
    values.push(run_id.into());
    let causes = format!("c.actor, c.reason, ${}::bigint", values.len());
    let statement = trail(change, &causes, "id, resource_id FROM changed");
    sql::rows(txn, &statement, values).await
}

/// Statement of a change over `n` values, of its trail over the values of [`binds`] behind them, and of the selection of
/// its result.
fn statement(change: &str, n: usize, selection: &str) -> String {
    let causes = format!("${}, ${}, ${}", n + 1, n + 2, n + 3);
    trail(change, &causes, selection)
}

/// Statement of a change, of its trail with `causes` (actor, reason and run), and of the selection of its result.
fn trail(change: &str, causes: &str, selection: &str) -> String {
    format!(
        "WITH {change}, trail AS (
            INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id,
                action, tag_key, old_value, new_value, old_status, new_status, source, confidence, auto_applied,
                actor, reason, run_id)
            SELECT c.resource_id, r.resource_id, c.cloud, c.account_id, c.resource_type, c.id,
                c.action, c.tag_key, c.old_value,
                CASE WHEN c.action <> 'DELETED' THEN c.tag_value END, c.old_status,
                CASE WHEN c.action <> 'DELETED' THEN c.approval_status END, c.source, c.confidence, c.auto_applied,
                {causes}
            FROM changed c JOIN resources r ON r.id = c.resource_id ORDER BY c.id)
        SELECT {selection}"
    )
}

fn binds(cause: &Cause) -> [Value; 3] {
    [
        cause.actor.clone().into(),
        cause.reason.clone().into(),
        cause.run_id.into(),
    ]
}
