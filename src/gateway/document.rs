//! Documents: parsing, and the checks that need nothing but the document.

use super::validation::{field_merging, variable_usages};
use super::{lexical_limits, operation_limits, values};
use crate::config::Limits;
use crate::graphql::error::Code;
use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection};
use async_graphql::{Name, Value as ConstValue, Variables};
use std::sync::Arc;

/// Characters of a variable's name that an error shows.
const SHOWN_NAME_CHARS: usize = 100;

/// Parsed document that is within the limits.
#[derive(Debug)]
pub struct Document {
    /// Text as it was sent.
    pub text: Arc<str>,
    /// Syntax tree, which the schema executes.
    pub parsed: ExecutableDocument,
    /// Has a field that asks about the schema itself.
    pub asks_for_schema: bool,
    /// Error about something that the specification forbids and async-graphql would execute. Its caller may have to be
    /// spared the schema's names in it.
    pub invalid: Option<ServerError>,
}

impl Document {
    /// Checks the text, parses it, and checks the syntax tree.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ServerError> {
        lexical_limits::check(text, limits)
            .map_err(|exceeded| Code::GraphqlParseFailed.server_error(exceeded.to_string()))?;
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

    /// Refuses variables that the operation does not declare, and those that lack a value which it requires. Values of
    /// the wrong type are refused by async-graphql where they are used.
    pub fn check_variables(
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<(), ServerError> {
        // Undeclared variables are refused at the first one, so that few are compared.
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

    /// Operation to execute: the only one, or the one with that name.
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

/// Error in one line, without the picture that the parser draws of the text.
fn syntax_error(error: async_graphql::parser::Error) -> ServerError {
    let code = Code::GraphqlParseFailed;
    let mut syntax_error = ServerError::from(error);
    let reason = syntax_error.message.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches([' ', '=']).replace('_', " ");
    let place = syntax_error.locations.first();
    let place = place.map_or_else(String::new, |at| format!(" at {}:{}", at.line, at.column));
    syntax_error.message = format!("Syntax Error: {reason}{place}");
    syntax_error
        .extensions
        .get_or_insert_default()
        .set("code", code.as_str());
    syntax_error
}

/// Refuses subscriptions to more than one stream, or to one that only a fragment names: async-graphql would mix the
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
}
