//! Errors of the domain, a closed set.
//!
//! A caller's mistake is data: [`Error::Validation`] carries [`Problem`]s, which reach the caller typed, each with a
//! stable code. Everything else is a refusal or a fault, and becomes a GraphQL error or an HTTP status.

mod database;

use database::DbErrorKind;
use parking_lot::Mutex;
use sea_orm::DbErr;
use std::fmt;

/// Kind of a mistake that the caller can correct. The names are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemCode {
    /// There is no such thing, or it is outside of the caller's accounts.
    NotFound,
    /// A value that is not allowed; the message says what is.
    Invalid,
    /// The change would collide with something that exists.
    Conflict,
    /// Another decision came first; the message names its actor and outcome.
    AlreadyDecided,
    /// The object changed since the caller read it.
    Stale,
    /// More than may be done at once.
    TooMany,
    /// The object is in none of the accounts of the caller.
    Forbidden,
}

/// Position in a text that the caller wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextPosition {
    /// Line, from 1.
    pub line: u32,
    /// Column, in characters, from 1.
    pub column: u32,
    /// Number of characters; 0 where only the beginning is known.
    pub length: u32,
}

impl TextPosition {
    /// Position of `length` bytes of `text`, which begin at the byte `start`.
    pub fn of_bytes(text: &str, start: usize, length: usize) -> Self {
        let start = text.floor_char_boundary(start.min(text.len()));
        let end = text.floor_char_boundary(start.saturating_add(length).min(text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let characters = |text: &str| text.chars().count() as u32;
        Self {
            line: before.matches('\n').count() as u32 + 1,
            column: characters(&text[line_start..start]) + 1,
            length: characters(&text[start..end]),
        }
    }
}

/// One mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Kind of mistake.
    pub code: ProblemCode,
    /// The path of the input field that it is about, where there is one.
    pub field: Option<String>,
    /// One sentence for a human.
    pub message: String,
    /// Position in the text of the field, where one is known.
    pub position: Option<TextPosition>,
}

impl Problem {
    /// Problem with one input field.
    pub fn field(code: ProblemCode, field: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            field: Some(field.to_owned()),
            message: message.into(),
            position: None,
        }
    }

    /// Problem that concerns no single field.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
            position: None,
        }
    }

    /// The same problem, at a position in the text of its field.
    #[must_use]
    pub fn at(mut self, position: Option<TextPosition>) -> Self {
        self.position = position;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Error of a domain verb.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's mistakes; nothing was changed.
    #[error("{}", join(.0))]
    Validation(Vec<Problem>),
    /// Nobody is signed in, or the credentials are not valid.
    #[error("authentication is required")]
    Unauthenticated,
    /// The actor may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// An argument of a query that cannot be used: a cursor that was not given out, a page too large.
    #[error("{0}")]
    BadInput(String),
    /// PostgreSQL cannot be reached, refuses connections or has no room left. It may pass by itself.
    #[error("the database is not available: {0}")]
    Unavailable(DbErr),
    /// PostgreSQL ended a statement that took too long, or waited too long for a lock.
    #[error("the database took too long: {0}")]
    TimedOut(DbErr),
    /// PostgreSQL refused a statement.
    #[error("database: {0}")]
    Database(DbErr),
    /// Any other fault of the service.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Mistake about one input field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Validation(vec![Problem::field(ProblemCode::Invalid, field, message)])
    }

    /// Object that the caller named and that does not exist within the caller's scope.
    pub fn not_found(field: &str, what: impl fmt::Display) -> Self {
        Self::Validation(vec![Problem::field(
            ProblemCode::NotFound,
            field,
            format!("there is no {what}"),
        )])
    }

    /// Fault of the service, with its cause in words for the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// Tells whether this is not the caller's mistake, and its cause belongs into the log.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::TimedOut(_) | Self::Database(_) | Self::Internal(_)
        )
    }

    /// Tells whether the database is unavailable, so that the same will work once it is available again.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Tells whether a connection refused a statement that it had planned before the schema changed.
    pub fn is_stale_plan(&self) -> bool {
        matches!(self, Self::Unavailable(error) if database::is_stale_plan(error))
    }

    /// Logs a fault. Failures during an outage of the database are only counted: the outage has a line at its beginning
    /// and one at its end, see [`OutageFailures`].
    pub fn log(&self, what: &str) {
        if self.is_outage() {
            tracing::debug!(error = %self, "{what}");
            OutageFailures::add(self);
        } else {
            tracing::error!(error = %self, "{what}");
        }
    }
}

/// Failures for want of the database since the last report. `db::HealthMonitor` reports them, which knows whether the
/// database is unavailable as a whole.
#[derive(Debug)]
pub struct OutageFailures {
    /// Number of failures.
    pub count: u64,
    /// The last of them, in words.
    pub last: String,
}

static OUTAGE_FAILURES: Mutex<Option<OutageFailures>> = Mutex::new(None);

impl OutageFailures {
    fn add(error: &Error) {
        let mut failures = OUTAGE_FAILURES.lock();
        let count = failures.as_ref().map_or(0, |failures| failures.count) + 1;
        let last = error.to_string();
        *failures = Some(Self { count, last });
    }

    /// Those since the last call.
    pub fn take() -> Option<Self> {
        let mut failures = OUTAGE_FAILURES.lock();
        failures.take()
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match database::classify(&error) {
            DbErrorKind::Unavailable => Self::Unavailable(error),
            DbErrorKind::TimedOut => Self::TimedOut(error),
            DbErrorKind::Other => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())).into()
    }
}

/// Result of domain verbs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn join(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
