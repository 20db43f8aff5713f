//! Durability of an embedded server.

/// Durability of committed data in a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Committed data survives.
    Durable,
    /// Committed data may be lost: for tests, where nothing is kept.
    Throwaway,
}

impl Durability {
    /// Arguments for the server's command line.
    pub(crate) fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Durable => &["-c", "fsync=on", "-c", "full_page_writes=on"],
            Self::Throwaway => &[
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
                // Many tests at once, each with a service that reserves its connections.
                "-c",
                "max_connections=500",
            ],
        }
    }
}
