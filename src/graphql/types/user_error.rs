//! User errors: mistakes of a mutation's caller, returned as data.

use crate::error::{Error, Problem, ProblemCode, TextPosition};
use crate::graphql::error::FieldResult;
use crate::graphql::types::row::db_enum;
use async_graphql::SimpleObject;

db_enum! {
    /// Code of a user error.
    pub enum UserErrorCode("UserErrorCode") mirrors ProblemCode {
        /// The object does not exist or is outside of the caller's accounts.
        NotFound,
        /// The value is not allowed; the message names the allowed values.
        Invalid,
        /// The change conflicts with existing data.
        Conflict,
        /// Another decision came first; the message names the decision and the actor.
        AlreadyDecided,
        /// The object has changed since the caller read the object.
        Stale,
        /// The number of items exceeds the maximum per call.
        TooMany,
        /// The object is outside of the accounts of the run's requester.
        Forbidden,
    }
}

/// Converts the domain's name of a field to the name in the schema.
fn input_field(name: &str) -> String {
    if name == "job" {
        return "jobName".into();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel + letters.as_str()
    })
}

/// Mistake of a mutation's caller. The related part of the input has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// Code of the error.
    pub code: UserErrorCode,
    /// Path of the related input field, if any.
    pub field: Option<String>,
    /// Message for people, one sentence.
    pub message: String,
    /// Position in the text of the input field, if known.
    pub position: Option<TextPositionObject>,
}

/// Position in a text of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(name = "TextPosition")]
pub struct TextPositionObject {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Number of characters; 0 if only the start is known.
    pub length: u32,
}

impl From<TextPosition> for TextPositionObject {
    fn from(position: TextPosition) -> Self {
        let TextPosition { line, column, length } = position;
        Self { line, column, length }
    }
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.into(),
            field: problem.field.as_deref().map(input_field),
            message: problem.message,
            position: problem.position.map(Into::into),
        }
    }
}

/// Splits the result of a verb into the value and the user errors; refusals and faults are returned as errors.
pub fn split_user_errors<T>(answer: crate::error::Result<T>) -> FieldResult<(Option<T>, Vec<UserError>)> {
    match answer {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Error::Validation(problems)) => Ok((None, problems.into_iter().map(Into::into).collect())),
        Err(error) => Err(error.into()),
    }
}
