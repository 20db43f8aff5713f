//! Classification of database errors by what they mean for the caller: to try again, to ask for less, or a fault.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

/// Kinds of database errors that callers can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DbErrorKind {
    /// Database that cannot be reached, refuses the connection or lacks room: the same request may pass later.
    Unavailable,
    /// Statement that was ended because it took, or waited for a lock, longer than it may.
    TimedOut,
    /// Any other error: a fault of the service.
    Other,
}

/// Classifies an error.
pub(super) fn classify(error: &DbErr) -> DbErrorKind {
    match error {
        DbErr::ConnectionAcquire(_) => DbErrorKind::Unavailable,
        _ if is_stale_plan(error) => DbErrorKind::Unavailable,
        _ => driver_error(error).map_or(DbErrorKind::Other, of_driver),
    }
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Tells whether PostgreSQL says that a cached plan must not change its result type. It says so in the server's language; the
/// place in its source, which comes along, is the same everywhere, and so is the code, which others have, too.
pub(super) fn is_stale_plan(error: &DbErr) -> bool {
    let refusal = driver_error(error).and_then(sqlx::Error::as_database_error);
    let refusal = refusal.and_then(|refusal| refusal.try_downcast_ref::<PgDatabaseError>());
    refusal.is_some_and(|refusal| {
        refusal.code() == "0A000" && refusal.routine() == Some("RevalidateCachedQuery")
    })
}

fn of_driver(error: &sqlx::Error) -> DbErrorKind {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => DbErrorKind::Unavailable,
        sqlx::Error::Database(refusal) => refusal.code().map_or(DbErrorKind::Other, |code| of_code(&code)),
        _ => DbErrorKind::Other,
    }
}

fn of_code(code: &str) -> DbErrorKind {
    match code {
        // Canceled by the statement timeout; by the lock timeout; ended for idling within a transaction.
        "57014" | "55P03" | "25P03" => DbErrorKind::TimedOut,
        // Shut down by an administrator, after a crash of another session, not open yet, idle for too long; a standby
        // after a failover; the disk itself; a role or database that does not let us in any more, and one that takes no
        // connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "58030" | "28000" | "28P01" | "3D000" | "55000" => {
            DbErrorKind::Unavailable
        }
        // Connections that broke; no disk, memory or connections left.
        _ if code.starts_with("08") || code.starts_with("53") => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_passes_from_what_does_not() {
        for code in ["57P01", "57P02", "57P03", "53300", "53100", "25006", "08006"] {
            assert_eq!(of_code(code), DbErrorKind::Unavailable, "{code}");
        }
        for code in ["57014", "55P03"] {
            assert_eq!(of_code(code), DbErrorKind::TimedOut, "{code}");
        }
        for code in ["23505", "40001", "42P01", "22021"] {
            assert_eq!(of_code(code), DbErrorKind::Other, "{code}");
        }
    }

    #[test]
    fn a_connection_that_breaks_or_is_not_to_be_had_passes() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into());
        let errors = [
            DbErr::Query(RuntimeErr::SqlxError(broken.into())),
            DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout),
        ];
        for error in errors {
            assert_eq!(classify(&error), DbErrorKind::Unavailable, "{error}");
        }
    }
}
