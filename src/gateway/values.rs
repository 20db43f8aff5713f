//! Values in a document and its variables: unset variables, texts that are refused, and errors that a variable causes.

use crate::graphql::error::Code;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;
use std::collections::HashSet;

type ArgumentList = Vec<(Positioned<Name>, Positioned<Value>)>;

/// Leaves out arguments and fields of input objects whose value is a nullable variable without value and without
/// default: by the specification these are not given, and their own defaults count. In a list such a variable is null.
pub fn omit_unset_variables(
    document: &mut ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) {
    let definitions = operation.variable_definitions.iter().map(|each| &each.node);
    let absent: HashSet<&Name> = definitions
        .filter(|each| each.default_value.is_none() && !variables.contains_key(&each.name.node))
        .map(|each| &each.name.node)
        .collect();
    if absent.is_empty() {
        return;
    }
    let mut used = HashSet::new();
    each_arguments(document, &mut |arguments| {
        arguments.retain_mut(|(_, value)| has_value(&mut value.node, &absent, &mut used));
    });
    // Validation would call these variables unused. It is right about those that were unused before.
    for operation in operations(document) {
        let definitions = &mut operation.node.variable_definitions;
        definitions.retain(|each| !used.contains(&each.node.name.node));
    }
}

fn has_value(value: &mut Value, absent: &HashSet<&Name>, used: &mut HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) if absent.contains(name) => {
            used.insert(name.clone());
            return false;
        }
        Value::Object(fields) => fields.retain(|_, field| has_value(field, absent, used)),
        Value::List(items) => {
            for item in items {
                if !has_value(item, absent, used) {
                    *item = Value::Null;
                }
            }
        }
        _ => {}
    }
    true
}

/// Prefix with which async-graphql names the files of a request among the values of its variables. It accepts the same
/// from callers, who could name files of others.
pub const FILE_NAME: &str = "#__graphql_file__:";

/// Refuses literals with NUL, which PostgreSQL's texts cannot hold, and those that name files.
pub fn check_literals(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    let mut found = None;
    let mut check = |value: &ConstValue, place: &dyn Fn() -> String| {
        if found.is_none() {
            found = match value {
                value if has_text(value, &has_nul) => Some(nul(&place())),
                value if has_text(value, &names_file) => Some(file_name(&place())),
                _ => None,
            };
        }
    };
    each_arguments(document, &mut |arguments| {
        for (name, value) in arguments.iter() {
            let constant = value
                .node
                .clone()
                .into_const_with(|_| Ok::<_, ()>(ConstValue::Null));
            if let Ok(value) = constant {
                check(&value, &|| format!("the argument {}", name.node));
            }
        }
    });
    for operation in operations(document) {
        for definition in &operation.node.variable_definitions {
            if let Some(default) = &definition.node.default_value {
                check(&default.node, &|| {
                    format!("the default of ${}", definition.node.name.node)
                });
            }
        }
    }
    found.map_or(Ok(()), Err)
}

/// Refuses variables with NUL.
pub fn check_variables(variables: &Variables) -> Result<(), ServerError> {
    match variables.iter().find(|(_, value)| has_text(value, &has_nul)) {
        Some((name, _)) => Err(nul(&format!("the variable ${name}"))),
        None => Ok(()),
    }
}

/// Refuses variables that name files, as they come from a caller.
pub fn check_no_file_names(variables: &Variables) -> Result<(), ServerError> {
    match variables.iter().find(|(_, value)| has_text(value, &names_file)) {
        Some((name, _)) => Err(file_name(&format!("the variable ${name}"))),
        None => Ok(()),
    }
}

fn nul(place: &str) -> ServerError {
    Code::BadUserInput.server_error(format!("{place} has a NUL character, which no text may have"))
}

fn file_name(place: &str) -> ServerError {
    let message =
        format!("{place} has a text that begins with {FILE_NAME}, as the files of an upload are named");
    Code::BadUserInput.server_error(message)
}

fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

fn names_file(text: &str) -> bool {
    text.starts_with(FILE_NAME)
}

/// Value has such a text, names of fields included. The recursion is as deep as the value nests, which
/// `lexical_limits` bounds in documents and the JSON parser in variables.
fn has_text(value: &ConstValue, is_such: &impl Fn(&str) -> bool) -> bool {
    match value {
        ConstValue::String(text) => is_such(text),
        ConstValue::List(items) => items.iter().any(|item| has_text(item, is_such)),
        ConstValue::Object(fields) => {
            let mut fields = fields.iter();
            fields.any(|(name, value)| is_such(name) || has_text(value, is_such))
        }
        _ => false,
    }
}

/// Names in errors of validation about arguments the variables with the values that do not fit.
pub fn attribute_errors_to_variables(document: &ExecutableDocument, errors: &mut [ServerError]) {
    const PREFIX: &str = "Invalid value for argument ";
    for error in errors {
        let Some(reason) = error.message.strip_prefix(PREFIX) else {
            continue;
        };
        let Some(position) = error.locations.first() else {
            continue;
        };
        let names = variables_at(document, *position);
        if !names.is_empty() {
            error.message = format!("{} does not fit: {reason}", names.join(" or "));
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("code", Code::BadUserInput.as_str());
        }
    }
}

/// Variables in the argument whose name is at this position.
fn variables_at(document: &ExecutableDocument, position: Pos) -> Vec<String> {
    let mut names = Vec::new();
    each_arguments(&mut document.clone(), &mut |arguments| {
        for (_, value) in arguments.iter().filter(|(name, _)| name.pos == position) {
            let collected = value.node.clone().into_const_with(|name| {
                names.push(format!("${name}"));
                Ok::<_, ()>(ConstValue::Null)
            });
            drop(collected);
        }
    });
    names
}

fn operations(document: &mut ExecutableDocument) -> Vec<&mut Positioned<OperationDefinition>> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    }
}

/// Visits the arguments of each field and directive.
fn each_arguments(document: &mut ExecutableDocument, visit: &mut dyn FnMut(&mut ArgumentList)) {
    for fragment in document.fragments.values_mut() {
        for directive in &mut fragment.node.directives {
            visit(&mut directive.node.arguments);
        }
        each_in_selection(&mut fragment.node.selection_set.node, visit);
    }
    for operation in operations(document) {
        for directive in &mut operation.node.directives {
            visit(&mut directive.node.arguments);
        }
        each_in_selection(&mut operation.node.selection_set.node, visit);
    }
}

fn each_in_selection(selection: &mut SelectionSet, visit: &mut dyn FnMut(&mut ArgumentList)) {
    for item in &mut selection.items {
        let (directives, inner) = match &mut item.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                visit(&mut field.arguments);
                (&mut field.directives, Some(&mut field.selection_set.node))
            }
            Selection::InlineFragment(inline) => {
                let inline = &mut inline.node;
                (&mut inline.directives, Some(&mut inline.selection_set.node))
            }
            Selection::FragmentSpread(spread) => (&mut spread.node.directives, None),
        };
        for directive in directives {
            visit(&mut directive.node.arguments);
        }
        if let Some(inner) = inner {
            each_in_selection(inner, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    /// Arguments and variable definitions that are left.
    fn left(text: &str, variables: serde_json::Value) -> (Vec<String>, usize) {
        let parsed = parse_query(text).unwrap();
        let mut copy = parsed.clone();
        let (_, operation) = parsed.operations.iter().next().unwrap();
        omit_unset_variables(&mut copy, &operation.node, &Variables::from_json(variables));
        let mut arguments = Vec::new();
        each_arguments(&mut copy, &mut |list| {
            arguments.extend(
                list.iter()
                    .map(|(name, value)| format!("{}:{}", name.node, value.node)),
            );
        });
        let definitions = operations(&mut copy)[0].node.variable_definitions.len();
        (arguments, definitions)
    }

    #[test]
    fn arguments_without_a_value_are_not_given() {
        let text =
            "query($a:Int,$b:Int=2,$c:Int){x(a:$a,o:{a:$a,b:$b},l:[$a,$c]) ...f} fragment f on Q{y(a:$a)}";
        let (arguments, definitions) = left(text, json!({"c": null}));
        assert_eq!((arguments.len(), definitions), (2, 2));
        assert!(
            arguments[0].contains("$b") && !arguments[0].contains("$a"),
            "{arguments:?}"
        );
        assert_eq!(arguments[1], "l:[null, $c]");
        assert_eq!(left(text, json!({"a": 1, "c": 1})).0.len(), 4);
        // Unused variables stay, for validation to refuse.
        assert_eq!(left("query($a:Int){x}", json!({})).1, 1);
    }

    #[test]
    fn nul_is_found_in_every_value() {
        let check = |text: &str| check_literals(&mut parse_query(text).unwrap());
        assert!(check(r#"{x(a:"b\\u0000")}"#).is_ok());
        for text in [
            r#"{x(a:"\u0000")}"#,
            r#"{x(o:{l:["a\u0000"]})}"#,
            r#"query($a:String="\u0000"){x(a:$a)}"#,
            r#"{x ...f} fragment f on Q{y(a:"\u0000")}"#,
            r##"{x(o:{file:"#__graphql_file__:0"})}"##,
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        for (value, is_refused) in [
            (json!({"a": ["\0"]}), true),
            (json!({"a": {"\0": 1}}), true),
            (json!("a"), false),
        ] {
            let variables = Variables::from_json(json!({ "v": value }));
            assert_eq!(check_variables(&variables).is_err(), is_refused);
        }
    }
}
