//! Access log: a line for each operation and each export, when `ACCESS_LOG` says so.

use crate::auth::Actor;
use crate::graphql::state::RequestId;
use crate::telemetry::ACCESS_TARGET;
use std::time::Instant;

/// Entry of the access log. It is logged when this is dropped, so that an operation whose client goes away in the middle
/// is logged, too.
pub struct AccessEntry(Option<Box<AccessFields>>);

/// Fields of an entry.
struct AccessFields {
    user: String,
    kind: &'static str,
    operation: String,
    cost: u64,
    request_id: Option<RequestId>,
    started: Instant,
    outcome: String,
}

/// Outcome when the client goes away before the end.
const CANCELLED: &str = "CANCELLED";

impl AccessEntry {
    /// Begins an entry for an operation, by its name, or for an export. Nothing is kept when the log is off. Without an id
    /// the line has that of the span that it is in.
    pub fn begin(
        enabled: bool,
        actor: &Actor,
        kind: &'static str,
        operation: Option<&str>,
        cost: u64,
        request_id: Option<&RequestId>,
    ) -> Self {
        if !enabled {
            return Self(None);
        }
        Self(Some(Box::new(AccessFields {
            user: actor.subject.clone(),
            kind,
            operation: operation.unwrap_or_default().to_owned(),
            cost,
            request_id: request_id.cloned(),
            started: Instant::now(),
            outcome: CANCELLED.to_owned(),
        })))
    }

    /// Drops the entry without logging it.
    pub fn discard(&mut self) {
        self.0 = None;
    }

    /// Sets the outcome: `OK`, or the code of the first error.
    pub fn end(&mut self, outcome: &str) {
        if let Some(entry) = &mut self.0 {
            outcome.clone_into(&mut entry.outcome);
        }
    }
}

impl Drop for AccessEntry {
    fn drop(&mut self) {
        let Some(entry) = &self.0 else {
            return;
        };
        tracing::info!(
            target: ACCESS_TARGET,
            user = entry.user,
            kind = entry.kind,
            operation = entry.operation,
            duration_ms = entry.started.elapsed().as_secs_f64() * 1000.0,
            cost = entry.cost,
            outcome = entry.outcome,
            request_id = entry.request_id.as_ref().map(|id| id.0.as_str()),
            "access"
        );
    }
}
