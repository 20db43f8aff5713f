//! CSV exports of AWS Tag Editor.

use super::aws_names::{name_by_tag, region, resource_of_arn};
use super::cloud_format::RawEntry;
use crate::domain::discovery::lines::utf8;

/// Cell of a resource that lacks the tag of the column.
const NOT_TAGGED: &str = "(not tagged)";

/// Reason for which an export is never complete.
pub(in crate::domain::discovery) const GAP: &str = "an export of Tag Editor has only what its search found";

#[derive(Clone, Debug, PartialEq, Eq)]
enum TagEditorColumn {
    Arn,
    Service,
    Type,
    Region,
    Tag(String),
    /// `Identifier`, which the ARN has too, and `Tags`, the number of tags.
    Ignored,
}

/// Columns of an export.
#[derive(Clone, Debug)]
pub(in crate::domain::discovery) struct TagEditorColumns {
    columns: Vec<TagEditorColumn>,
    /// Account of ARNs that name none.
    account: Option<String>,
}

impl TagEditorColumns {
    /// Columns of a header; `None` if it is no export of Tag Editor.
    pub fn of(header: &[String], account: Option<String>) -> Option<Self> {
        let columns: Vec<_> = header.iter().map(|cell| column(cell.trim())).collect();
        let has_identifier = header
            .iter()
            .any(|cell| cell.trim().eq_ignore_ascii_case("Identifier"));
        let is_export = has_identifier && columns.contains(&TagEditorColumn::Arn);
        is_export.then_some(Self { columns, account })
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Reads a record.
    pub fn resource(&self, cells: &[Vec<u8>]) -> RawEntry {
        let (mut arn, mut service, mut kind, mut stated_region) = (None, None, None, None);
        let (mut tags, mut absent) = (Vec::new(), Vec::new());
        for (column, cell) in self.columns.iter().zip(cells) {
            let cell = utf8(cell)?;
            let stated = Some(cell.trim())
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned);
            match column {
                TagEditorColumn::Arn => arn = stated,
                TagEditorColumn::Service => service = stated,
                TagEditorColumn::Type => kind = stated,
                TagEditorColumn::Region => stated_region = stated,
                TagEditorColumn::Tag(key) if cell.trim() != NOT_TAGGED => tags.push((key, cell)),
                TagEditorColumn::Tag(key) => absent.push(key.clone()),
                TagEditorColumn::Ignored => {}
            }
        }
        let stated_type = service
            .zip(kind)
            .map(|(service, kind)| format!("{service}/{kind}").to_ascii_lowercase());
        let mut raw = resource_of_arn(&arn.unwrap_or_default(), self.account.as_deref(), stated_type)?;
        raw.region = region(stated_region);
        // The columns are keys that were asked for; a resource may have others.
        for (key, value) in tags {
            raw.edit_tag(key.clone(), value.to_owned());
        }
        raw.cleared_tags = absent;
        name_by_tag(&mut raw);
        Ok(raw)
    }
}

fn column(name: &str) -> TagEditorColumn {
    if let Some((prefix, key)) = name.split_at_checked(4)
        && prefix.eq_ignore_ascii_case("Tag:")
    {
        return TagEditorColumn::Tag(key.trim().to_owned());
    }
    match name.to_ascii_lowercase().as_str() {
        "arn" => TagEditorColumn::Arn,
        "service" => TagEditorColumn::Service,
        "type" => TagEditorColumn::Type,
        "region" => TagEditorColumn::Region,
        _ => TagEditorColumn::Ignored,
    }
}
