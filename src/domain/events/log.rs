//! Logs: the tables that can be followed.

use super::{Event, LogPosition};
use crate::db::sql;
use crate::entities::{resource, tag_audit};
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult, QueryResult};
use std::time::Duration;

/// Table whose rows can be read in commit order.
pub trait Log: Send + Sync + 'static {
    /// Row of the log.
    type Row: FromQueryResult + Clone + Send + Sync + 'static;
    /// Name for logs and metrics.
    const NAME: &'static str;
    /// Reads rows behind the position `$1`, `$2`, at most `$3` of them.
    const READ: &'static str;
    /// Reads the position of the last row that can be read.
    const HEAD: &'static str;
    /// Reads `seconds`, the age of the oldest row behind the position `$1`, `$2`, even if it cannot be read yet.
    const OLDEST: &'static str;
}

/// Log `tag_audit`: every change of a tag. The `xid` of a row is not below the id of the transaction that wrote it, see
/// migration `0009_event_order`.
pub struct TagLog;

impl Log for TagLog {
    type Row = tag_audit::Model;
    const NAME: &'static str = "tags";
    const READ: &'static str = "SELECT *, xid::text::bigint AS log_xid FROM tag_audit
         WHERE (xid, id) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid, id LIMIT $3";
    const HEAD: &'static str = "SELECT xid::text::bigint AS log_xid, id FROM tag_audit
         WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, id DESC LIMIT 1";
    const OLDEST: &'static str = r#"SELECT extract(epoch FROM clock_timestamp() - "timestamp")::float8 AS seconds
         FROM tag_audit WHERE (xid, id) > ($1::text::xid8, $2) ORDER BY xid, id LIMIT 1"#;
}

/// Table `resources` as a compacted log: each resource is at its last change, so one that changed twice while a subscriber
/// was disconnected is delivered once, as it is now.
pub struct ResourceLog;

impl Log for ResourceLog {
    type Row = resource::Model;
    const NAME: &'static str = "resources";
    const READ: &'static str = "SELECT *, changed_xid::text::bigint AS log_xid FROM resources
         WHERE (changed_xid, id) > ($1::text::xid8, $2) AND changed_xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY changed_xid, id LIMIT $3";
    const HEAD: &'static str = "SELECT changed_xid::text::bigint AS log_xid, id FROM resources
         WHERE changed_xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY changed_xid DESC, id DESC LIMIT 1";
    const OLDEST: &'static str =
        "SELECT extract(epoch FROM clock_timestamp() - changed_at)::float8 AS seconds
         FROM resources WHERE (changed_xid, id) > ($1::text::xid8, $2) ORDER BY changed_xid, id LIMIT 1";
}

impl FromQueryResult for LogPosition {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        Ok(Self {
            xid: row.try_get(prefix, "log_xid")?,
            id: row.try_get(prefix, "id")?,
        })
    }
}

impl<T: FromQueryResult> FromQueryResult for Event<T> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        Ok(Self {
            cursor: LogPosition::from_query_result(row, prefix)?,
            row: T::from_query_result(row, prefix)?,
        })
    }
}

/// Reads at most `limit` events behind `after`, in order.
pub async fn read<L: Log>(
    db: &DatabaseConnection,
    after: LogPosition,
    limit: i64,
) -> Result<Vec<Event<L::Row>>> {
    sql::rows(
        db,
        L::READ,
        [after.xid.to_string().into(), after.id.into(), limit.into()],
    )
    .await
}

/// Position of the last event that can be read; the beginning if there is none.
pub async fn head<L: Log>(db: &DatabaseConnection) -> Result<LogPosition> {
    Ok(sql::row(db, L::HEAD, []).await?.unwrap_or_default())
}

/// Age of the oldest event behind `head`; zero if there is none.
pub async fn age_behind<L: Log>(db: &DatabaseConnection, head: LogPosition) -> Result<Duration> {
    #[derive(FromQueryResult)]
    struct EventAgeRow {
        seconds: f64,
    }
    let oldest: Option<EventAgeRow> =
        sql::row(db, L::OLDEST, [head.xid.to_string().into(), head.id.into()]).await?;
    // The clock may have been set back since.
    Ok(Duration::from_secs_f64(
        oldest.map_or(0.0, |age| age.seconds.max(0.0)),
    ))
}
