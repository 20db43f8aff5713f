//! Monthly partitions of the trail: created ahead, detached when they are old, attached again.
//!
//! A detached month is a table of its own with all its rows: it can be dumped, read, verified and attached again. Nothing
//! here deletes anything; an operator who no longer needs the rows drops the table.

use crate::db::sql;
use crate::error::{Error, Result};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::fmt;
use std::str::FromStr;

/// Creates the partitions of this month and the three after it, and returns the number of new ones. A write to the trail
/// without a partition fails, so this runs at every start and daily.
pub async fn make_partitions(db: &impl ConnectionTrait) -> Result<i32> {
    #[derive(FromQueryResult)]
    struct PartitionsMadeRow {
        made: i32,
    }
    let made: Option<PartitionsMadeRow> =
        sql::row(db, "SELECT tag_audit_make_partitions(3) AS made", []).await?;
    Ok(made.map_or(0, |row| row.made))
}

/// Month of the trail, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// Month of a time.
    pub fn of(time: DateTime<Utc>) -> Self {
        let day = time.date_naive();
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Month that is this many months earlier.
    #[must_use]
    pub fn earlier(self, months: u32) -> Self {
        Self(
            self.0
                .checked_sub_months(Months::new(months))
                .unwrap_or(NaiveDate::MIN),
        )
    }

    /// Name of its partition.
    pub fn partition(self) -> String {
        self.0.format("tag_audit_%Y_%m").to_string()
    }

    /// Month of a partition, by its name.
    pub fn of_partition(name: &str) -> Option<Self> {
        name.strip_prefix("tag_audit_")?.replace('_', "-").parse().ok()
    }

    /// `FROM` and `TO` of its partition.
    fn bounds(self) -> String {
        let next = self
            .0
            .checked_add_months(Months::new(1))
            .unwrap_or(NaiveDate::MAX);
        format!("FROM ('{} 00:00:00+00') TO ('{next} 00:00:00+00')", self.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        day.ok()
            .filter(|_| text.len() == 7)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no month like 2026-01"))
    }
}

/// State of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionState {
    /// The rows are part of the trail.
    Attached,
    /// The rows are in a table outside the trail.
    Detached,
    /// The table was detached and then dropped.
    Dropped,
    /// The table does not exist, though it was not detached.
    Missing,
}

/// Partition that exists, or that has seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Name of the table.
    pub name: String,
    pub state: PartitionState,
}

/// All partitions, the oldest first.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Partition>> {
    #[derive(FromQueryResult)]
    struct PartitionRow {
        name: String,
        exists: bool,
        attached: bool,
        detached: bool,
    }
    let rows: Vec<PartitionRow> = sql::rows(
        db,
        "SELECT name, c.oid IS NOT NULL AS exists, i.inhrelid IS NOT NULL AS attached,
                d.partition IS NOT NULL AS detached
           FROM (SELECT relname::text FROM pg_class
                  WHERE relkind = 'r' AND relname ~ '^tag_audit_[0-9]{4}_[0-9]{2}$' AND pg_table_is_visible(oid)
                  UNION SELECT partition FROM tag_audit_seals UNION SELECT partition FROM tag_audit_detached) n(name)
           LEFT JOIN pg_class c ON c.oid = to_regclass(quote_ident(name))
           LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = 'tag_audit'::regclass
           LEFT JOIN tag_audit_detached d ON d.partition = name
          ORDER BY name",
        [],
    )
    .await?;
    let known = rows
        .into_iter()
        .filter(|row| Month::of_partition(&row.name).is_some());
    Ok(known
        .map(|row| Partition {
            state: match (row.exists, row.attached, row.detached) {
                (true, true, _) => PartitionState::Attached,
                (true, false, _) => PartitionState::Detached,
                (false, _, true) => PartitionState::Dropped,
                (false, _, false) => PartitionState::Missing,
            },
            name: row.name,
        })
        .collect())
}

/// Detaches the months before `before`, the oldest first, and returns them. Readers and writers are not blocked. Refuses
/// months that are not over.
pub async fn detach(db: &DatabaseConnection, before: Month, now: DateTime<Utc>) -> Result<Vec<Month>> {
    if before > Month::of(now) {
        return Err(Error::invalid(
            "before",
            format!("{before} is not over: this month stays in the trail"),
        ));
    }
    let mut detached = Vec::new();
    for partition in all(db).await? {
        let Some(month) = Month::of_partition(&partition.name).filter(|month| *month < before) else {
            continue;
        };
        if partition.state == PartitionState::Attached {
            detach_month(db, &partition.name).await?;
            detached.push(month);
        }
    }
    Ok(detached)
}

async fn detach_month(db: &DatabaseConnection, name: &str) -> Result<()> {
    #[derive(FromQueryResult)]
    struct DetachPendingRow {
        pending: bool,
    }
    // Recorded first: a month that is recorded and still attached counts as attached.
    sql::execute(
        db,
        "INSERT INTO tag_audit_detached (partition) VALUES ($1)
         ON CONFLICT (partition) DO UPDATE SET detached_at = now()",
        [name.into()],
    )
    .await?;
    let pending: Option<DetachPendingRow> = sql::row(
        db,
        "SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = $1::regclass",
        [name.into()],
    )
    .await?;
    // An interrupted detachment is completed. CONCURRENTLY waits for readers of the month, and blocks nobody.
    let mode = if pending.is_some_and(|row| row.pending) {
        "FINALIZE"
    } else {
        "CONCURRENTLY"
    };
    let detach = format!("ALTER TABLE tag_audit DETACH PARTITION {name} {mode}");
    db.execute_unprepared(&detach).await?;
    Ok(())
}

/// Attaches a month to the trail again.
pub async fn attach(db: &DatabaseConnection, month: Month) -> Result<()> {
    let name = month.partition();
    let partition = all(db)
        .await?
        .into_iter()
        .find(|partition| partition.name == name);
    match partition.map(|partition| partition.state) {
        Some(PartitionState::Detached) => {}
        Some(PartitionState::Attached) => {
            return Err(Error::invalid("month", format!("{month} is in the trail")));
        }
        _ => {
            return Err(Error::not_found(
                "month",
                format!("table {name}: restore it first"),
            ));
        }
    }
    let attach = format!(
        "ALTER TABLE tag_audit ATTACH PARTITION {name} FOR VALUES {}",
        month.bounds()
    );
    db.execute_unprepared(&attach).await?;
    sql::execute(
        db,
        "DELETE FROM tag_audit_detached WHERE partition = $1",
        [name.into()],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_shown_alike() {
        let month: Month = "2026-01".parse().unwrap();
        assert_eq!(month.to_string(), "2026-01");
        assert_eq!(month.partition(), "tag_audit_2026_01");
        assert_eq!(Month::of_partition("tag_audit_2026_01"), Some(month));
        assert_eq!(month.earlier(2).to_string(), "2025-11");
        assert_eq!(
            month.bounds(),
            "FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00')"
        );
        for text in ["2026-13", "2026-1", "2026", "26-01", "2026-01-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
        assert_eq!(Month::of_partition("tag_audit_seals"), None);
    }
}
