//! Header of a CSV inventory, and the role of each column.

/// Prefix of a column that holds one native tag: `tag:environment`.
const TAG_PREFIX: &str = "tag:";

/// Column that holds a field of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryColumn {
    Cloud,
    AccountId,
    ResourceType,
    ResourceId,
    Name,
    Region,
    CreatedAt,
    NativeTags,
}

impl InventoryColumn {
    /// Every column, in the order of an export.
    pub const ALL: [Self; 8] = [
        Self::Cloud,
        Self::AccountId,
        Self::ResourceType,
        Self::ResourceId,
        Self::Name,
        Self::Region,
        Self::CreatedAt,
        Self::NativeTags,
    ];
    const REQUIRED: [Self; 4] = [Self::Cloud, Self::AccountId, Self::ResourceType, Self::ResourceId];

    /// Name of the column in a header; also the name of the field in JSON Lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::AccountId => "account_id",
            Self::ResourceType => "resource_type",
            Self::ResourceId => "resource_id",
            Self::Name => "name",
            Self::Region => "region",
            Self::CreatedAt => "created_at",
            Self::NativeTags => "native_tags",
        }
    }
}

/// Role of a column, by its name in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    Field(InventoryColumn),
    Tag(String),
    Ignored,
}

/// Error in a header, for which the whole file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error(
        "the header lacks the column{} {} (found: {}); required are cloud, account_id, resource_type and resource_id",
        if missing.len() == 1 { "" } else { "s" }, missing.join(", "), found.join(", ")
    )]
    Missing {
        missing: Vec<&'static str>,
        found: Vec<String>,
    },
    #[error("the header names the column {0} twice")]
    Duplicate(String),
    #[error("the header has a column \"tag:\" without a key")]
    EmptyTagKey,
}

/// The validated header of a CSV inventory.
#[derive(Clone, Debug)]
pub struct InventoryHeader {
    roles: Vec<ColumnRole>,
    ignored: Vec<String>,
}

impl InventoryHeader {
    /// Reads a header row. Names are taken without regard to case, and with blanks or hyphens for underscores
    /// (`Account ID`); columns may come in any order.
    ///
    /// # Errors
    /// A required column is missing, a column comes twice, or a `tag:` column names no key.
    pub fn parse<S: AsRef<str>>(cells: &[S]) -> Result<Self, HeaderError> {
        let mut header = Self {
            roles: Vec::with_capacity(cells.len()),
            ignored: Vec::new(),
        };
        for cell in cells {
            let cell = unpadded(cell.as_ref());
            let role = role(cell);
            match &role {
                ColumnRole::Tag(key) if key.is_empty() => return Err(HeaderError::EmptyTagKey),
                ColumnRole::Ignored if !cell.is_empty() => header.ignored.push(cell.to_owned()),
                ColumnRole::Ignored => {}
                ColumnRole::Field(_) | ColumnRole::Tag(_) => {
                    if header.roles.contains(&role) {
                        return Err(HeaderError::Duplicate(cell.to_owned()));
                    }
                }
            }
            header.roles.push(role);
        }
        let missing: Vec<_> = InventoryColumn::REQUIRED
            .into_iter()
            .filter(|c| !header.has(*c))
            .map(InventoryColumn::name)
            .collect();
        if missing.is_empty() {
            return Ok(header);
        }
        let found = cells
            .iter()
            .take(20)
            .map(|c| c.as_ref().trim().chars().take(40).collect())
            .collect();
        Err(HeaderError::Missing { missing, found })
    }

    /// True if a column of this name is read.
    pub fn knows(column: &str) -> bool {
        role(column) != ColumnRole::Ignored
    }

    /// Role of each column, left to right.
    pub fn roles(&self) -> &[ColumnRole] {
        &self.roles
    }

    /// Unknown columns, whose cells are not read: worth a warning.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Fields that the file has, each with the name of its column.
    pub fn mapping(&self) -> Vec<(String, String)> {
        let fields = self.roles.iter().filter_map(|role| match role {
            ColumnRole::Field(column) => Some((column.name().to_owned(), column.name().to_owned())),
            ColumnRole::Tag(key) => Some(("native_tags".to_owned(), format!("{TAG_PREFIX}{key}"))),
            ColumnRole::Ignored => None,
        });
        fields.collect()
    }

    fn has(&self, column: InventoryColumn) -> bool {
        self.roles.contains(&ColumnRole::Field(column))
    }
}

/// Detects the delimiter (`,`, `;`, tab or `|`): the one by which a header line has the most columns that are `known`, and
/// their number.
pub fn sniff_delimiter(line: &str, known: fn(&str) -> bool) -> (u8, usize) {
    let count = |delimiter: u8| {
        let cells = line
            .trim()
            .split(char::from(delimiter))
            .map(|cell| cell.trim_matches(['"', ' ']));
        cells.filter(|cell| known(cell)).count()
    };
    // max_by_key keeps the last of equals: the comma is the default.
    [b'|', b'\t', b';', b',']
        .into_iter()
        .map(|delimiter| (delimiter, count(delimiter)))
        .max_by_key(|(_, count)| *count)
        .unwrap_or((b',', 0))
}

/// Normalises the name of a column for comparison: lower case, and underscores for blanks and hyphens.
pub fn normalized_name(cell: &str) -> String {
    unpadded(cell)
        .to_ascii_lowercase()
        .replace([' ', '-', '\u{a0}'], "_")
}

/// Text without blanks around it, nor characters that nobody sees.
fn unpadded(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
    })
}

/// Empty inventory to fill in: the header, with two `tag:` columns as examples of one column per tag.
pub fn template() -> String {
    let mut line = InventoryColumn::ALL.map(InventoryColumn::name).join(",");
    line.push_str(",tag:environment,tag:owner\r\n");
    line
}

fn role(cell: &str) -> ColumnRole {
    let cell = unpadded(cell);
    if let Some((prefix, key)) = cell.split_at_checked(TAG_PREFIX.len())
        && prefix.eq_ignore_ascii_case(TAG_PREFIX)
    {
        return ColumnRole::Tag(key.trim().to_owned());
    }
    let name = normalized_name(cell);
    InventoryColumn::ALL
        .into_iter()
        .find(|c| c.name() == name)
        .map_or(ColumnRole::Ignored, ColumnRole::Field)
}

#[cfg(test)]
mod tests {
    use super::{ColumnRole, HeaderError, InventoryColumn, InventoryHeader, sniff_delimiter, template};

    #[test]
    fn names_are_lenient_and_unknown_columns_reported() {
        let header = InventoryHeader::parse(&[
            "Cloud",
            " Account ID",
            "resource-type",
            "RESOURCE_ID",
            "Regoin",
            "",
            "tag:Cost Center",
        ])
        .unwrap();
        assert_eq!(header.ignored(), ["Regoin"]);
        assert_eq!(header.roles()[1], ColumnRole::Field(InventoryColumn::AccountId));
        assert_eq!(header.roles()[6], ColumnRole::Tag("Cost Center".into()));
    }

    #[test]
    fn faulty_headers_say_what_is_wrong() {
        let missing = InventoryHeader::parse(&["cloud", "account", "resource_id"]).unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("lacks the columns account_id, resource_type (found: cloud, account")
        );
        let four = ["cloud", "account_id", "resource_type", "resource_id"];
        let twice = InventoryHeader::parse(&[&four[..], &["Cloud"]].concat()).unwrap_err();
        assert_eq!(twice, HeaderError::Duplicate("Cloud".into()));
        assert_eq!(
            InventoryHeader::parse(&[&four[..], &["tag: "]].concat()).unwrap_err(),
            HeaderError::EmptyTagKey
        );
    }

    #[test]
    fn delimiters_are_sniffed() {
        let sniff = |line: &str| sniff_delimiter(line, InventoryHeader::knows).0;
        assert_eq!(sniff("cloud;account_id;a,b,c,d"), b';');
        assert_eq!(sniff("\"cloud\"\t\"name\""), b'\t');
        assert_eq!(sniff("nothing known"), b',');
        assert_eq!(sniff(&template()), b',');
    }
}
