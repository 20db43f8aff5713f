//! Cost table: the types and fields of the schema with their costs.

use super::declared::{
    DECISIONS, LEAF, LISTS, MUTATION, Multiplicity, OBJECT, SCHEMA, SUBSCRIPTION, TYPE, UNIT, WEIGHTS,
};
use crate::domain::keyset::PageLimits;
use crate::gateway::schema_index;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Index of a type.
pub type TypeId = usize;

/// Cost of a field.
#[derive(Debug)]
pub struct FieldCost {
    /// Cost of the field itself, in hundredths.
    pub own_cost: u64,
    /// Factor of that and of the selection.
    pub multiplicity: Multiplicity,
    /// Type that its selection selects from, if there is one.
    pub inner: Option<TypeId>,
}

/// Types with fields.
#[derive(Debug, Default)]
pub struct CostTable {
    ids: HashMap<String, TypeId>,
    types: Vec<HashMap<String, FieldCost>>,
    /// Lists of objects without a declared length. A test keeps it empty.
    undeclared: Vec<String>,
}

/// Cost of a field that every type has, or every query.
pub fn introspection(name: &str) -> u64 {
    match name {
        "__schema" => SCHEMA,
        "__type" => TYPE,
        "__typename" => LEAF,
        _ => 0,
    }
}

impl CostTable {
    /// Table of the service's schema, built once.
    pub fn of_schema() -> &'static Self {
        static TABLE: OnceLock<CostTable> = OnceLock::new();
        TABLE.get_or_init(|| {
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
        let mut table = Self {
            ids: names.map(|(id, (name, _))| ((*name).to_owned(), id)).collect(),
            ..Self::default()
        };
        for (name, fields) in with_fields {
            let fields = fields.iter().map(|field| {
                let field = &field.node;
                (field.name.node.to_string(), table.field_cost(name, field))
            });
            let fields: Vec<_> = fields.collect();
            for (field, (_, is_undeclared)) in &fields {
                if *is_undeclared {
                    table.undeclared.push(format!("{name}.{field}"));
                }
            }
            let fields = fields.into_iter().map(|(field, (table, _))| (field, table));
            table.types.push(fields.collect());
        }
        table
    }

    /// Cost of a field of a type, and whether it is a list without a declared length.
    fn field_cost(&self, parent: &str, field: &FieldDefinition) -> (FieldCost, bool) {
        let (inner_name, is_list) = base(&field.ty.node);
        let inner = self.type_named(inner_name);
        let name = field.name.node.as_str();
        let is_declared = |entry: &&(&str, &str, u64)| entry.0 == parent && entry.1 == name;
        let is_wrapper = parent.ends_with("Connection") && name != "totalCount";
        let wraps = |suffix: &str| inner_name.ends_with(suffix);
        let (multiplicity, is_undeclared) = if inner.is_none() {
            (Multiplicity::One, false)
        } else if is_wrapper && is_list {
            (Multiplicity::Rows, false)
        } else if wraps("Connection") {
            (Multiplicity::Page(PageLimits::default().default), false)
        } else if parent == "Mutation" && DECISIONS.contains(&name) {
            (Multiplicity::Inside, false)
        } else if name == "results" && is_list {
            (Multiplicity::Rows, false)
        } else if parent == "Query" && name == "nodes" {
            (
                Multiplicity::Given {
                    argument: "ids",
                    otherwise: 1,
                },
                false,
            )
        } else if let Some((_, _, times)) = LISTS.iter().find(is_declared) {
            (Multiplicity::Fixed(*times), false)
        } else if inner_name == "UserError" {
            (Multiplicity::One, false)
        } else {
            (Multiplicity::One, is_list)
        };
        let own = match parent {
            "Mutation" => MUTATION,
            "Subscription" => SUBSCRIPTION,
            _ if inner.is_none() => LEAF,
            _ if wraps("Edge") || wraps("PageInfo") => 0,
            _ => OBJECT,
        };
        let declared = WEIGHTS.iter().find(is_declared);
        let own_cost = own + declared.map_or(0, |(_, _, units)| units * UNIT);
        (
            FieldCost {
                own_cost,
                multiplicity,
                inner,
            },
            is_undeclared,
        )
    }

    /// Type of this name, if it has fields.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// Field of a type.
    pub fn field(&self, of: TypeId, name: &str) -> Option<&FieldCost> {
        self.types.get(of)?.get(name)
    }
}

/// Name of the innermost type, and whether it is in a list.
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
        let table = CostTable::of_schema();
        assert_eq!(table.undeclared, Vec::<String>::new());
        assert!(table.types.len() > 60 && table.types.iter().all(|fields| !fields.is_empty()));
        for (kind, id) in &table.ids {
            for (name, field) in &table.types[*id] {
                let is_wrapper = kind.ends_with("Connection");
                assert!(
                    field.own_cost > 0 || is_wrapper || name == "node",
                    "{kind}.{name}"
                );
                if kind.ends_with("Connection") && matches!(name.as_str(), "nodes" | "edges") {
                    assert_eq!(field.multiplicity, Multiplicity::Rows, "{kind}.{name}");
                }
            }
        }
    }

    #[test]
    fn declared_costs_are_in_the_table() {
        let table = CostTable::of_schema();
        let field = |kind: &str, name: &str| table.field(table.type_named(kind).unwrap(), name).unwrap();
        for (kind, name, units) in WEIGHTS {
            assert!(field(kind, name).own_cost >= units * UNIT, "{kind}.{name}");
        }
        for (kind, name, times) in LISTS {
            assert_eq!(
                field(kind, name).multiplicity,
                Multiplicity::Fixed(times),
                "{kind}.{name}"
            );
        }
        for name in DECISIONS {
            assert_eq!(
                field("Mutation", name).multiplicity,
                Multiplicity::Inside,
                "{name}"
            );
        }
    }

    /// Otherwise a field with a weight is refused whatever is selected of it.
    #[test]
    fn weighted_fields_cost_less_than_an_operation_may() {
        let table = CostTable::of_schema();
        let most = u64::from(crate::config::Limits::default().cost) * UNIT;
        for (kind, name, _) in WEIGHTS {
            let field = table.field(table.type_named(kind).unwrap(), name).unwrap();
            let times = match field.multiplicity {
                Multiplicity::Fixed(times) | Multiplicity::Page(times) => times,
                _ => 1,
            };
            assert!(field.own_cost * times < most / 2, "{kind}.{name}");
        }
    }
}
