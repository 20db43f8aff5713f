//! Layouts of CSV exports, and the rows of the database written in them: comma, CRLF, UTF-8, formulas escaped.

use super::{InventoryColumn, escape_formula};
use crate::error::{Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::QueryResult;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Format of a column. NULL becomes an empty cell.
#[derive(Clone, Copy, Debug)]
enum CellFormat {
    Text,
    Number,
    Flag,
    Confidence,
    Time,
    /// A JSON object, whose keys are put in order.
    Tags,
}

/// Names and formats of the columns of an export. The key, which is the first column of a row, is not written.
#[derive(Debug)]
pub(super) struct CsvLayout(&'static [(&'static str, CellFormat)]);

/// Layout of resources: the columns that an import of resources reads, in the order of [`InventoryColumn::ALL`].
pub(super) const RESOURCES: CsvLayout = CsvLayout(&[
    (InventoryColumn::Cloud.name(), CellFormat::Text),
    (InventoryColumn::AccountId.name(), CellFormat::Text),
    (InventoryColumn::ResourceType.name(), CellFormat::Text),
    (InventoryColumn::ResourceId.name(), CellFormat::Text),
    (InventoryColumn::Name.name(), CellFormat::Text),
    (InventoryColumn::Region.name(), CellFormat::Text),
    (InventoryColumn::CreatedAt.name(), CellFormat::Time),
    (InventoryColumn::NativeTags.name(), CellFormat::Tags),
]);

/// Layout of resources with the tags that hold for them.
pub(super) const EFFECTIVE_TAGS: CsvLayout = CsvLayout(&[
    (InventoryColumn::Cloud.name(), CellFormat::Text),
    (InventoryColumn::AccountId.name(), CellFormat::Text),
    (InventoryColumn::ResourceType.name(), CellFormat::Text),
    (InventoryColumn::ResourceId.name(), CellFormat::Text),
    (InventoryColumn::Name.name(), CellFormat::Text),
    (InventoryColumn::Region.name(), CellFormat::Text),
    ("effective_tags", CellFormat::Tags),
]);

/// Layout of tags: the columns that an import of tags reads, and more.
pub(super) const TAGS: CsvLayout = CsvLayout(&[
    ("cloud", CellFormat::Text),
    ("account_id", CellFormat::Text),
    ("resource_type", CellFormat::Text),
    ("resource_id", CellFormat::Text),
    ("name", CellFormat::Text),
    ("tag_key", CellFormat::Text),
    ("tag_value", CellFormat::Text),
    ("source", CellFormat::Text),
    ("confidence", CellFormat::Confidence),
    ("auto_applied", CellFormat::Flag),
    ("approval_status", CellFormat::Text),
    ("decided_by", CellFormat::Text),
    ("decided_at", CellFormat::Time),
    ("decision_reason", CellFormat::Text),
]);

/// Layout of the lines that a run rejected.
pub(super) const REJECTIONS: CsvLayout = CsvLayout(&[
    ("line", CellFormat::Number),
    ("column", CellFormat::Text),
    ("value", CellFormat::Text),
    ("reason", CellFormat::Text),
]);

impl CsvLayout {
    /// Writes the rows, behind the header if wanted.
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
                    .write_field(escape_formula(&text).as_bytes())
                    .map_err(Error::internal)?;
            }
            writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
        }
        writer
            .into_inner()
            .map_err(|error| Error::internal(error.error()))
    }
}

fn text(row: &PgRow, index: usize, cell: CellFormat) -> Result<Cow<'_, str>> {
    Ok(match cell {
        CellFormat::Text => Cow::Borrowed(row.try_get::<Option<&str>, _>(index)?.unwrap_or_default()),
        CellFormat::Number => shown(row.try_get::<Option<i64>, _>(index)?),
        CellFormat::Flag => shown(row.try_get::<Option<bool>, _>(index)?),
        CellFormat::Confidence => shown(row.try_get::<Option<f64>, _>(index)?),
        CellFormat::Time => {
            let time: Option<DateTime<Utc>> = row.try_get(index)?;
            shown(time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        CellFormat::Tags => {
            let tags: Option<&str> = row.try_get(index)?;
            Cow::Owned(canonical(tags.unwrap_or("{}"))?)
        }
    })
}

fn shown(value: Option<impl ToString>) -> Cow<'static, str> {
    value.map_or(Cow::Borrowed(""), |value| Cow::Owned(value.to_string()))
}

/// Sorts the keys, so that two exports of the same resources are equal byte for byte.
fn canonical(tags: &str) -> Result<String> {
    let tags: BTreeMap<Cow<'_, str>, Value> = serde_json::from_str(tags).map_err(Error::internal)?;
    serde_json::to_string(&tags).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::{RESOURCES, canonical};
    use crate::domain::csv::InventoryColumn;

    #[test]
    fn resources_come_in_the_columns_that_an_import_reads() {
        let names: Vec<_> = RESOURCES.0.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, InventoryColumn::ALL.map(InventoryColumn::name));
    }

    #[test]
    fn tags_are_sorted_and_compact() {
        let text = r#"{"b": "=1", "aa": "é\"\n", "B": "x"}"#;
        assert_eq!(canonical(text).unwrap(), r#"{"B":"x","aa":"é\"\n","b":"=1"}"#);
    }
}
