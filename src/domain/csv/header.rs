//! The header of an inventory: which column means what.

/// The prefix of a column that holds one native tag: `tag:environment`.
pub const TAG_PREFIX: &str = "tag:";

/// A field of a resource that a column carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Cloud,
    AccountId,
    ResourceType,
    ResourceId,
    Name,
    Region,
    CreatedAt,
    NativeTags,
}

impl Column {
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

    /// The column's name in a header; also the field's name in JSON Lines.
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

/// What a position of the header means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Field(Column),
    Tag(String),
    Ignored,
}

/// Why a header is refused; the whole file is, then.
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
pub struct Header {
    meanings: Vec<Meaning>,
    ignored: Vec<String>,
}

impl Header {
    /// Reads a header row. Names are taken without regard to case, and with blanks or hyphens for underscores
    /// (`Account ID`); columns may come in any order.
    ///
    /// # Errors
    /// A required column is missing, a column comes twice, or a `tag:` column names no key.
    pub fn parse<S: AsRef<str>>(cells: &[S]) -> Result<Self, HeaderError> {
        let mut header = Self {
            meanings: Vec::with_capacity(cells.len()),
            ignored: Vec::new(),
        };
        for cell in cells {
            let cell = cell.as_ref().trim();
            let meaning = meaning(cell);
            match &meaning {
                Meaning::Tag(key) if key.is_empty() => return Err(HeaderError::EmptyTagKey),
                Meaning::Ignored if !cell.is_empty() => header.ignored.push(cell.to_owned()),
                Meaning::Ignored => {}
                Meaning::Field(_) | Meaning::Tag(_) => {
                    if header.meanings.contains(&meaning) {
                        return Err(HeaderError::Duplicate(cell.to_owned()));
                    }
                }
            }
            header.meanings.push(meaning);
        }
        let missing: Vec<_> = Column::REQUIRED
            .into_iter()
            .filter(|c| !header.has(*c))
            .map(Column::name)
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

    /// Whether a column of this name is read.
    pub fn knows(column: &str) -> bool {
        meaning(column) != Meaning::Ignored
    }

    /// What each position means, left to right.
    pub fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }

    /// The columns that are not known and whose cells are therefore not read: worth a warning.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    fn has(&self, column: Column) -> bool {
        self.meanings.contains(&Meaning::Field(column))
    }
}

/// The delimiter (`,`, `;` or tab) under which a header line shows the most columns that are `known`.
pub fn sniff_delimiter(line: &str, known: fn(&str) -> bool) -> u8 {
    let count = |delimiter: u8| {
        let cells = line
            .trim()
            .split(char::from(delimiter))
            .map(|cell| cell.trim_matches(['"', ' ']));
        cells.filter(|cell| known(cell)).count()
    };
    // max_by_key keeps the last of equals: the comma is the default.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

/// A column's name as it is compared: without regard to case, and with underscores for blanks and hyphens.
pub fn normal_name(cell: &str) -> String {
    cell.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

/// An empty inventory to fill in: the header, with two `tag:` columns to show how tags may be given apart.
pub fn template() -> String {
    let mut line = Column::ALL.map(Column::name).join(",");
    line.push_str(",tag:environment,tag:owner\r\n");
    line
}

fn meaning(cell: &str) -> Meaning {
    if let Some((prefix, key)) = cell.split_at_checked(TAG_PREFIX.len())
        && prefix.eq_ignore_ascii_case(TAG_PREFIX)
    {
        return Meaning::Tag(key.trim().to_owned());
    }
    let name = normal_name(cell);
    Column::ALL
        .into_iter()
        .find(|c| c.name() == name)
        .map_or(Meaning::Ignored, Meaning::Field)
}

#[cfg(test)]
mod tests {
    use super::{Column, Header, HeaderError, Meaning, sniff_delimiter, template};

    #[test]
    fn names_are_lenient_and_unknown_columns_reported() {
        let header = Header::parse(&[
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
        assert_eq!(header.meanings()[1], Meaning::Field(Column::AccountId));
        assert_eq!(header.meanings()[6], Meaning::Tag("Cost Center".into()));
    }

    #[test]
    fn faulty_headers_say_what_is_wrong() {
        let missing = Header::parse(&["cloud", "account", "resource_id"]).unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("lacks the columns account_id, resource_type (found: cloud, account")
        );
        let four = ["cloud", "account_id", "resource_type", "resource_id"];
        let twice = Header::parse(&[&four[..], &["Cloud"]].concat()).unwrap_err();
        assert_eq!(twice, HeaderError::Duplicate("Cloud".into()));
        assert_eq!(
            Header::parse(&[&four[..], &["tag: "]].concat()).unwrap_err(),
            HeaderError::EmptyTagKey
        );
    }

    #[test]
    fn delimiters_are_sniffed() {
        let sniff = |line: &str| sniff_delimiter(line, Header::knows);
        assert_eq!(sniff("cloud;account_id;a,b,c,d"), b';');
        assert_eq!(sniff("\"cloud\"\t\"name\""), b'\t');
        assert_eq!(sniff("nothing known"), b',');
        assert_eq!(sniff(&template()), b',');
    }
}
