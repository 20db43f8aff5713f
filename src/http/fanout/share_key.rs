//! Keys of shared subscriptions: operations that can be executed once for several callers.

use crate::auth::{Actor, Role};
use crate::domain::events::{Log, LogPosition, ResourceLog, TagLog};
use crate::gateway::{AdmittedOperation, normal_form};
use crate::graphql::relay::cursor;
use crate::graphql::state::Services;
use async_graphql::Value as ConstValue;
use async_graphql::parser::types::Selection;
use async_graphql_value::Value;

/// Argument with the position to go on from.
const AFTER: &str = "after";

/// Source of a shared subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionSource {
    /// The log of the tags.
    Tags,
    /// The log of the resources.
    Resources,
    /// State that is sent as it is now, and again when it has changed.
    State,
}

impl SubscriptionSource {
    fn of(field: &str) -> Option<Self> {
        match field {
            "approvalEvents" => Some(Self::Tags),
            "resourceEvents" => Some(Self::Resources),
            "approvalStats" | "jobProgress" => Some(Self::State),
            _ => None,
        }
    }

    /// End of the log as this process has read it.
    pub fn head(self, services: &Services) -> LogPosition {
        match self {
            Self::Tags => services.tag_feed.status().head,
            Self::Resources => services.resource_feed.status().head,
            Self::State => LogPosition::default(),
        }
    }

    fn decode(self, text: &str) -> Option<LogPosition> {
        let log = match self {
            Self::Tags => TagLog::NAME,
            Self::Resources => ResourceLog::NAME,
            Self::State => return None,
        };
        cursor::decode_event(log, text).ok()
    }
}

/// Key of the subscriptions that have the same payloads: the same operation in its normal form, for actors of the same
/// role and accounts. No payload of a subscription shows the actor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareKey {
    operation: Box<str>,
    role: Role,
    accounts: Option<Vec<String>>,
}

/// Subscription that may be shared.
#[derive(Debug)]
pub struct ShareableOperation {
    /// Key under which it is shared.
    pub key: ShareKey,
    /// Source that it follows.
    pub source: SubscriptionSource,
    /// Position that its caller wants to go on from.
    pub after: Option<LogPosition>,
}

impl ShareableOperation {
    /// Gives nothing for an operation that must be executed by itself. An invalid one is among them: its execution tells
    /// the caller what is wrong.
    pub fn of(operation: &AdmittedOperation, actor: &Actor) -> Option<Self> {
        let definition = operation.document().operation(operation.name()).ok()?;
        let [item] = definition.selection_set.node.items.as_slice() else {
            return None;
        };
        let Selection::Field(field) = &item.node else {
            return None;
        };
        let source = SubscriptionSource::of(field.node.name.node.as_str())?;
        let variables = operation.variables();
        let after = match field.node.get_argument(AFTER).map(|value| &value.node) {
            None => None,
            Some(Value::Variable(name)) => normal_form::variable(definition, variables, name).cloned(),
            Some(value) => value.clone().into_const(),
        };
        let after = match after {
            None | Some(ConstValue::Null) => None,
            Some(ConstValue::String(text)) => Some(source.decode(&text)?),
            Some(_) => return None,
        };
        let operation = normal_form::write(operation.document(), definition, variables, Some(AFTER));
        Some(Self {
            key: ShareKey {
                operation: operation.into(),
                role: actor.role,
                accounts: actor.scope.as_bind(),
            },
            source,
            after,
        })
    }
}
