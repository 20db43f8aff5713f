//! Rows of the database as lines of CSV: comma, CRLF, UTF-8, cells guarded against spreadsheets.

use super::{Column, guard};
use crate::error::{Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::QueryResult;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How a column of a row is written. What is NULL becomes an empty cell.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Text,
    Number,
    Flag,
    Confidence,
    Time,
    /// A JSON object, whose keys are put in order.
    Tags,
}

/// The header of a list, and how its rows are written: the key, which comes first in a row, is not.
#[derive(Debug)]
pub(super) struct Columns(&'static [(&'static str, Cell)]);

/// What an import of resources reads, in the order of [`Column::ALL`].
pub(super) const RESOURCES: Columns = Columns(&[
    (Column::Cloud.name(), Cell::Text),
    (Column::AccountId.name(), Cell::Text),
    (Column::ResourceType.name(), Cell::Text),
    (Column::ResourceId.name(), Cell::Text),
    (Column::Name.name(), Cell::Text),
    (Column::Region.name(), Cell::Text),
    (Column::CreatedAt.name(), Cell::Time),
    (Column::NativeTags.name(), Cell::Tags),
]);

/// What an import of tags reads, and more.
pub(super) const TAGS: Columns = Columns(&[
    ("cloud", Cell::Text),
    ("account_id", Cell::Text),
    ("resource_type", Cell::Text),
    ("resource_id", Cell::Text),
    ("name", Cell::Text),
    ("tag_key", Cell::Text),
    ("tag_value", Cell::Text),
    ("source", Cell::Text),
    ("confidence", Cell::Confidence),
    ("auto_applied", Cell::Flag),
    ("approval_status", Cell::Text),
    ("decided_by", Cell::Text),
    ("decided_at", Cell::Time),
    ("decision_reason", Cell::Text),
]);

/// What a run refused.
pub(super) const REJECTIONS: Columns = Columns(&[
    ("line", Cell::Number),
    ("column", Cell::Text),
    ("value", Cell::Text),
    ("reason", Cell::Text),
]);

impl Columns {
    /// The rows as text, after the header where it is wanted.
    pub fn text(&self, has_header: bool, rows: &[QueryResult]) -> Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::with_capacity(rows.len() * 256));
        if has_header {
            writer
                .write_record(self.0.iter().map(|(name, _)| name))
                .map_err(Error::internal)?;
        }
        for row in rows {
            let row = row
                .try_as_pg_row()
                .ok_or_else(|| Error::internal("a row that is not PostgreSQL's"))?;
            for (index, (_, cell)) in (1..).zip(self.0) {
                let text = text(row, index, *cell)?;
                writer
                    .write_field(guard(&text).as_bytes())
                    .map_err(Error::internal)?;
            }
            writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
        }
        writer
            .into_inner()
            .map_err(|error| Error::internal(error.error()))
    }
}

fn text(row: &PgRow, index: usize, cell: Cell) -> Result<Cow<'_, str>> {
    Ok(match cell {
        Cell::Text => Cow::Borrowed(row.try_get::<Option<&str>, _>(index)?.unwrap_or_default()),
        Cell::Number => shown(row.try_get::<Option<i64>, _>(index)?),
        Cell::Flag => shown(row.try_get::<Option<bool>, _>(index)?),
        Cell::Confidence => shown(row.try_get::<Option<f64>, _>(index)?),
        Cell::Time => {
            let time: Option<DateTime<Utc>> = row.try_get(index)?;
            shown(time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        Cell::Tags => {
            let tags: Option<&str> = row.try_get(index)?;
            Cow::Owned(canonical(tags.unwrap_or("{}"))?)
        }
    })
}

fn shown(value: Option<impl ToString>) -> Cow<'static, str> {
    value.map_or(Cow::Borrowed(""), |value| Cow::Owned(value.to_string()))
}

/// In the order of keys, so that two exports of the same resources are equal bytes whatever keeps them.
fn canonical(tags: &str) -> Result<String> {
    let tags: BTreeMap<Cow<'_, str>, Value> = serde_json::from_str(tags).map_err(Error::internal)?;
    serde_json::to_string(&tags).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::{RESOURCES, canonical};
    use crate::domain::csv::Column;

    #[test]
    fn resources_come_in_the_columns_that_an_import_reads() {
        let names: Vec<_> = RESOURCES.0.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, Column::ALL.map(Column::name));
    }

    #[test]
    fn tags_are_sorted_and_compact() {
        let text = r#"{"b": "=1", "aa": "é\"\n", "B": "x"}"#;
        assert_eq!(canonical(text).unwrap(), r#"{"B":"x","aa":"é\"\n","b":"=1"}"#);
    }
}
