//! Documents: parsed once, checked once, and kept for the callers that send the same text again.

use super::limits;
use crate::graphql::error::Code;
use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value as ConstValue, Variables};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{guard, values};

/// Documents in each of the cache's two generations.
const GENERATION_DOCUMENTS: usize = 512;

/// Longer texts are not kept.
const CACHED_TEXT_BYTES: usize = 16 << 10;

/// A parsed document that is within the limits.
#[derive(Debug)]
pub struct Document {
    /// What the schema executes.
    pub parsed: ExecutableDocument,
}

impl Document {
    /// Checks the text, parses it, and checks what came out.
    pub fn parse(text: &str) -> Result<Self, ServerError> {
        guard::check(text).map_err(|excess| Code::GraphqlParseFailed.server_error(excess.to_string()))?;
        let mut parsed = parse_query(text).map_err(syntax_error)?;
        Extent::check(&parsed)?;
        values::check_literals(&mut parsed)?;
        for (_, operation) in parsed.operations.iter() {
            check_root(&operation.node)?;
        }
        Ok(Self { parsed })
    }

    /// Refuses variables that lack a value which the operation requires. Whether a value fits its type shows when it
    /// is used.
    pub fn check_variables(
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<(), ServerError> {
        for definition in &operation.variable_definitions {
            let definition = &definition.node;
            let is_missing = match variables.get(&definition.name.node) {
                Some(value) => *value == ConstValue::Null,
                None => definition.default_value.is_none(),
            };
            if is_missing && !definition.var_type.node.nullable {
                let message = format!(
                    "the variable ${} of the required type {} has no value",
                    definition.name.node, definition.var_type.node
                );
                return Err(Code::BadUserInput.server_error(message));
            }
        }
        Ok(())
    }

    /// The operation to execute: the only one, or the one with that name.
    pub fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, ServerError> {
        let mut operations = self.parsed.operations.iter();
        let found = match name.filter(|name| !name.is_empty()) {
            Some(name) => operations.find(|(each, _)| each.is_some_and(|each| each.as_str() == name)),
            None if operations.len() == 1 => operations.next(),
            None => {
                let message = "the document has many operations: operationName must say which";
                return Err(Code::OperationResolutionFailure.server_error(message));
            }
        };
        let missing =
            || Code::OperationResolutionFailure.server_error("the document has no operation of that name");
        found.map(|(_, operation)| &operation.node).ok_or_else(missing)
    }
}

/// Says in a line what the parser draws.
fn syntax_error(error: async_graphql::parser::Error) -> ServerError {
    let code = Code::GraphqlParseFailed;
    let mut refusal = ServerError::from(error);
    let reason = refusal.message.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches([' ', '=']).replace('_', " ");
    let place = refusal.locations.first();
    let place = place.map_or_else(String::new, |at| format!(" at {}:{}", at.line, at.column));
    refusal.message = format!("Syntax Error: {reason}{place}");
    refusal
        .extensions
        .get_or_insert_default()
        .set("code", code.as_str());
    refusal
}

/// Refuses subscriptions to more than one stream, or to one that only a fragment names: the library would mix the
/// first, and overlook the second.
fn check_root(operation: &OperationDefinition) -> Result<(), ServerError> {
    if operation.ty != OperationType::Subscription {
        return Ok(());
    }
    match operation.selection_set.node.items.as_slice() {
        [item] if matches!(item.node, Selection::Field(_)) => Ok(()),
        _ => {
            let message = "a subscription selects exactly one field, and not by a fragment";
            Err(Code::GraphqlValidationFailed.server_error(message))
        }
    }
}

/// How deep and how large a selection is once its fragments are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Extent {
    depth: usize,
    fields: usize,
}

impl Extent {
    /// Checks all operations. Each fragment is measured once, however often it is spread: spreading doubles, and
    /// whatever walks the spread document (validation does) would take exponential time.
    fn check(document: &ExecutableDocument) -> Result<(), ServerError> {
        let mut measure = Measure {
            document,
            fragments: HashMap::new(),
        };
        for (_, operation) in document.operations.iter() {
            let extent = measure.selection(&operation.node.selection_set)?;
            let excess = if extent.depth > limits::DEPTH {
                format!("the operation is deeper than {} levels", limits::DEPTH)
            } else if extent.fields > limits::FIELDS {
                format!("the operation has more than {} fields", limits::FIELDS)
            } else {
                continue;
            };
            return Err(Code::GraphqlValidationFailed.server_error(excess));
        }
        // Fragments that no operation spreads are still walked by validation.
        for fragment in document.fragments.keys() {
            if measure.fragment(fragment)?.fields > limits::FIELDS {
                let message = format!("the fragment {fragment} has more than {} fields", limits::FIELDS);
                return Err(Code::GraphqlValidationFailed.server_error(message));
            }
        }
        Ok(())
    }
}

/// Measures selections. The recursion is as deep as the text nests, or as fragments spread one another: both bounded
/// by the guard.
struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being measured.
    fragments: HashMap<Name, Option<Extent>>,
}

impl Measure<'_> {
    fn selection(&mut self, selection: &Positioned<SelectionSet>) -> Result<Extent, ServerError> {
        let mut total = Extent::default();
        for item in &selection.node.items {
            let extent = match &item.node {
                Selection::Field(field) => {
                    let inner = self.selection(&field.node.selection_set)?;
                    // Introspection is shallow data in deep clothes; the tools' queries for it must pass.
                    let is_introspection = field.node.name.node.starts_with("__");
                    Extent {
                        depth: if is_introspection { 0 } else { inner.depth + 1 },
                        fields: inner.fields.saturating_add(1),
                    }
                }
                Selection::InlineFragment(inline) => self.selection(&inline.node.selection_set)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            total.depth = total.depth.max(extent.depth);
            total.fields = total.fields.saturating_add(extent.fields);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &Name) -> Result<Extent, ServerError> {
        match self.fragments.get(name) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => {
                let message = format!("the fragment {name} spreads itself");
                return Err(Code::GraphqlValidationFailed.server_error(message));
            }
            None => {}
        }
        // Validation says it better when there is no such fragment.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Extent::default());
        };
        self.fragments.insert(name.clone(), None);
        let extent = self.selection(&fragment.node.selection_set)?;
        self.fragments.insert(name.clone(), Some(extent));
        Ok(extent)
    }
}

/// Parsed documents by their text, in two generations: when the young one is full it becomes the old one, and the
/// old one goes, except for what was asked for meanwhile. So the cache is bounded and keeps what is in use.
#[derive(Default)]
pub struct DocumentCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Arc<Document>>,
    old: HashMap<Box<str>, Arc<Document>>,
}

impl DocumentCache {
    /// The document of this text: kept, or parsed now. What is refused is not kept.
    pub fn get(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.lock().get(text) {
            return Ok(document);
        }
        let document = Arc::new(Document::parse(text)?);
        if text.len() <= CACHED_TEXT_BYTES {
            self.lock().insert(text.into(), document.clone());
        }
        Ok(document)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, text: &str) -> Option<Arc<Document>> {
        if let Some(document) = self.young.get(text) {
            return Some(document.clone());
        }
        let (text, document) = self.old.remove_entry(text)?;
        self.insert(text, document.clone());
        Some(document)
    }

    fn insert(&mut self, text: Box<str>, document: Arc<Document>) {
        if self.young.len() >= GENERATION_DOCUMENTS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> (String, String) {
        let error = Document::parse(text).unwrap_err();
        let code = error
            .extensions
            .as_ref()
            .and_then(|all| all.get("code"))
            .unwrap()
            .to_string();
        (code, error.message)
    }

    #[test]
    fn depth_counts_through_fragments_but_not_into_introspection() {
        let nested = |levels: usize| "{a".repeat(levels) + &"}".repeat(levels);
        assert!(Document::parse(&nested(limits::DEPTH)).is_ok());
        assert!(refusal(&nested(limits::DEPTH + 1)).1.contains("deeper than 12"));
        let halves = |levels: usize| format!("{{a{{...f}}}} fragment f on A {}", nested(levels - 1));
        assert!(Document::parse(&halves(limits::DEPTH)).is_ok());
        assert!(refusal(&halves(limits::DEPTH + 1)).1.contains("deeper than 12"));
        let introspection = format!("{{__schema{{types{}}}}}", nested(20));
        assert!(Document::parse(&introspection).is_ok());
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        let mut text = "{...f0}".to_owned();
        for level in 0..31 {
            let next = level + 1;
            text += &format!(" fragment f{level} on Query {{...f{next} ...f{next}}}");
        }
        text += " fragment f31 on Query {a}";
        let started = std::time::Instant::now();
        let (code, message) = refusal(&text);
        assert_eq!(
            (code.as_str(), message.as_str()),
            (
                "\"GRAPHQL_VALIDATION_FAILED\"",
                "the operation has more than 5000 fields"
            )
        );
        assert!(started.elapsed() < std::time::Duration::from_millis(50));
        assert!(
            refusal("{a} fragment f on Query {...g} fragment g on Query {...f}")
                .1
                .contains("spreads itself")
        );
    }

    #[test]
    fn an_operation_is_found_by_name_or_by_being_the_only_one() {
        let one = Document::parse("mutation M {a}").unwrap();
        assert_eq!(one.operation(None).unwrap().ty, OperationType::Mutation);
        assert_eq!(one.operation(Some("")).unwrap().ty, OperationType::Mutation);
        assert!(one.operation(Some("N")).is_err());
        let two = Document::parse("query Q {a} subscription S {a}").unwrap();
        assert!(two.operation(None).is_err());
        assert_eq!(two.operation(Some("S")).unwrap().ty, OperationType::Subscription);
    }

    #[test]
    fn a_required_variable_must_have_a_value() {
        let document = Document::parse("query($a:Int!,$b:Int,$c:Int!=1){x(a:$a,b:$b,c:$c)}").unwrap();
        let operation = document.operation(None).unwrap();
        let check = |json| Document::check_variables(operation, &Variables::from_json(json)).is_ok();
        assert!(check(serde_json::json!({"a": 1})));
        assert!(!check(serde_json::json!({"a": null})));
        assert!(!check(serde_json::json!({"a": 1, "c": null})));
        assert!(!check(serde_json::json!({"b": 1})));
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let cache = DocumentCache::default();
        let kept = cache.get("{kept}").unwrap();
        for number in 0..3 * GENERATION_DOCUMENTS {
            cache.get(&format!("{{a{number}}}")).unwrap();
            assert!(Arc::ptr_eq(&kept, &cache.get("{kept}").unwrap()));
        }
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION_DOCUMENTS);
        drop(generations);
        assert_eq!(refusal("{").0, "\"GRAPHQL_PARSE_FAILED\"");
        assert!(cache.get("{").is_err());
    }
}
