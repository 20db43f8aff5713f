//! Limits of an operation once its fragments are spread.

use super::limits;
use crate::config::Limits;
use crate::graphql::error::Code;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, ServerError};
use std::collections::HashMap;

/// Fields of the introspection that lead from a type to many others. Nesting them multiplies.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// Refuses documents with an operation that exceeds a limit. Each fragment is measured once, however often it is spread:
/// spreading doubles, and walking the spread document (validation does) could take exponential time. Gives whether the
/// document asks about the schema.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<bool, ServerError> {
    let mut counter = SizeCounter {
        document,
        fragments: HashMap::new(),
        asks_for_schema: false,
    };
    for (_, operation) in document.operations.iter() {
        let size = counter.operation(&operation.node)?;
        if let Some(limit) = size.exceeded_limit(limits) {
            return Err(too_large(format!("the operation {limit}")));
        }
    }
    // Fragments that no operation spreads are still walked by validation.
    for name in document.fragments.keys() {
        if counter.fragment(name)?.selections > limits::SELECTIONS {
            let most = limits::SELECTIONS;
            return Err(too_large(format!(
                "the fragment {name} has more than {most} selections"
            )));
        }
    }
    Ok(counter.asks_for_schema)
}

fn too_large(message: String) -> ServerError {
    Code::GraphqlValidationFailed.server_error(message)
}

/// Size of a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OperationSize {
    depth: usize,
    /// Fields and fragments: an empty fragment takes time, too.
    selections: usize,
    /// Fields of the first level.
    roots: usize,
    aliases: usize,
    directives: usize,
    /// Greatest number of [`INTROSPECTION_LISTS`] on one path.
    lists: usize,
    /// Greatest number of them on one path within `__schema` and `__type`.
    introspected: usize,
}

impl OperationSize {
    /// Limit that it exceeds, if it does.
    fn exceeded_limit(&self, limits: &Limits) -> Option<String> {
        for (count, most, what) in [
            (self.selections, limits::SELECTIONS, "selections"),
            (self.roots, limits.root_fields, "fields at its root"),
            (self.aliases, limits.aliases, "aliases"),
            (self.directives, limits.directives, "directives"),
        ] {
            if count > most {
                return Some(format!("has more than {most} {what}"));
            }
        }
        if self.depth > limits.depth {
            return Some(format!("is deeper than {} levels", limits.depth));
        }
        let most = limits::INTROSPECTION_LISTS;
        (self.introspected > most).then(|| {
            format!("asks for fields or types of the schema within one another more than {most} times")
        })
    }

    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.selections = self.selections.saturating_add(other.selections);
        self.roots = self.roots.saturating_add(other.roots);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.lists = self.lists.max(other.lists);
        self.introspected = self.introspected.max(other.introspected);
    }
}

/// Counter of selections. The recursion is as deep as the text nests, or as fragments spread one another: both are
/// bounded by `lexical_limits`.
struct SizeCounter<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being measured.
    fragments: HashMap<Name, Option<OperationSize>>,
    asks_for_schema: bool,
}

impl SizeCounter<'_> {
    fn operation(&mut self, operation: &OperationDefinition) -> Result<OperationSize, ServerError> {
        let mut size = self.selection(&operation.selection_set)?;
        let variables = operation.variable_definitions.iter();
        let on_variables: usize = variables.map(|each| each.node.directives.len()).sum();
        let own = operation.directives.len() + on_variables;
        size.directives = size.directives.saturating_add(own);
        Ok(size)
    }

    fn selection(&mut self, selection: &Positioned<SelectionSet>) -> Result<OperationSize, ServerError> {
        let mut total = OperationSize::default();
        for item in &selection.node.items {
            let mut size = match &item.node {
                Selection::Field(field) => {
                    let inner = self.selection(&field.node.selection_set)?;
                    self.field(field.node.name.node.as_str(), field.node.alias.is_some(), inner)
                }
                Selection::InlineFragment(inline) => self.selection(&inline.node.selection_set)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            let own = item.node.directives().len();
            size.directives = size.directives.saturating_add(own);
            size.selections = size.selections.saturating_add(1);
            total.add(size);
        }
        Ok(total)
    }

    fn field(&mut self, name: &str, is_aliased: bool, inner: OperationSize) -> OperationSize {
        let is_introspection = name.starts_with("__");
        let is_schema = name == "__schema" || name == "__type";
        self.asks_for_schema |= is_schema;
        let lists = inner.lists + usize::from(INTROSPECTION_LISTS.contains(&name));
        OperationSize {
            // Introspection nests deep and costs little; the queries of tools for it must pass.
            depth: if is_introspection { 0 } else { inner.depth + 1 },
            selections: inner.selections,
            roots: 1,
            aliases: inner.aliases.saturating_add(usize::from(is_aliased)),
            directives: inner.directives,
            lists,
            introspected: inner.introspected.max(if is_schema { lists } else { 0 }),
        }
    }

    fn fragment(&mut self, name: &Name) -> Result<OperationSize, ServerError> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(too_large(format!("the fragment {name} spreads itself"))),
            None => {}
        }
        // Validation has the better message for a fragment that does not exist.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(OperationSize::default());
        };
        self.fragments.insert(name.clone(), None);
        let mut size = self.selection(&fragment.node.selection_set)?;
        let own = fragment.node.directives.len();
        size.directives = size.directives.saturating_add(own);
        self.fragments.insert(name.clone(), Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    fn message_of(text: &str) -> Option<String> {
        let checked = check(&parse_query(text).unwrap(), &Limits::default());
        checked.err().map(|error| error.message)
    }

    /// Text for N passes, and that for N + 1 is refused in these words.
    fn limited(most: usize, words: &str, text: impl Fn(usize) -> String) {
        assert_eq!(message_of(&text(most)), None, "{words}");
        let message = message_of(&text(most + 1)).unwrap();
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn depth_counts_through_fragments_but_not_into_introspection() {
        let nested = |levels: usize| "{a".repeat(levels) + &"}".repeat(levels);
        limited(12, "is deeper than 12 levels", nested);
        let halves = |levels: usize| format!("{{a{{...f}}}} fragment f on A {}", nested(levels - 1));
        limited(12, "is deeper than 12 levels", halves);
        assert_eq!(message_of(&format!("{{__schema{{types{}}}}}", nested(20))), None);
    }

    #[test]
    fn aliases_directives_and_root_fields_count_through_fragments() {
        limited(20, "more than 20 fields at its root", |count| {
            format!("{{...f ...f}} fragment f on Query{{{}}}", "a ".repeat(count / 2)).replacen(
                "{...f",
                if count % 2 == 1 { "{b ...f" } else { "{...f" },
                1,
            )
        });
        limited(30, "more than 30 aliases", |count| {
            let (half, odd) = (count / 2, count % 2);
            format!(
                "{{a{{{}...f ...f}}}} fragment f on A{{{}}}",
                "x:b ".repeat(odd),
                "x:b ".repeat(half)
            )
        });
        limited(50, "more than 50 directives", |count| {
            let inner = "@d ".repeat((count - 3) / 2 - 1);
            let odd = "@d ".repeat((count - 3) % 2);
            format!("query @d{{...f @d ... @d {odd}{{...f}}}} fragment f on Query @d{{b {inner}}}")
        });
        let on_variable = format!("query($a:Int {}){{b}}", "@d ".repeat(51));
        assert!(message_of(&on_variable).unwrap().contains("directives"));
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        let mut text = "{...f0}".to_owned();
        for level in 0..31 {
            let next = level + 1;
            text += &format!(" fragment f{level} on Query {{...f{next} ...f{next}}}");
        }
        let started = std::time::Instant::now();
        let message = message_of(&(text.clone() + " fragment f31 on Query {a}"));
        assert_eq!(message.unwrap(), "the operation has more than 5000 selections");
        // The last fragment is missing.
        let empty = message_of(&text);
        assert_eq!(empty.unwrap(), "the operation has more than 5000 selections");
        assert!(started.elapsed() < std::time::Duration::from_millis(50));
        let circle = message_of("{a} fragment f on Query {...g} fragment g on Query {...f}");
        assert!(circle.unwrap().contains("spreads itself"));
    }

    #[test]
    fn nesting_of_introspection_is_limited() {
        limited(3, "more than 3 times", |levels| {
            let way = "fields{type{".repeat(levels) + "name" + &"}}".repeat(levels);
            format!("{{__schema{{types{{{way}}}}}}}")
        });
        let parsed = parse_query("{a{...f}} fragment f on A{__type{name}}").unwrap();
        assert!(check(&parsed, &Limits::default()).unwrap());
        let parsed = parse_query("{a{__typename}}").unwrap();
        assert!(!check(&parsed, &Limits::default()).unwrap());
    }
}
