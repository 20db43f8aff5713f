//! Which subscriptions can be executed together.

use crate::domain::auth::{AccountScope, Actor, Role};
use crate::domain::events::{Cursor, Log, ResourceLog, TagLog};
use crate::graphql::context::Services;
use crate::graphql::cursor;
use crate::http::executor::Operation;
use crate::http::values;
use async_graphql::parser::types::{BaseType, OperationDefinition, Selection};
use async_graphql::{Name, Value as ConstValue};
use async_graphql_value::Value;

/// What a shared subscription follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The log of the tags.
    Tags,
    /// The log of the resources.
    Resources,
    /// Something that is told as it is now, and again when it has changed.
    State,
}

impl Source {
    fn of(field: &str) -> Option<Self> {
        match field {
            "approvalEvents" => Some(Self::Tags),
            "resourceEvents" => Some(Self::Resources),
            "approvalStats" | "jobProgress" => Some(Self::State),
            _ => None,
        }
    }

    /// The end of the log as this process has read it.
    pub fn head(self, services: &Services) -> Cursor {
        match self {
            Self::Tags => services.tag_feed.status().head,
            Self::Resources => services.resource_feed.status().head,
            Self::State => Cursor::default(),
        }
    }

    fn decode(self, text: &str) -> Option<Cursor> {
        let log = match self {
            Self::Tags => TagLog::NAME,
            Self::Resources => ResourceLog::NAME,
            Self::State => return None,
        };
        cursor::decode_event(log, text).ok()
    }
}

/// Names the subscriptions that have the same answers: the same operation with the same values, for actors for whom the
/// same things exist. Who the actor is shows in no answer of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    text: Box<str>,
    name: Option<Box<str>>,
    variables: Box<str>,
    role: Role,
    accounts: Option<Vec<String>>,
}

/// A subscription that may be shared.
#[derive(Debug)]
pub struct Sharing {
    pub key: Key,
    pub source: Source,
    /// Where its caller wants to go on.
    pub after: Option<Cursor>,
}

impl Sharing {
    /// Gives nothing for an operation that must be executed by itself, which is also how it learns what is wrong with it.
    pub fn of(operation: &Operation, actor: &Actor) -> Option<Self> {
        let definition = operation.document().operation(operation.name()).ok()?;
        let [item] = definition.selection_set.node.items.as_slice() else {
            return None;
        };
        let Selection::Field(field) = &item.node else {
            return None;
        };
        let field = &field.node;
        if !field.directives.is_empty() || !definition.directives.is_empty() {
            return None;
        }
        let source = Source::of(field.name.node.as_str())?;
        let mut variables = operation.variables().clone();
        let after = match field.get_argument("after").map(|value| &value.node) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(source.decode(text)?),
            Some(Value::Variable(name)) if is_only_for_after(operation, definition, name) => {
                match variables.remove(name) {
                    None | Some(ConstValue::Null) => None,
                    Some(ConstValue::String(text)) => Some(source.decode(&text)?),
                    Some(_) => return None,
                }
            }
            Some(_) => return None,
        };
        Some(Self {
            key: Key {
                text: operation.text().into(),
                name: operation.name().map(Into::into),
                variables: serde_json::to_string(&variables).ok()?.into(),
                role: actor.role,
                accounts: match &actor.scope {
                    AccountScope::All => None,
                    AccountScope::Only(accounts) => Some(accounts.clone()),
                },
            },
            source,
            after,
        })
    }
}

/// Whether the variable is a text that may be absent, and is used nowhere else.
fn is_only_for_after(operation: &Operation, definition: &OperationDefinition, name: &Name) -> bool {
    let mut definitions = definition.variable_definitions.iter().map(|each| &each.node);
    let text = BaseType::Named(Name::new("String"));
    definitions.any(|each| {
        let kind = &each.var_type.node;
        each.name.node == *name && kind.base == text && kind.nullable && each.default_value.is_none()
    }) && values::uses(&operation.document().parsed, name) == 1
}
