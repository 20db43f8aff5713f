//! Resources out: the same columns that an import reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::{Column, guard};
use crate::domain::Cloud;

/// One resource to be written.
#[derive(Clone, Copy, Debug)]
pub struct ResourceRow<'a> {
    pub cloud: Cloud,
    pub account_id: &'a str,
    pub resource_type: &'a str,
    pub resource_id: &'a str,
    pub name: &'a str,
    pub region: Option<&'a str>,
    pub created_at: Option<DateTime<Utc>>,
    /// A JSON object from key to value.
    pub native_tags: &'a Value,
}

/// Writes resources as CSV, row by row: comma, CRLF, UTF-8, cells guarded against spreadsheets.
pub struct CsvWriter<W: Write> {
    inner: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file: writes the header.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self::resumed(output);
        writer.inner.write_record(Column::ALL.map(Column::name))?;
        Ok(writer)
    }

    /// Goes on with a file that has its header.
    pub fn resumed(output: W) -> Self {
        let inner = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(output);
        Self { inner }
    }

    /// Writes one resource.
    pub fn write(&mut self, row: &ResourceRow<'_>) -> io::Result<()> {
        for column in Column::ALL {
            self.inner.write_field(guard(&text(row, column)?).as_bytes())?;
        }
        self.inner.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Ends the file and gives the output back, flushed.
    pub fn finish(self) -> io::Result<W> {
        self.inner.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn text<'a>(row: &ResourceRow<'a>, column: Column) -> io::Result<Cow<'a, str>> {
    Ok(match column {
        Column::Cloud => Cow::Borrowed(match row.cloud {
            Cloud::Aws => "aws",
            Cloud::Gcp => "gcp",
            Cloud::Azure => "azure",
        }),
        Column::AccountId => Cow::Borrowed(row.account_id),
        Column::ResourceType => Cow::Borrowed(row.resource_type),
        Column::ResourceId => Cow::Borrowed(row.resource_id),
        Column::Name => Cow::Borrowed(row.name),
        Column::Region => Cow::Borrowed(row.region.unwrap_or_default()),
        Column::CreatedAt => Cow::Owned(
            row.created_at
                .map(|t| t.to_rfc3339_opts(SecondsFormat::AutoSi, true))
                .unwrap_or_default(),
        ),
        Column::NativeTags => Cow::Owned(canonical_json(row.native_tags)?),
    })
}

/// Sorted by key whatever the order in the value, so that two exports of the same resources are equal bytes.
fn canonical_json(tags: &Value) -> io::Result<String> {
    match tags.as_object() {
        Some(map) => Ok(serde_json::to_string(&map.iter().collect::<BTreeMap<_, _>>())?),
        None => Ok("{}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CsvWriter, ResourceRow};
    use crate::domain::Cloud;

    #[test]
    fn writes_guarded_canonical_rows() {
        let tags = json!({"b": "=1", "a": "x\"y"});
        let mut writer = CsvWriter::new(Vec::new()).unwrap();
        let row = ResourceRow {
            cloud: Cloud::Gcp,
            account_id: "p,1",
            resource_type: "t",
            resource_id: "@id",
            name: "-name",
            region: None,
            created_at: None,
            native_tags: &tags,
        };
        writer.write(&row).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert_eq!(
            text,
            "cloud,account_id,resource_type,resource_id,name,region,created_at,native_tags\r\n\
             gcp,\"p,1\",t,'@id,'-name,,,\"{\"\"a\"\":\"\"x\\\"\"y\"\",\"\"b\"\":\"\"=1\"\"}\"\r\n"
        );
    }
}
