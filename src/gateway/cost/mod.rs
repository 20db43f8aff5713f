//! Cost of an operation, computed before it is executed.
//!
//! An object costs 1, a field without fields of its own 0.05, and others cost as [`declared`]. Items of a list count as
//! often as the list may be long: by `first`, `last` or the ids that are given, as literals or by variables, by the default
//! size of a page, or as declared. The pages, edges and `pageInfo` of a connection cost nothing by themselves.

mod declared;
mod table;

use super::schema_index;
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection};
use async_graphql::{Name, Positioned, Value as ConstValue, Variables};
use async_graphql_value::Value;
use declared::{Multiplicity, UNIT};
use std::collections::HashMap;
use std::ops::AddAssign;
use table::{CostTable, TypeId};

/// Cost of the operation of this document with these values of its variables; never less than 1.
///
/// Fields and types that do not exist cost nothing: validation refuses them. The document must be within the limits
/// that keep fragments from spreading themselves, and from nesting too deep.
pub fn of(document: &ExecutableDocument, operation: &OperationDefinition, variables: &Variables) -> u64 {
    let table = CostTable::of_schema();
    let mut counter = CostCounter {
        table,
        document,
        operation,
        variables,
        fragments: HashMap::new(),
    };
    let cost = counter.selection(
        table.type_named(schema_index::root(operation.ty)),
        &operation.selection_set.node.items,
    );
    cost.once.saturating_add(cost.per_row).div_ceil(UNIT).max(1)
}

/// Cost of a selection: a part that counts once, and, in a connection, one that counts for each row of its page.
#[derive(Clone, Copy, Default)]
struct SelectionCost {
    once: u64,
    per_row: u64,
}

impl AddAssign for SelectionCost {
    fn add_assign(&mut self, other: Self) {
        self.once = self.once.saturating_add(other.once);
        self.per_row = self.per_row.saturating_add(other.per_row);
    }
}

struct CostCounter<'a> {
    table: &'static CostTable,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// Each fragment is counted once, however often it is spread.
    fragments: HashMap<&'a Name, SelectionCost>,
}

impl<'a> CostCounter<'a> {
    fn selection(&mut self, parent: Option<TypeId>, items: &'a [Positioned<Selection>]) -> SelectionCost {
        let mut total = SelectionCost::default();
        for item in items {
            total += match &item.node {
                Selection::Field(field) => self.field(parent, &field.node),
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let on = inline.type_condition.as_ref();
                    let parent = on.map_or(parent, |on| self.table.type_named(on.node.on.node.as_str()));
                    self.selection(parent, &inline.selection_set.node.items)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
        }
        total
    }

    fn fragment(&mut self, name: &Name) -> SelectionCost {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return SelectionCost::default();
        };
        if let Some(cost) = self.fragments.get(name) {
            return *cost;
        }
        let on = fragment.node.type_condition.node.on.node.as_str();
        let parent = self.table.type_named(on);
        let cost = self.selection(parent, &fragment.node.selection_set.node.items);
        self.fragments.insert(name, cost);
        cost
    }

    fn field(&mut self, parent: Option<TypeId>, field: &'a Field) -> SelectionCost {
        let name = field.name.node.as_str();
        let Some(known) = parent.and_then(|parent| self.table.field(parent, name)) else {
            let once = table::introspection(name);
            return SelectionCost { once, per_row: 0 };
        };
        let inner = self.selection(known.inner, &field.selection_set.node.items);
        let (own, inner_once) = (known.own_cost, inner.once.saturating_add(inner.per_row));
        let repeated = |times: u64| own.saturating_add(inner_once).saturating_mul(times);
        match &known.multiplicity {
            Multiplicity::One => SelectionCost {
                once: own.saturating_add(inner_once),
                per_row: 0,
            },
            Multiplicity::Rows => SelectionCost {
                once: 0,
                per_row: repeated(1),
            },
            Multiplicity::Page(default) => SelectionCost {
                once: own
                    .saturating_add(inner.once)
                    .saturating_add(inner.per_row.saturating_mul(self.page(field, *default))),
                per_row: 0,
            },
            Multiplicity::Fixed(times) => SelectionCost {
                once: repeated(*times),
                per_row: 0,
            },
            Multiplicity::Given { argument, otherwise } => SelectionCost {
                once: repeated(self.given(field, argument).unwrap_or(*otherwise)),
                per_row: 0,
            },
            Multiplicity::Inside => SelectionCost {
                once: own.saturating_add(inner.once).saturating_add(
                    inner
                        .per_row
                        .saturating_mul(self.ids(field).unwrap_or(declared::DECIDED)),
                ),
                per_row: 0,
            },
        }
    }

    /// Rows of the page that is asked for.
    fn page(&self, field: &Field, default: u64) -> u64 {
        let size = |name| match self.value(&field.get_argument(name)?.node)? {
            ArgumentValue::Literal(Value::Number(number))
            | ArgumentValue::Constant(ConstValue::Number(number)) => number.as_u64(),
            _ => None,
        };
        size("first").max(size("last")).unwrap_or(default)
    }

    /// Length of the list that is given as this argument.
    fn given(&self, field: &Field, argument: &str) -> Option<u64> {
        self.value(&field.get_argument(argument)?.node)?.length()
    }

    /// Number of ids in the field `ids` of the argument `input`.
    fn ids(&self, field: &Field) -> Option<u64> {
        match self.value(&field.get_argument("input")?.node)? {
            ArgumentValue::Literal(Value::Object(input)) => self.value(input.get("ids")?)?.length(),
            ArgumentValue::Constant(ConstValue::Object(input)) => {
                ArgumentValue::Constant(input.get("ids")?).length()
            }
            _ => None,
        }
    }

    /// Value of an argument; nothing for a variable without one.
    fn value<'v>(&'v self, value: &'v Value) -> Option<ArgumentValue<'v>> {
        let Value::Variable(name) = value else {
            return Some(ArgumentValue::Literal(value));
        };
        if let Some(value) = self.variables.get(name) {
            return Some(ArgumentValue::Constant(value));
        }
        let mut definitions = self.operation.variable_definitions.iter();
        let definition = definitions.find(|each| each.node.name.node == *name)?;
        definition.node.default_value().map(ArgumentValue::Constant)
    }
}

/// Value in the document, or value of a variable.
enum ArgumentValue<'a> {
    Literal(&'a Value),
    Constant(&'a ConstValue),
}

impl ArgumentValue<'_> {
    /// Length of a list; a value in the place of a list is a list of one.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Literal(Value::List(items)) => Some(items.len() as u64),
            Self::Constant(ConstValue::List(items)) => Some(items.len() as u64),
            Self::Literal(Value::Null) | Self::Constant(ConstValue::Null) => None,
            _ => Some(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    fn cost(text: &str, variables: serde_json::Value) -> u64 {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        of(&document, &operation.node, &Variables::from_json(variables))
    }

    #[test]
    fn sizes_multiply_by_literals_variables_and_defaults() {
        let none = || json!({});
        assert_eq!(cost("{__typename}", none()), 1);
        assert_eq!(cost("{resources(first:100){nodes{x}}}", none()), 1 + 100);
        // 100 objects, each with two leaves.
        assert_eq!(cost("{resources(first:100){nodes{id name}}}", none()), 1 + 110);
        assert_eq!(cost("{resources(last:7){edges{node{x} cursor}}}", none()), 9);
        assert_eq!(cost("{resources{nodes{x} pageInfo{endCursor}}}", none()), 52);
        let by_variable =
            "query($n:Int=10){resources(first:$n){...f}} fragment f on ResourceConnection{nodes{...g}}
            fragment g on Resource{virtualTags(first:2){nodes{resource{x}}}}";
        // A resource, its connection, and twice a tag with its resource.
        for (variables, rows) in [
            (none(), 10),
            (json!({"n": 3}), 3),
            (json!({"n": null}), 50),
            (json!({"n": "x"}), 50),
        ] {
            assert_eq!(cost(by_variable, variables), 1 + rows * (1 + 1 + 2 * 2));
        }
        assert_eq!(cost("{nodes(ids:[\"a\",\"b\"]){... on Rule{id}}}", none()), 3);
        let ids = "query($ids:[ID!]!){nodes(ids:$ids){__typename}}";
        assert!(cost(ids, json!({"ids": vec!["a"; 90]})) >= 90);
    }

    #[test]
    fn decisions_cost_as_many_tags_as_they_name() {
        let text = "mutation($ids:[ID!]){approveTags(input:{ids:$ids}){results{tag{x}}}}";
        let one = cost(text, json!({"ids": ["a"]}));
        assert_eq!(cost(text, json!({"ids": vec!["a"; 101]})), one + 100 * 2);
        let whole = "mutation($i:ApproveTagsInput!){approveTags(input:$i){results{tag{x}}}}";
        assert_eq!(cost(whole, json!({"i": {"ids": ["a"]}})), one);
        assert!(cost(whole, json!({"i": {"filter": {}}})) > one + 100);
    }

    #[test]
    fn multiplication_saturates() {
        let deep =
            "{resources(first:500){nodes{virtualTags(first:500){nodes{resource{virtualTags(first:500){nodes{
            resource{virtualTags(first:500){nodes{id}}}}}}}}}}}";
        assert!(cost(deep, json!({})) > 500_u64.pow(4));
        let most = json!({"n": u64::MAX});
        assert!(
            cost(
                "query($n:Int){resources(first:$n){nodes{virtualTags(first:$n){nodes{id}}}}}",
                most
            ) > 1 << 50
        );
    }

    #[test]
    fn introspection_has_a_cost() {
        assert_eq!(cost("{__schema{types{name}}}", json!({})), 100);
        assert_eq!(cost("{__type(name:\"Query\"){name}}", json!({})), 10);
    }
}
