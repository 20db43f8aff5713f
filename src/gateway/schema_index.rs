//! Index of the schema by names, read once from the schema's text.

use crate::graphql::schema::sdl;
use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, InputValueDefinition, InterfaceType, ObjectType, OperationType, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// Definitions in the schema's text, parsed once.
pub fn definitions() -> &'static [TypeSystemDefinition] {
    static DEFINITIONS: OnceLock<Vec<TypeSystemDefinition>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| match parse_schema(sdl()) {
        Ok(document) => document.definitions,
        Err(error) => {
            // Tests read every definition; without them nothing has a cost.
            tracing::error!("the schema's own text cannot be read: {error}");
            Vec::new()
        }
    })
}

/// Root type of operations of this kind.
pub const fn root(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// Schema has this name: a type, a field, an argument, a field of an input or a value of an enum.
pub fn has_name(name: &str) -> bool {
    static NAMES: OnceLock<HashSet<&str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| definitions().iter().flat_map(names_in).collect());
    names.contains(name)
}

fn names_in(definition: &TypeSystemDefinition) -> Vec<&str> {
    let TypeSystemDefinition::Type(definition) = definition else {
        return Vec::new();
    };
    let mut names = vec![definition.node.name.node.as_str()];
    match &definition.node.kind {
        TypeKind::Object(ObjectType { fields, .. }) | TypeKind::Interface(InterfaceType { fields, .. }) => {
            for field in fields {
                names.push(field.node.name.node.as_str());
                names.extend(
                    field
                        .node
                        .arguments
                        .iter()
                        .map(|each| each.node.name.node.as_str()),
                );
            }
        }
        TypeKind::Enum(kind) => names.extend(kind.values.iter().map(|each| each.node.value.node.as_str())),
        TypeKind::InputObject(kind) => {
            names.extend(kind.fields.iter().map(|each| each.node.name.node.as_str()));
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
    names
}

/// Types of the schema by their names.
pub fn types() -> &'static HashMap<&'static str, &'static TypeDefinition> {
    static TYPES: OnceLock<HashMap<&str, &TypeDefinition>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let definitions = definitions().iter();
        let types = definitions.filter_map(|each| match each {
            TypeSystemDefinition::Type(definition) => Some(&definition.node),
            _ => None,
        });
        types.map(|each| (each.name.node.as_str(), each)).collect()
    })
}

/// Type of a field, and its arguments.
pub fn field_of(
    parent: &str,
    name: &str,
) -> Option<(&'static Type, &'static [Positioned<InputValueDefinition>])> {
    let fields = match &types().get(parent)?.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => return None,
    };
    let found = fields.iter().find(|field| field.node.name.node == name)?;
    Some((&found.node.ty.node, &found.node.arguments))
}

/// Name of the innermost type, without brackets and exclamation marks.
pub fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => named(item),
    }
}
