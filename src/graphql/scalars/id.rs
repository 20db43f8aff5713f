//! Global opaque ids: type name and key. An id of the wrong type is refused before any query is executed.

use crate::graphql::error::ResolverError;
use crate::graphql::scalars::date_time::is_storable;
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned,
    ServerResult, Value,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

/// Type whose objects have ids.
pub trait NodeType: Send + Sync + 'static {
    /// Name of the GraphQL type.
    const NAME: &'static str;
    /// Key of an object within its type.
    type NodeKey: Display + FromStr + Clone + Send + Sync + 'static;
}

/// Declares the types whose objects have ids.
macro_rules! node_types {
    ($($(#[$doc:meta])* $kind:ident($name:literal): $key:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $kind {}

            impl NodeType for $kind {
                const NAME: &'static str = $name;
                type NodeKey = $key;
            }
        )*
    };
}

node_types! {
    /// Ids of resources.
    ResourceKind("Resource"): i64;
    /// Ids of virtual tags.
    VirtualTagKind("VirtualTag"): i64;
    /// Ids of rules.
    RuleKind("Rule"): i64;
    /// Ids of suggestions.
    RuleSuggestionKind("RuleSuggestion"): i64;
    /// Ids of inferences.
    InferenceKind("MlInference"): i64;
    /// Ids of job runs.
    JobRunKind("JobRun"): i64;
    /// Ids of schedules; the key is the name of the job.
    ScheduleKind("Schedule"): String;
    /// Ids of the vocabulary's keys; the key is the canonical name.
    VocabularyKeyKind("VocabularyKey"): String;
    /// Ids of API tokens.
    ApiTokenKind("ApiToken"): i64;
    /// Ids of administrative changes.
    AdminChangeKind("AdminChange"): i64;
    /// Ids of trained models; the key is the version.
    ModelKind("Model"): i64;
    /// Ids of audit rows.
    AuditKind("TagAudit"): AuditKey;
    /// Ids of a run's decisions.
    RunDecisionKind("RunDecision"): RunDecisionKey;
    /// Ids of a call's decisions.
    DecisionResultKind("DecisionResult"): String;
}

/// Key of a run's decision on one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunDecisionKey {
    /// Run.
    pub run_id: i64,
    /// Position of the tag in the run.
    pub position: i64,
}

impl Display for RunDecisionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run_id, self.position)
    }
}

impl FromStr for RunDecisionKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run_id, position) = text.split_once('.').ok_or(())?;
        Ok(Self {
            run_id: run_id.parse().map_err(drop)?,
            position: position.parse().map_err(drop)?,
        })
    }
}

/// Key of an audit row; the timestamp determines the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuditKey {
    /// Time of the change.
    pub timestamp: DateTime<Utc>,
    /// Row id.
    pub id: i64,
}

impl Display for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.timestamp.timestamp_micros(), self.id)
    }
}

impl FromStr for AuditKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        let micros = micros.parse().map_err(drop)?;
        Ok(Self {
            timestamp: DateTime::from_timestamp_micros(micros)
                .filter(is_storable)
                .ok_or(())?,
            id: id.parse().map_err(drop)?,
        })
    }
}

/// Id of one type of object; the GraphQL type is `ID`.
#[derive(Debug)]
pub struct Id<K: NodeType>(pub K::NodeKey);

impl<K: NodeType> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: NodeType> Id<K> {
    /// Encodes the opaque text.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", K::NAME, self.0))
    }

    /// Reads an argument as an id of this type.
    pub fn of(id: &ID) -> crate::graphql::error::FieldResult<Self> {
        Self::decode(id).map_err(|why| ResolverError::bad_input(format!("id {}: {why}", **id)))
    }

    /// Decodes an id of this type.
    pub fn decode(text: &str) -> Result<Self, String> {
        let (name, key) = split(text)?;
        if name != K::NAME {
            return Err(format!("this is the id of a {name}, not of a {}", K::NAME));
        }
        let id = key.parse().map(Self).map_err(|_| NOT_AN_ID.to_owned())?;
        // `+42` and `042` are numbers, too: an object has one id.
        if id.encode() == text {
            Ok(id)
        } else {
            Err(NOT_AN_ID.to_owned())
        }
    }
}

impl<K: NodeType> From<Id<K>> for ID {
    fn from(id: Id<K>) -> Self {
        Self(id.encode())
    }
}

const NOT_AN_ID: &str = "this is not an id; use one that the API gave";

/// Splits an id into the type's name and the key.
pub fn split(text: &str) -> Result<(String, String), String> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NOT_AN_ID)?;
    let plain = String::from_utf8(bytes).map_err(|_| NOT_AN_ID)?;
    let (name, key) = plain.split_once(':').ok_or(NOT_AN_ID)?;
    Ok((name.to_owned(), key.to_owned()))
}

impl<K: NodeType> InputType for Id<K> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("ID")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => Self::decode(&text).map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.encode())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<K: NodeType> OutputType for Id<K> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("ID")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.encode()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, ResourceKind, RuleKind};

    #[test]
    fn an_id_comes_back() {
        let id = Id::<ResourceKind>(42).encode();
        assert_eq!(Id::<ResourceKind>::decode(&id).unwrap().0, 42);
    }

    #[test]
    fn another_kind_is_refused_by_name() {
        let id = Id::<RuleKind>(42).encode();
        let refusal = Id::<ResourceKind>::decode(&id).unwrap_err();
        assert_eq!(refusal, "this is the id of a Rule, not of a Resource");
    }

    #[test]
    fn what_was_never_an_id_is_refused() {
        for text in [
            "",
            "42",
            "Resource:42",
            "UmVzb3VyY2U",
            "UmVzb3VyY2U6eA",
            "\u{e9}",
            "UmVzb3VyY2U6KzQy",
        ] {
            assert!(Id::<ResourceKind>::decode(text).is_err(), "{text}");
        }
    }
}
