//! Index of rules: of many rules, those that can match a resource.
//!
//! From the requirement of each rule it takes one clause, a few accesses of which the resource must have at least one: an
//! equal field, a tag, a part of a text. Equal fields and tags are looked up in hash maps, parts of texts found by one
//! automaton for each field. A rule that requires nothing is always asked.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::CompiledRule;
use super::requirement::{
    Comparison, Requirement, ResourceTest, SubjectView, TagMap, TestedText, TextField, TextTest,
};

/// Parts of texts in one clause at most; a rule with more is always asked.
const MAX_PARTS: usize = 64;
/// Bytes of a part at most: what is longer is looked for by its beginning or its end.
const MAX_PART_BYTES: usize = 32;
/// Shortest part that is worth looking for, in bytes.
const MIN_PART_BYTES: usize = 2;
/// Parts found in one text from which on all are taken for found.
const MAX_FOUND: usize = 4_096;

/// Access by which a resource leads to rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Access {
    /// The field is this text; `true` for its lower-case form.
    Field(TextField, bool, String),
    HasTag(TagMap, String),
    TagIs(TagMap, String, String),
    /// The field has this part, in whatever case.
    Part(TextField, Comparison, String),
}

impl Access {
    /// The access of a test that passes.
    fn of(test: &ResourceTest) -> Option<Self> {
        match test {
            ResourceTest::HasTag(map, key) => Some(Self::HasTag(*map, key.clone())),
            ResourceTest::Text(test) => match &test.text {
                TestedText::Field(field) => Self::of_field(*field, test),
                TestedText::Tag(map, key) if test.comparison == Comparison::Equals && !test.lower => {
                    Some(Self::TagIs(*map, key.clone(), test.literal.clone()))
                }
                // The presence of the tag is a requirement of its own.
                TestedText::Tag(..) => None,
            },
        }
    }

    fn of_field(field: TextField, test: &TextTest) -> Option<Self> {
        let literal = test.literal.as_str();
        let part = match test.comparison {
            Comparison::Equals => return Some(Self::Field(field, test.lower, literal.to_owned())),
            Comparison::EndsWith => {
                &literal[literal.ceil_char_boundary(literal.len().saturating_sub(MAX_PART_BYTES))..]
            }
            Comparison::StartsWith | Comparison::Contains => {
                &literal[..literal.floor_char_boundary(MAX_PART_BYTES)]
            }
        };
        let part = part.to_ascii_lowercase();
        (part.len() >= MIN_PART_BYTES).then_some(Self::Part(field, test.comparison, part))
    }

    /// Estimate of how many resources have it; only the order matters.
    fn base_cost(&self) -> usize {
        match self {
            Self::Field(TextField::Name | TextField::ResourceId, ..) => 1,
            Self::TagIs(..) => 5,
            Self::Field(TextField::AccountId, ..) => 10,
            Self::Part(TextField::Name, _, part) => 100 / part.len().min(10),
            Self::Field(TextField::ResourceType, ..) => 20,
            Self::Part(_, _, part) => 300 / part.len().min(10),
            Self::HasTag(..) => 60,
            Self::Field(TextField::Region, ..) => 100,
            Self::Field(TextField::Cloud, ..) => 1_000,
        }
    }
}

/// The cheapest clause of a requirement: a resource that has none of its accesses is not allowed. `None` when there is
/// none, empty when no resource is allowed.
fn clause(requirement: &Requirement, uses: &HashMap<Access, usize>) -> Option<Vec<Access>> {
    let cost = |clause: &Vec<Access>| -> usize {
        let each = |access: &Access| access.base_cost() + uses.get(access).copied().unwrap_or_default();
        clause.iter().map(each).sum()
    };
    match requirement {
        Requirement::Nothing | Requirement::Fails(_) => None,
        Requirement::Impossible => Some(Vec::new()),
        Requirement::Passes(test) => Access::of(test).map(|access| vec![access]),
        Requirement::All(parts) => parts
            .iter()
            .filter_map(|part| clause(part, uses))
            .min_by_key(cost),
        Requirement::Any(parts) => {
            let clauses: Option<Vec<Vec<Access>>> = parts.iter().map(|part| clause(part, uses)).collect();
            clauses.map(|clauses| clauses.concat())
        }
    }
}

/// Set of rules, by their numbers.
pub(crate) struct RuleSet(Vec<u64>);

impl RuleSet {
    fn empty(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)])
    }

    fn insert(&mut self, rule: u32) {
        self.0[rule as usize / 64] |= 1 << (rule % 64);
    }

    fn insert_all(&mut self, rules: &[u32]) {
        for &rule in rules {
            self.insert(rule);
        }
    }

    /// The numbers in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            let mut left = bits;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    word * 64 + bit
                })
            })
        })
    }
}

/// Rules by the value of one tag.
#[derive(Default)]
struct TagEntry {
    present: Vec<u32>,
    values: HashMap<String, Vec<u32>>,
}

/// Rules by part of a text.
type PartRules = HashMap<String, Vec<(Comparison, u32)>>;

/// Parts to look for in one field.
struct FieldParts {
    field: TextField,
    automaton: AhoCorasick,
    /// By number of the automaton's pattern.
    rules: Vec<Vec<(Comparison, u32)>>,
}

/// Index of rules by what they require.
pub(crate) struct RuleIndex {
    rules: usize,
    /// Rules that are always asked.
    always: Vec<u32>,
    fields: HashMap<(TextField, bool), HashMap<String, Vec<u32>>>,
    native: HashMap<String, TagEntry>,
    effective: HashMap<String, TagEntry>,
    parts: Vec<FieldParts>,
}

impl RuleIndex {
    /// Index of rules, which are numbered in their order.
    pub(crate) fn new(rules: &[CompiledRule]) -> Self {
        let mut uses: HashMap<Access, usize> = HashMap::new();
        for rule in rules {
            for access in rule
                .condition
                .requirement()
                .tests()
                .into_iter()
                .filter_map(Access::of)
            {
                *uses.entry(access).or_default() += 1;
            }
        }
        let mut index = Self {
            rules: rules.len(),
            always: Vec::new(),
            fields: HashMap::new(),
            native: HashMap::new(),
            effective: HashMap::new(),
            parts: Vec::new(),
        };
        let mut parts: HashMap<TextField, PartRules> = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            let number = number as u32;
            match clause(rule.condition.requirement(), &uses) {
                Some(clause) if part_count(&clause) <= MAX_PARTS => {
                    for access in clause {
                        index.add(access, number, &mut parts);
                    }
                }
                _ => index.always.push(number),
            }
        }
        for (field, parts) in parts {
            index.add_parts(field, parts);
        }
        index
    }

    fn add(&mut self, access: Access, rule: u32, parts: &mut HashMap<TextField, PartRules>) {
        match access {
            Access::Field(field, lower, text) => {
                let texts = self.fields.entry((field, lower)).or_default();
                texts.entry(text).or_default().push(rule);
            }
            Access::HasTag(map, key) => self.tags_mut(map).entry(key).or_default().present.push(rule),
            Access::TagIs(map, key, value) => {
                let entry = self.tags_mut(map).entry(key).or_default();
                entry.values.entry(value).or_default().push(rule);
            }
            Access::Part(field, comparison, part) => {
                let parts = parts.entry(field).or_default();
                parts.entry(part).or_default().push((comparison, rule));
            }
        }
    }

    fn tags_mut(&mut self, map: TagMap) -> &mut HashMap<String, TagEntry> {
        match map {
            TagMap::Native => &mut self.native,
            TagMap::Effective => &mut self.effective,
        }
    }

    /// An automaton that cannot be built leaves its rules to be asked always.
    fn add_parts(&mut self, field: TextField, parts: PartRules) {
        let (texts, rules): (Vec<String>, Vec<Vec<(Comparison, u32)>>) = parts.into_iter().unzip();
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(&texts);
        match built {
            Ok(automaton) => self.parts.push(FieldParts {
                field,
                automaton,
                rules,
            }),
            Err(_) => self
                .always
                .extend(rules.into_iter().flatten().map(|(_, rule)| rule)),
        }
    }

    /// Rules that can match a resource; the others cannot.
    pub(crate) fn candidates(&self, resource: &SubjectView<'_>) -> RuleSet {
        let mut found = RuleSet::empty(self.rules);
        found.insert_all(&self.always);
        for ((field, lower), texts) in &self.fields {
            let text = field.of(resource.subject);
            let rules = if *lower {
                texts.get(&text.to_ascii_lowercase())
            } else {
                texts.get(text)
            };
            found.insert_all(rules.map_or(&[], Vec::as_slice));
        }
        Self::add_tagged(&mut found, &self.native, resource, TagMap::Native);
        Self::add_tagged(&mut found, &self.effective, resource, TagMap::Effective);
        for parts in &self.parts {
            parts.add_found(&mut found, parts.field.of(resource.subject));
        }
        found
    }

    fn add_tagged(
        found: &mut RuleSet,
        entries: &HashMap<String, TagEntry>,
        resource: &SubjectView<'_>,
        map: TagMap,
    ) {
        if entries.is_empty() {
            return;
        }
        let Some(tags) = resource.tags(map) else {
            for entry in entries.values() {
                found.insert_all(&entry.present);
                entry.values.values().for_each(|rules| found.insert_all(rules));
            }
            return;
        };
        for (key, value) in tags {
            if let Some(entry) = entries.get(key) {
                found.insert_all(&entry.present);
                found.insert_all(
                    entry
                        .values
                        .get(super::condition_input::cut(value))
                        .map_or(&[], Vec::as_slice),
                );
            }
        }
    }
}

impl FieldParts {
    fn add_found(&self, found: &mut RuleSet, text: &str) {
        let fits = |comparison, start: usize, end: usize| match comparison {
            Comparison::StartsWith => start == 0,
            Comparison::EndsWith => end == text.len(),
            Comparison::Equals | Comparison::Contains => true,
        };
        for (count, part) in self.automaton.find_overlapping_iter(text).enumerate() {
            if count == MAX_FOUND {
                let all = self.rules.iter().flatten();
                return all.for_each(|&(_, rule)| found.insert(rule));
            }
            for &(comparison, rule) in &self.rules[part.pattern().as_usize()] {
                if fits(comparison, part.start(), part.end()) {
                    found.insert(rule);
                }
            }
        }
    }
}

fn part_count(clause: &[Access]) -> usize {
    let is_part = |access: &&Access| matches!(access, Access::Part(..));
    clause.iter().filter(is_part).count()
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
