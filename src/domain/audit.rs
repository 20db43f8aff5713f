//! The audit trail: every change to a tag writes one row in its own transaction. In commit order the trail is the
//! event log, see [`super::events`].
//!
//! Changes are sets, so the trail is written by the statement that makes them: a change is a `WITH ... changed AS
//! (INSERT or UPDATE virtual_tags ... RETURNING *, <action>, <old_value>, <old_status>)`, and [`with_trail`] adds
//! what copies those rows into `tag_audit`.

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

/// Who makes a change, and why; the same for all rows of a statement.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The actor's name.
    pub actor: String,
    /// What the actor said of it.
    pub reason: Option<String>,
    /// The run that did it in the actor's name.
    pub run_id: Option<i64>,
}

/// Runs a change of tags, writes its trail and has the event announced with the commit; gives the changed rows.
///
/// `change` is the text of the common table expressions up to and including one named `changed`, without `WITH`,
/// over `$1..$n` for `values`. `changed` has all columns of `virtual_tags` as they are after the change, and
/// `action`, `old_value`, `old_status` besides.
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

/// Which tag a change was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChangedTag {
    /// The tag.
    pub id: i64,
    /// Its resource.
    pub resource_id: i64,
}

/// As [`with_trail`], but gives only which tags changed: for those who have no use for the rest.
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

/// As [`with_trail`], but gives only how many tags changed: for changes of any size.
pub async fn count_with_trail(
    txn: &Transaction,
    change: &str,
    values: Vec<Value>,
    cause: &Cause,
) -> Result<u64> {
    #[derive(FromQueryResult)]
    struct Changed {
        count: i64,
    }
    announce(txn);
    let statement = statement(change, values.len(), "count(*) AS count FROM changed");
    let changed: Option<Changed> = sql::row(txn, &statement, values.into_iter().chain(binds(cause))).await?;
    Ok(changed.map_or(0, |row| row.count.unsigned_abs()))
}

/// A change over `n` values, its trail over those of [`binds`] behind them, and what is to be known of it.
fn statement(change: &str, n: usize, answer: &str) -> String {
    format!(
        "WITH {change}, trail AS (
            INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id,
                action, tag_key, old_value, new_value, old_status, new_status, source, confidence, auto_applied,
                actor, reason, run_id)
            SELECT c.resource_id, r.resource_id, c.cloud, c.account_id, c.resource_type, c.id,
                c.action, c.tag_key, c.old_value,
                CASE WHEN c.action <> 'DELETED' THEN c.tag_value END, c.old_status,
                CASE WHEN c.action <> 'DELETED' THEN c.approval_status END, c.source, c.confidence, c.auto_applied,
                ${}, ${}, ${}
            FROM changed c JOIN resources r ON r.id = c.resource_id ORDER BY c.id)
        SELECT {answer}",
        n + 1,
        n + 2,
        n + 3
    )
}

fn binds(cause: &Cause) -> [Value; 3] {
    [
        cause.actor.clone().into(),
        cause.reason.clone().into(),
        cause.run_id.into(),
    ]
}
