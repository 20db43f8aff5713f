//! The schema's types and fields, as far as they matter for costs.

use super::declared::{
    DECISIONS, LEAF, LISTS, MUTATION, OBJECT, SCHEMA, SUBSCRIPTION, Size, TYPE, UNIT, WEIGHTS,
};
use crate::domain::keyset::PageLimits;
use crate::gateway::schema_index;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Which type.
pub type TypeId = usize;

/// What a field costs.
#[derive(Debug)]
pub struct FieldShape {
    /// By itself, in hundredths.
    pub size_hint: u64,
    /// How often that and its selection count.
    pub size: Size,
    /// The type of what it gives, if that has fields.
    pub inner: Option<TypeId>,
}

/// The types with fields.
#[derive(Debug, Default)]
pub struct Shape {
    ids: HashMap<String, TypeId>,
    types: Vec<HashMap<String, FieldShape>>,
    /// Lists of objects whose length nobody declared. A test keeps it empty.
    undeclared: Vec<String>,
}

/// What fields cost that every type has, or every query.
pub fn introspection(name: &str) -> u64 {
    match name {
        "__schema" => SCHEMA,
        "__type" => TYPE,
        "__typename" => LEAF,
        _ => 0,
    }
}

impl Shape {
    /// That of the service's schema, read once.
    pub fn of_schema() -> &'static Self {
        static SHAPE: OnceLock<Shape> = OnceLock::new();
        SHAPE.get_or_init(|| {
            let definitions = schema_index::definitions().iter();
            let types = definitions.filter_map(|each| match each {
                TypeSystemDefinition::Type(definition) => Some(&definition.node),
                _ => None,
            });
            Self::new(types)
        })
    }

    fn new<'a>(definitions: impl Iterator<Item = &'a TypeDefinition>) -> Self {
        let with_fields: Vec<_> = definitions
            .filter_map(|definition| match &definition.kind {
                TypeKind::Object(object) => Some((definition.name.node.as_str(), &object.fields)),
                TypeKind::Interface(interface) => Some((definition.name.node.as_str(), &interface.fields)),
                _ => None,
            })
            .collect();
        let names = with_fields.iter().enumerate();
        let mut shape = Self {
            ids: names.map(|(id, (name, _))| ((*name).to_owned(), id)).collect(),
            ..Self::default()
        };
        for (name, fields) in with_fields {
            let fields = fields.iter().map(|field| {
                let field = &field.node;
                (field.name.node.to_string(), shape.field_shape(name, field))
            });
            let fields: Vec<_> = fields.collect();
            for (field, (_, is_undeclared)) in &fields {
                if *is_undeclared {
                    shape.undeclared.push(format!("{name}.{field}"));
                }
            }
            let fields = fields.into_iter().map(|(field, (shape, _))| (field, shape));
            shape.types.push(fields.collect());
        }
        shape
    }

    /// The field of a type, and whether it is a list whose length nobody declared.
    fn field_shape(&self, parent: &str, field: &FieldDefinition) -> (FieldShape, bool) {
        let (inner_name, is_list) = base(&field.ty.node);
        let inner = self.type_named(inner_name);
        let name = field.name.node.as_str();
        let is_declared = |entry: &&(&str, &str, u64)| entry.0 == parent && entry.1 == name;
        let is_wrapper = parent.ends_with("Connection") && name != "totalCount";
        let wraps = |suffix: &str| inner_name.ends_with(suffix);
        let (size, is_undeclared) = if inner.is_none() {
            (Size::One, false)
        } else if is_wrapper && is_list {
            (Size::Rows, false)
        } else if wraps("Connection") {
            (Size::Page(PageLimits::default().default), false)
        } else if parent == "Mutation" && DECISIONS.contains(&name) {
            (Size::Inside, false)
        } else if name == "results" && is_list {
            (Size::Rows, false)
        } else if parent == "Query" && name == "nodes" {
            (
                Size::Given {
                    argument: "ids",
                    otherwise: 1,
                },
                false,
            )
        } else if let Some((_, _, times)) = LISTS.iter().find(is_declared) {
            (Size::Fixed(*times), false)
        } else if inner_name == "UserError" {
            (Size::One, false)
        } else {
            (Size::One, is_list)
        };
        let own = match parent {
            "Mutation" => MUTATION,
            "Subscription" => SUBSCRIPTION,
            _ if inner.is_none() => LEAF,
            _ if wraps("Edge") || wraps("PageInfo") => 0,
            _ => OBJECT,
        };
        let declared = WEIGHTS.iter().find(is_declared);
        let size_hint = own + declared.map_or(0, |(_, _, units)| units * UNIT);
        (
            FieldShape {
                size_hint,
                size,
                inner,
            },
            is_undeclared,
        )
    }

    /// The type of this name, if it has fields.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// A field of a type.
    pub fn field(&self, of: TypeId, name: &str) -> Option<&FieldShape> {
        self.types.get(of)?.get(name)
    }
}

/// The type's name, without the signs around it, and whether it is a list.
fn base(kind: &Type) -> (&str, bool) {
    match &kind.base {
        BaseType::Named(name) => (name.as_str(), false),
        BaseType::List(inner) => (base(inner).0, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new list needs a length in [`LISTS`], or to be a connection.
    #[test]
    fn every_field_is_covered_by_a_rule() {
        let shape = Shape::of_schema();
        assert_eq!(shape.undeclared, Vec::<String>::new());
        assert!(shape.types.len() > 60 && shape.types.iter().all(|fields| !fields.is_empty()));
        for (kind, id) in &shape.ids {
            for (name, field) in &shape.types[*id] {
                let is_wrapper = kind.ends_with("Connection");
                assert!(
                    field.size_hint > 0 || is_wrapper || name == "node",
                    "{kind}.{name}"
                );
                if kind.ends_with("Connection") && matches!(name.as_str(), "nodes" | "edges") {
                    assert_eq!(field.size, Size::Rows, "{kind}.{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_declared_is_there() {
        let shape = Shape::of_schema();
        let field = |kind: &str, name: &str| shape.field(shape.type_named(kind).unwrap(), name).unwrap();
        for (kind, name, units) in WEIGHTS {
            assert!(field(kind, name).size_hint >= units * UNIT, "{kind}.{name}");
        }
        for (kind, name, times) in LISTS {
            assert_eq!(field(kind, name).size, Size::Fixed(times), "{kind}.{name}");
        }
        for name in DECISIONS {
            assert_eq!(field("Mutation", name).size, Size::Inside, "{name}");
        }
    }
}
