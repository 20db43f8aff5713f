//! User errors: mistakes of a mutation's caller, returned as data.

use crate::error::{Error, Problem, ProblemCode};
use crate::graphql::error::Result;
use async_graphql::{Enum, SimpleObject};

/// What kind of mistake a mutation's caller made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// There is no such thing, or it is outside of the caller's accounts.
    NotFound,
    /// A value that is not allowed; the message says what is.
    Invalid,
    /// It would collide with something that exists.
    Conflict,
    /// Somebody decided it before; the message says who and what.
    AlreadyDecided,
    /// It changed since the caller read it.
    Stale,
    /// More than may be done at once.
    TooMany,
    /// It is in none of the accounts of whoever has it done.
    Forbidden,
}

impl From<ProblemCode> for UserErrorCode {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::NotFound => Self::NotFound,
            ProblemCode::Invalid => Self::Invalid,
            ProblemCode::Conflict => Self::Conflict,
            ProblemCode::AlreadyDecided => Self::AlreadyDecided,
            ProblemCode::Stale => Self::Stale,
            ProblemCode::TooMany => Self::TooMany,
            ProblemCode::Forbidden => Self::Forbidden,
        }
    }
}

/// The name of an input field by the name that the domain gives it.
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

/// One mistake of a mutation's caller; nothing was changed by the part of the input that it is about.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// What kind of mistake.
    pub code: UserErrorCode,
    /// The path of the input field that it is about, where there is one.
    pub field: Option<String>,
    /// One sentence for a human.
    pub message: String,
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.into(),
            field: problem.field.as_deref().map(input_field),
            message: problem.message,
        }
    }
}

/// Parts a verb's answer into the answer and the caller's mistakes; refusals and faults go on.
pub fn split_user_errors<T>(answer: crate::error::Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    match answer {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Error::Validation(problems)) => Ok((None, problems.into_iter().map(Into::into).collect())),
        Err(error) => Err(error.into()),
    }
}
