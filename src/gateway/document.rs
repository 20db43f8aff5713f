//! Documents: parsed once, checked once, and kept for the callers that send the same text again.

use super::generations::Generations;
use super::validation::{field_merging, variable_usages};
use super::{lexical_limits, operation_limits, values};
use crate::config::Limits;
use crate::graphql::error::Code;
use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection};
use async_graphql::{Name, Value as ConstValue, Variables};
use std::sync::Arc;

/// Documents in each of the cache's two generations, and bytes of their texts.
const CACHED_DOCUMENTS: usize = 512;
const CACHED_BYTES: usize = 2 << 20;

/// Longer texts are not kept.
const CACHED_TEXT_BYTES: usize = 16 << 10;

/// Characters of a variable's name that an error tells.
const SHOWN_NAME_CHARS: usize = 100;

/// A parsed document that is within the limits.
#[derive(Debug)]
pub struct Document {
    /// As it was sent.
    pub text: Arc<str>,
    /// What the schema executes.
    pub parsed: ExecutableDocument,
    /// Whether it asks about the schema itself.
    pub asks_for_schema: bool,
    /// What of it the specification forbids and the library would execute, if there is something. Who may be told the
    /// names in it is not known here.
    pub invalid: Option<ServerError>,
}

impl Document {
    /// Checks the text, parses it, and checks what came out.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ServerError> {
        lexical_limits::check(text, limits)
            .map_err(|excess| Code::GraphqlParseFailed.server_error(excess.to_string()))?;
        let mut parsed = parse_query(text).map_err(syntax_error)?;
        let asks_for_schema = operation_limits::check(&parsed, limits)?;
        values::check_literals(&mut parsed)?;
        for (_, operation) in parsed.operations.iter() {
            check_root(&operation.node)?;
        }
        Ok(Self {
            text: text.into(),
            invalid: duplicate_field(text)
                .or_else(|| variable_usages::validate_variable_usages(&parsed))
                .or_else(|| field_merging::validate_field_merging(&parsed)),
            parsed,
            asks_for_schema,
        })
    }

    /// Refuses variables that the operation does not declare, and those that lack a value which it requires. Whether a
    /// value fits its type shows when it is used.
    pub fn check_variables(
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<(), ServerError> {
        // As many as are declared pass, so that few are looked at.
        let is_declared = |name: &Name| {
            let mut definitions = operation.variable_definitions.iter();
            definitions.any(|each| each.node.name.node == *name)
        };
        if let Some((name, _)) = variables.iter().find(|(name, _)| !is_declared(name)) {
            let shown: String = name.chars().take(SHOWN_NAME_CHARS).collect();
            let message = format!("the operation declares no variable ${shown}");
            return Err(Code::BadUserInput.server_error(message));
        }
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

fn duplicate_field(text: &str) -> Option<ServerError> {
    let field = lexical_limits::repeated_field(text)?;
    let message = format!("There can only be one input field named \"{field}\"");
    Some(ServerError::new(message, None))
}

/// Says in a line what the parser draws.
fn syntax_error(error: async_graphql::parser::Error) -> ServerError {
    let code = Code::GraphqlParseFailed;
    let mut http_error = ServerError::from(error);
    let reason = http_error.message.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches([' ', '=']).replace('_', " ");
    let place = http_error.locations.first();
    let place = place.map_or_else(String::new, |at| format!(" at {}:{}", at.line, at.column));
    http_error.message = format!("Syntax Error: {reason}{place}");
    http_error
        .extensions
        .get_or_insert_default()
        .set("code", code.as_str());
    http_error
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

/// Parsed documents by their text.
pub struct DocumentCache {
    documents: Generations<Arc<str>, Arc<Document>>,
    limits: Limits,
}

impl DocumentCache {
    /// An empty cache of documents that are within the limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            documents: Generations::new(CACHED_DOCUMENTS, CACHED_BYTES),
            limits,
        }
    }

    /// The document of this text: kept, or parsed now. What is refused is not kept.
    pub fn get(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.documents.get(text) {
            return Ok(document);
        }
        let document = Arc::new(Document::parse(text, &self.limits)?);
        if text.len() <= CACHED_TEXT_BYTES {
            let key = document.text.clone();
            self.documents.insert(key, document.clone(), text.len());
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn an_operation_is_found_by_name_or_by_being_the_only_one() {
        let one = parse("mutation M {a}");
        assert_eq!(one.operation(None).unwrap().ty, OperationType::Mutation);
        assert_eq!(one.operation(Some("")).unwrap().ty, OperationType::Mutation);
        assert!(one.operation(Some("N")).is_err());
        let two = parse("query Q {a} subscription S {a}");
        assert!(two.operation(None).is_err());
        assert_eq!(two.operation(Some("S")).unwrap().ty, OperationType::Subscription);
    }

    #[test]
    fn variables_are_declared_and_required_ones_have_a_value() {
        let document = parse("query($a:Int!,$b:Int,$c:Int!=1){x(a:$a,b:$b,c:$c)}");
        let operation = document.operation(None).unwrap();
        let check = |json| Document::check_variables(operation, &Variables::from_json(json)).is_ok();
        assert!(check(serde_json::json!({"a": 1})));
        assert!(!check(serde_json::json!({"a": null})));
        assert!(!check(serde_json::json!({"a": 1, "c": null})));
        assert!(!check(serde_json::json!({"b": 1})));
        assert!(!check(serde_json::json!({"a": 1, "d": null})));
    }

    #[test]
    fn the_cache_keeps_what_was_parsed_and_nothing_that_was_refused() {
        let cache = DocumentCache::new(Limits::default());
        let kept = cache.get("{kept}").unwrap();
        assert!(Arc::ptr_eq(&kept, &cache.get("{kept}").unwrap()));
        let long = format!("{{a # {}\n}}", "x".repeat(CACHED_TEXT_BYTES));
        let parsed = cache.get(&long).unwrap();
        assert!(!Arc::ptr_eq(&parsed, &cache.get(&long).unwrap()));
        for _ in 0..2 {
            assert_eq!(
                Code::in_error(&cache.get("{").unwrap_err()),
                Some("GRAPHQL_PARSE_FAILED")
            );
        }
    }
}
