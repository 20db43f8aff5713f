//! Objects over rows, of which most fields need nothing but the row. The library makes a future of each field of each
//! object; here fields that are columns are resolved at once, and only the others are futures.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use futures::future::{BoxFuture, try_join_all};
use std::borrow::Cow;

/// Object some of whose fields need neither arguments nor anything to wait for.
pub trait RowFields: ContainerType {
    /// Value of such a field; nothing for other fields.
    fn field(&self, name: &str) -> Option<Value>;
}

impl<T: RowFields> RowFields for &T {
    fn field(&self, name: &str) -> Option<Value> {
        T::field(self, name)
    }
}

/// Object in the place of its type, resolved with [`RowFields`]. The response is the same.
#[derive(Clone)]
pub struct RowObject<T>(pub T);

impl<T: RowFields> OutputType for RowObject<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut selected = Vec::with_capacity(ctx.item.node.items.len());
        if !flatten(ctx, &ctx.item.node, &T::type_name(), &mut selected) {
            return self.0.resolve(ctx, field).await;
        }
        let mut values = IndexMap::with_capacity(selected.len());
        let mut others = Vec::new();
        for each in selected {
            let value = value_of(&self.0, each).unwrap_or_else(|| {
                others.push(each);
                Value::Null
            });
            if values.insert(response_key(each), value).is_some() {
                // Fields with one key are merged.
                return self.0.resolve(ctx, field).await;
            }
        }
        if !others.is_empty() {
            let others = others.into_iter().map(|other| resolve_other(ctx, &self.0, other));
            values.extend(try_join_all(others).await?);
        }
        Ok(Value::Object(values))
    }
}

/// Collects the fields of a selection with those of its fragments, in order; false where the library has more to decide:
/// fragments on interfaces, and directives.
fn flatten<'a>(
    ctx: &ContextSelectionSet<'a>,
    selected: &'a SelectionSet,
    type_name: &str,
    fields: &mut Vec<&'a Positioned<Field>>,
) -> bool {
    selected.items.iter().all(|item| {
        let (condition, selected) = match &item.node {
            Selection::Field(field) => {
                fields.push(field);
                return field.node.directives.is_empty();
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) else {
                    return false;
                };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
            Selection::InlineFragment(fragment) => (
                fragment.node.type_condition.as_ref(),
                &fragment.node.selection_set,
            ),
        };
        condition.is_none_or(|condition| condition.node.on.node.as_str() == type_name)
            && flatten(ctx, &selected.node, type_name, fields)
    })
}

fn response_key(field: &Positioned<Field>) -> Name {
    field.node.response_key().node.clone()
}

fn value_of<T: RowFields>(row: &T, field: &Positioned<Field>) -> Option<Value> {
    match field.node.name.node.as_str() {
        "__typename" => Some(Value::String(row.introspection_type_name().into_owned())),
        name => row.field(name),
    }
}

/// Resolves a field as the library does, which boxes the future, too: types refer to each other.
fn resolve_other<'a, T: RowFields>(
    ctx: &'a ContextSelectionSet<'_>,
    row: &'a T,
    field: &'a Positioned<Field>,
) -> BoxFuture<'a, ServerResult<(Name, Value)>> {
    Box::pin(async move {
        let value = row.resolve_field(&ctx.with_field(field)).await?;
        Ok((response_key(field), value.unwrap_or_default()))
    })
}
