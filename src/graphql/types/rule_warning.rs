//! The type `RuleWarning`.

use crate::domain::rules::{RuleWarning, RuleWarningCode};
use crate::graphql::types::row::db_enum;
use crate::graphql::types::user_error::TextPositionObject;
use async_graphql::SimpleObject;

db_enum! {
    /// Code of a warning about a rule.
    pub enum RuleWarningCodeEnum("RuleWarningCode") mirrors RuleWarningCode {
        /// The vocabulary does not contain the tag key.
        UnknownKey,
        /// The vocabulary does not contain the tag value, and the key allows no other values.
        UnknownValue,
        /// The tag value contains template syntax that is not supported and remains literal text.
        UnknownTemplate,
        /// A constant of the condition equals the field of no resource.
        ImpossibleConstant,
        /// The condition is true for all resources.
        AlwaysTrue,
        /// The condition, or a part of it, is true for no resource.
        NeverTrue,
    }
}

/// Warning about a rule; the rule is accepted nevertheless.
#[derive(SimpleObject)]
#[graphql(name = "RuleWarning")]
pub struct RuleWarningObject {
    /// Code of the warning.
    code: RuleWarningCodeEnum,
    /// Message for people, one sentence.
    message: String,
    /// Related input field.
    field: String,
    /// Position in the text of the field, if known.
    position: Option<TextPositionObject>,
}

impl From<RuleWarning> for RuleWarningObject {
    fn from(warning: RuleWarning) -> Self {
        Self {
            code: warning.code.into(),
            message: warning.message,
            field: warning.field.to_owned(),
            position: warning.position.map(Into::into),
        }
    }
}
