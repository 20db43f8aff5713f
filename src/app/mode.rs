//! Mode of a process.

/// Mode of a process: a service, or a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Answers requests, and works on jobs as configured.
    Serve,
    /// Works on jobs only, and answers no requests but those for its health and its metrics.
    Work,
}
