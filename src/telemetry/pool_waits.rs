//! Waiting time for database connections. The pool reports it only as an event of tracing, which is measured here and
//! not logged.

use super::names;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The target of the pool's events.
const TARGET: &str = "sqlx::pool::acquire";

/// Records the events' durations.
pub(super) struct PoolWaits;

impl PoolWaits {
    /// The layer, for these events alone.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
        Self.with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
    }
}

impl<S: Subscriber> Layer<S> for PoolWaits {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut AcquireSeconds);
    }
}

struct AcquireSeconds;

impl Visit for AcquireSeconds {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "acquired_after_secs" {
            metrics::histogram!(names::POOL_WAIT_SECONDS).record(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
