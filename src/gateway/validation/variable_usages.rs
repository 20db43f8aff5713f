//! Validation of values and variables by the types of their positions (GraphQL specification, October 2021, 5.6.1 and 5.8),
//! as far as async-graphql leaves it out. It has a rule for "All Variable Usages Are Allowed" that version 7.0.19 never
//! applies, takes strings for enums, and does not see the usages of a variable without a value.

use crate::gateway::schema_index::{field_of, named, root, types};
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, InputValueDefinition, OperationDefinition, Selection,
    SelectionSet, Type, TypeKind, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// First value or variable that does not fit its position, if there is one. async-graphql validates the rest.
pub fn validate_variable_usages(document: &ExecutableDocument) -> Option<ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| operation);
    operations
        .map(|operation| UsageValidator::new(document, &operation.node).operation(&operation.node))
        .find_map(Result::err)
}

/// Types of arguments that the specification defines and no schema repeats: those of `@skip`, `@include` and `__type`.
struct BuiltInTypes {
    boolean: Type,
    string: Type,
}

fn built_in() -> Option<&'static BuiltInTypes> {
    static BUILT_IN: OnceLock<Option<BuiltInTypes>> = OnceLock::new();
    let made = || {
        let (boolean, string) = (Type::new("Boolean!")?, Type::new("String!")?);
        Some(BuiltInTypes { boolean, string })
    };
    BUILT_IN.get_or_init(made).as_ref()
}

/// Validator of an operation, together with the fragments that it spreads.
struct UsageValidator<'a> {
    document: &'a ExecutableDocument,
    variables: HashMap<&'a str, &'a Positioned<VariableDefinition>>,
    spread: HashSet<&'a str>,
}

impl<'a> UsageValidator<'a> {
    fn new(document: &'a ExecutableDocument, operation: &'a OperationDefinition) -> Self {
        let variables = operation.variable_definitions.iter();
        Self {
            document,
            variables: variables
                .map(|each| (each.node.name.node.as_str(), each))
                .collect(),
            spread: HashSet::new(),
        }
    }

    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<(), ServerError> {
        let mut names = HashSet::new();
        for variable in &operation.variable_definitions {
            let VariableDefinition {
                name,
                var_type,
                default_value,
                ..
            } = &variable.node;
            if !names.insert(name.node.as_str()) {
                let message = format!("There can only be one variable named \"${}\"", name.node);
                return Err(ServerError::new(message, Some(variable.pos)));
            }
            if let Some(why) = no_input(named(&var_type.node)) {
                let message = format!("Variable \"${}\": {why}", name.node);
                return Err(ServerError::new(message, Some(variable.pos)));
            }
            if let Some(value) = default_value {
                self.value(&value.node.clone().into_value(), &var_type.node, false, value.pos)?;
            }
        }
        self.directives(&operation.directives)?;
        self.selection(root(operation.ty), &operation.selection_set.node)
    }

    fn selection(&mut self, parent: &'a str, set: &'a SelectionSet) -> Result<(), ServerError> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.field(parent, &field.node)?,
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.node.directives)?;
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.selection(on, &fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives)?;
                    let name = spread.node.fragment_name.node.as_str();
                    let fragment = self.document.fragments.get(name);
                    if let Some(fragment) = fragment.filter(|_| self.spread.insert(name)) {
                        self.directives(&fragment.node.directives)?;
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.selection(on, &fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, parent: &'a str, field: &'a Field) -> Result<(), ServerError> {
        self.directives(&field.directives)?;
        let name = field.name.node.as_str();
        let Some((of_type, takes)) = field_of(parent, name) else {
            if let ("__type", Some(built_in)) = (name, built_in()) {
                for (_, value) in &field.arguments {
                    self.value(&value.node, &built_in.string, false, value.pos)?;
                }
            }
            return Ok(());
        };
        for (argument, value) in &field.arguments {
            match takes.iter().find(|each| each.node.name.node == argument.node) {
                Some(place) => self.input(&value.node, &place.node, value.pos)?,
                None if has_variable(&value.node) => {
                    let message =
                        format!("Unknown argument \"{argument}\" on field \"{name}\" of type \"{parent}\"");
                    return Err(ServerError::new(message, Some(argument.pos)));
                }
                None => {}
            }
        }
        self.selection(named(of_type), &field.selection_set.node)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        let Some(built_in) = built_in() else { return Ok(()) };
        let known =
            |each: &&Positioned<Directive>| matches!(each.node.name.node.as_str(), "skip" | "include");
        for directive in directives.iter().filter(known) {
            for (_, value) in &directive.node.arguments {
                self.value(&value.node, &built_in.boolean, false, value.pos)?;
            }
        }
        Ok(())
    }

    fn input(&self, value: &Value, place: &InputValueDefinition, at: Pos) -> Result<(), ServerError> {
        self.value(value, &place.ty.node, place.default_value.is_some(), at)
    }

    fn value(&self, value: &Value, place: &Type, has_default: bool, at: Pos) -> Result<(), ServerError> {
        match (value, &place.base) {
            (Value::Null, _) => Ok(()),
            (Value::Variable(name), _) => match self.variables.get(name.as_str()) {
                Some(variable) if !fits(&variable.node, place, has_default) => {
                    Err(type_mismatch(variable, place, at))
                }
                _ => Ok(()),
            },
            (Value::List(items), BaseType::List(item)) => items
                .iter()
                .try_for_each(|each| self.value(each, item, false, at)),
            // An item is coerced to a list of one.
            (_, BaseType::List(item)) => self.value(value, item, false, at),
            (_, BaseType::Named(name)) => self.literal(value, name.as_str(), at),
        }
    }

    fn literal(&self, value: &Value, place: &str, at: Pos) -> Result<(), ServerError> {
        let is_apt = match (types().get(place).map(|found| &found.kind), value) {
            (Some(TypeKind::InputObject(object)), Value::Object(fields)) => {
                return self.fields(fields, place, &object.fields, at);
            }
            (Some(TypeKind::Enum(_)), value) => matches!(value, Value::Enum(_)),
            (Some(TypeKind::InputObject(_)), _) => false,
            (None, Value::Number(number)) if place == "Int" => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            _ => true,
        };
        if is_apt {
            return Ok(());
        }
        let message = format!("Invalid value {value}, expected type \"{place}\"");
        Err(ServerError::new(message, Some(at)))
    }

    fn fields<'v>(
        &self,
        given: impl IntoIterator<Item = (&'v Name, &'v Value)>,
        of: &str,
        known: &[Positioned<InputValueDefinition>],
        at: Pos,
    ) -> Result<(), ServerError> {
        for (name, value) in given {
            match known.iter().find(|each| each.node.name.node == *name) {
                Some(place) => self.input(value, &place.node, at)?,
                None if has_variable(value) => {
                    let message = format!("Unknown field \"{name}\" of type \"{of}\"");
                    return Err(ServerError::new(message, Some(at)));
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn has_variable(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(items) => items.iter().any(has_variable),
        Value::Object(fields) => fields.values().any(has_variable),
        _ => false,
    }
}

/// Reason why a type is no input type, if it is none.
fn no_input(name: &str) -> Option<String> {
    match types().get(name).map(|found| &found.kind) {
        Some(TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_)) => None,
        Some(_) => Some(format!("\"{name}\" is no input type")),
        None if matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID") => None,
        None => Some(format!("Unknown type \"{name}\"")),
    }
}

/// `IsVariableUsageAllowed` of the specification.
fn fits(variable: &VariableDefinition, place: &Type, has_default: bool) -> bool {
    let given = &variable.var_type.node;
    let has_value = || {
        let default = variable.default_value.as_ref();
        default.is_some_and(|value| value.node != async_graphql::Value::Null)
    };
    if given.nullable && !place.nullable {
        return (has_default || has_value()) && same_base(&given.base, &place.base);
    }
    is_subtype(given, place)
}

/// `AreTypesCompatible`.
fn is_subtype(given: &Type, place: &Type) -> bool {
    (place.nullable || !given.nullable) && same_base(&given.base, &place.base)
}

fn same_base(given: &BaseType, place: &BaseType) -> bool {
    match (given, place) {
        (BaseType::Named(given), BaseType::Named(place)) => given == place,
        (BaseType::List(given), BaseType::List(place)) => is_subtype(given, place),
        _ => false,
    }
}

/// Error without a code, as the rules of async-graphql have it.
fn type_mismatch(variable: &Positioned<VariableDefinition>, place: &Type, at: Pos) -> ServerError {
    let VariableDefinition { name, var_type, .. } = &variable.node;
    let message = format!(
        "Variable \"${}\" of type \"{}\" used in position expecting type \"{place}\"",
        name.node, var_type.node
    );
    let mut error = ServerError::new(message, Some(variable.pos));
    error.locations.push(at);
    error
}

#[cfg(test)]
mod tests;
