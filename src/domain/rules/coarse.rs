//! Coarse conditions in SQL: what PostgreSQL can tell of a condition of the rule language, so that few resources are
//! left to be looked at. Like the requirement that it is made of, it lets through whatever the condition holds for.

use sea_orm::Value;
use tagging::rules::{Comparison, Requirement, ResourceTest, TagMap, TestedText, TextField, TextTest};

/// Values of one statement at most.
const MAX_VALUES: usize = 2_000;

/// Condition on the table `resources` by the alias `r`, with its values.
#[derive(Clone, Debug)]
pub struct CoarseFilter {
    pub sql: String,
    pub values: Vec<Value>,
    /// Number of values before those of the condition.
    offset: usize,
}

impl CoarseFilter {
    /// Condition whose values come after `offset` others.
    pub fn new(requirements: &[&Requirement], offset: usize) -> Self {
        let mut filter = Self {
            sql: String::new(),
            values: Vec::new(),
            offset,
        };
        let parts: Option<Vec<String>> = requirements.iter().map(|part| filter.part(part)).collect();
        filter.sql = match parts {
            Some(parts) if !parts.is_empty() => format!("({})", parts.join(" OR ")),
            Some(_) => "false".into(),
            None => "true".into(),
        };
        if filter.sql == "true" {
            filter.values.clear();
        }
        filter
    }

    /// True when PostgreSQL can tell nothing of the condition.
    pub fn is_open(&self) -> bool {
        self.sql == "true"
    }

    /// SQL of a requirement; `None` when nothing can be told.
    fn part(&mut self, requirement: &Requirement) -> Option<String> {
        match requirement {
            Requirement::Impossible => Some("false".into()),
            Requirement::Passes(test) => self.test(test),
            // Conditions do not see all tags of a resource with very many.
            Requirement::Fails(ResourceTest::Text(test)) if matches!(test.text, TestedText::Field(_)) => {
                Some(format!("NOT {}", self.text(test)?))
            }
            Requirement::Nothing | Requirement::Fails(_) => None,
            Requirement::All(parts) => {
                let mut told = Vec::new();
                for part in parts {
                    let values = self.values.len();
                    match self.part(part) {
                        Some(part) => told.push(part),
                        // No value may be left over that the statement does not name.
                        None => self.values.truncate(values),
                    }
                }
                (!told.is_empty()).then(|| format!("({})", told.join(" AND ")))
            }
            Requirement::Any(parts) => {
                let (equal, rest) = equal_fields(parts);
                let mut told = Vec::new();
                for (field, texts) in equal {
                    let place = self.bind(texts.into())?;
                    told.push(format!("{} = ANY({place}::text[])", column(field)));
                }
                for part in rest {
                    told.push(self.part(part)?);
                }
                Some(format!("({})", told.join(" OR ")))
            }
        }
    }

    fn test(&mut self, test: &ResourceTest) -> Option<String> {
        match test {
            ResourceTest::Text(test) => self.text(test),
            ResourceTest::HasTag(TagMap::Native, key) => {
                let key = self.bind_text(key)?;
                Some(format!("jsonb_exists(r.native_tags, {key})"))
            }
            ResourceTest::HasTag(TagMap::Effective, _) => None,
        }
    }

    fn text(&mut self, test: &TextTest) -> Option<String> {
        let text = match &test.text {
            TestedText::Field(field) => column(*field).to_owned(),
            TestedText::Tag(TagMap::Native, key) => format!("(r.native_tags ->> {})", self.bind_text(key)?),
            TestedText::Tag(TagMap::Effective, _) => return None,
        };
        // Conditions see no more than the beginning of a very long text.
        let is_short = matches!(&test.text, TestedText::Field(field) if *field != TextField::ResourceId);
        let text = if test.lower {
            format!("lower({text} COLLATE \"C\")")
        } else {
            text
        };
        let literal = self.bind_text(&test.literal)?;
        Some(match test.comparison {
            Comparison::Equals => format!("({text} = {literal})"),
            Comparison::StartsWith => format!("({text} ^@ {literal})"),
            Comparison::EndsWith if is_short => {
                format!("(right({text}, length({literal})) = {literal})")
            }
            Comparison::EndsWith | Comparison::Contains => format!("(strpos({text}, {literal}) > 0)"),
        })
    }

    fn bind_text(&mut self, text: &str) -> Option<String> {
        // PostgreSQL has no text with it.
        if text.contains('\0') {
            return None;
        }
        self.bind(text.into()).map(|place| format!("{place}::text"))
    }

    fn bind(&mut self, value: Value) -> Option<String> {
        if self.values.len() == MAX_VALUES {
            return None;
        }
        self.values.push(value);
        Some(format!("${}", self.offset + self.values.len()))
    }
}

/// Equal texts by field, which are one look-up, and the rest.
fn equal_fields(parts: &[Requirement]) -> (Vec<(TextField, Vec<String>)>, Vec<&Requirement>) {
    let mut equal: Vec<(TextField, Vec<String>)> = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
        match part {
            Requirement::Passes(ResourceTest::Text(TextTest {
                text: TestedText::Field(field),
                lower: false,
                comparison: Comparison::Equals,
                literal,
            })) if !literal.contains('\0') => match equal.iter_mut().find(|(known, _)| known == field) {
                Some((_, texts)) => texts.push(literal.clone()),
                None => equal.push((*field, vec![literal.clone()])),
            },
            part => rest.push(part),
        }
    }
    (equal, rest)
}

fn column(field: TextField) -> &'static str {
    match field {
        TextField::Cloud => "r.cloud",
        TextField::AccountId => "r.account_id",
        TextField::ResourceType => "r.resource_type",
        TextField::Region => "coalesce(r.region, '')",
        TextField::Name => "r.name",
        TextField::ResourceId => "r.resource_id",
    }
}
