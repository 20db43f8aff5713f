//! Validation of field merging: fields of one response name have one shape, whichever object they come from ("Field
//! Selection Merging", `SameResponseShape`, GraphQL specification, October 2021, 5.3.2). async-graphql compares the fields
//! that are selected from one type, and not those of `... on A` and `... on B`.

use crate::gateway::schema_index::{field_of, named, root, types};
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type, TypeKind,
};
use async_graphql::{Positioned, ServerError};
use std::collections::{BTreeMap, HashSet};

/// Fields of an operation that are compared at most: fragments can spread to any number of them.
const COMPARED: usize = 20_000;

/// First two fields of one name whose shapes differ, if there are any.
pub fn validate_field_merging(document: &ExecutableDocument) -> Option<ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node);
    operations
        .map(|operation| {
            let mut validator = MergeValidator {
                document,
                left: COMPARED,
            };
            validator.merged(&[(root(operation.ty), &operation.selection_set.node)])
        })
        .find_map(Result::err)
}

/// Selection set, and the type that it selects from.
type TypedSelection<'a> = (&'a str, &'a SelectionSet);

/// Fields of one name in the response, each with its type.
type SameNameFields<'a> = Vec<(&'a Type, &'a Positioned<Field>)>;

struct MergeValidator<'a> {
    document: &'a ExecutableDocument,
    left: usize,
}

impl<'a> MergeValidator<'a> {
    /// Compares the fields of sets that make one object of the response, and of all objects below.
    fn merged(&mut self, selections: &[TypedSelection<'a>]) -> Result<(), ServerError> {
        let mut fields = BTreeMap::new();
        let mut spread = HashSet::new();
        for selection in selections {
            self.collect(*selection, &mut fields, &mut spread);
        }
        for (name, same) in fields {
            let Some(((first, field), others)) = same.split_first() else {
                continue;
            };
            if let Some((other, at)) = others.iter().find(|(other, _)| !is_same(first, other)) {
                let message = format!(
                    "Fields \"{name}\" conflict because they return conflicting types \"{first}\" and \"{other}\""
                );
                let mut error = ServerError::new(message, Some(field.pos));
                error.locations.push(at.pos);
                return Err(error);
            }
            let below = same
                .iter()
                .map(|(of, field)| (named(of), &field.node.selection_set.node));
            let below: Vec<_> = below.filter(|(_, set)| !set.items.is_empty()).collect();
            if !below.is_empty() && self.left > 0 {
                self.merged(&below)?;
            }
        }
        Ok(())
    }

    fn collect(
        &mut self,
        (parent, set): TypedSelection<'a>,
        fields: &mut BTreeMap<&'a str, SameNameFields<'a>>,
        spread: &mut HashSet<&'a str>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.left = self.left.saturating_sub(1);
                    let name = field.node.response_key().node.as_str();
                    if let Some((of, _)) = field_of(parent, field.node.name.node.as_str()) {
                        fields.entry(name).or_default().push((of, field));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.collect((on, &fragment.node.selection_set.node), fields, spread);
                }
                Selection::FragmentSpread(fragment) => {
                    let name = fragment.node.fragment_name.node.as_str();
                    let found = self.document.fragments.get(name);
                    if let Some(found) = found.filter(|_| spread.insert(name)) {
                        let on = found.node.type_condition.node.on.node.as_str();
                        self.collect((on, &found.node.selection_set.node), fields, spread);
                    }
                }
            }
        }
    }
}

fn is_same(one: &Type, other: &Type) -> bool {
    one.nullable == other.nullable
        && match (&one.base, &other.base) {
            (BaseType::List(one), BaseType::List(other)) => is_same(one, other),
            (BaseType::Named(one), BaseType::Named(other)) => {
                one == other || (has_fields(one.as_str()) && has_fields(other.as_str()))
            }
            _ => false,
        }
}

fn has_fields(name: &str) -> bool {
    let kind = types().get(name).map(|found| &found.kind);
    matches!(
        kind,
        Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
    )
}

#[cfg(test)]
mod tests {
    use super::validate_field_merging;
    use async_graphql::parser::parse_query;

    fn fault(text: &str) -> Option<String> {
        validate_field_merging(&parse_query(text).unwrap()).map(|error| error.message)
    }

    #[test]
    fn one_name_has_one_shape() {
        for text in [
            "{ node(id: 1) { ... on Resource { x: name } ... on VirtualTag { x: tagKey } } }",
            "{ node(id: 1) { ... on Resource { x: virtualTags { totalCount } } ... on Rule { ruleName } } }",
            "{ viewer { role } viewer { subject } }",
            // Objects of two types may have one name, as long as their fields agree.
            "{ node(id: 1) { ... on VirtualTag { x: resource { n: name } } ... on TagAudit { x: virtualTag { n: tagKey } } } }",
            "{ ...A ...B } fragment A on Query { viewer { role } } fragment B on Query { ...A viewer { subject } }",
            "{ node(id: 1) { ... on Nothing { x: name } ... on Rule { x: nothing } } }",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
        for text in [
            "{ node(id: 1) { ... on Resource { x: name } ... on VirtualTag { x: confidence } } }",
            "{ node(id: 1) { ... on Resource { x: name } ... on Resource { x: region } } }",
            "{ node(id: 1) { ... on Resource { x: name } ... on VirtualTag { x: resource { name } } } }",
            "{ node(id: 1) { ...A ...B } } fragment A on Resource { x: name } fragment B on Rule { x: priority }",
            "{ node(id: 1) { ... on VirtualTag { x: resource { n: name } } ... on TagAudit { x: virtualTag { n: confidence } } } }",
        ] {
            let found = fault(text);
            assert!(
                found
                    .as_ref()
                    .is_some_and(|message| message.contains("conflicting types")),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn fragments_that_spread_without_end_are_given_up() {
        let fragment = |n: u32| {
            let fields = (0..20).map(|at| {
                format!(
                    "f{at}: virtualTags {{ nodes {{ resource {{ ...F{} }} }} }}",
                    n + 1
                )
            });
            format!("fragment F{n} on Resource {{ {} }}", fields.collect::<String>())
        };
        let fragments: String = (0..9).map(fragment).collect();
        let text =
            format!("{{ resources {{ nodes {{ ...F0 }} }} }} {fragments} fragment F9 on Resource {{ id }}");
        assert_eq!(fault(&text), None);
    }
}
