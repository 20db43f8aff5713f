//! Environment in which the service runs.

/// Environment in which the service runs: whether strangers may be near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// One person's machine: works without authentication, on loopback only.
    Development,
    /// Refuses to start without authentication.
    Production,
}
