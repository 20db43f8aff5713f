//! Log (tracing) and metrics (Prometheus).

pub mod names;
mod pool_waits;
mod process;
mod throttle;

use crate::config::LogConfig;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use pool_waits::PoolWaits;
use std::io::IsTerminal;
use std::sync::OnceLock;
pub use throttle::Throttle;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Filter when `RUST_LOG` is not set. The pool logs each connection that an outage breaks, and apalis of each
/// time that its worker cannot read the queue, which is nothing but an outage: that has lines of its own. PostgreSQL's
/// notices, such as that of a `ROLLBACK` that a connection sends to be sure, are in PostgreSQL's own log.
const DEFAULT_FILTER: &str = "info,sqlx=warn,sqlx::postgres::notice=error,sqlx_core::pool=error,sea_orm=warn,\
     apalis=warn,apalis_core=off,apalis_postgres=off";

/// The target of the access log's lines.
pub const ACCESS_TARGET: &str = "virtual_tagging::access";

/// Upper bounds of the buckets for what callers wait for, in seconds.
const LATENCY_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Upper bounds of the buckets for statements, which may take up to a minute, and for waiting for a connection.
const DATABASE_BUCKETS: [f64; 9] = [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0];
/// Upper bounds of the buckets for runs, which may take hours.
const RUN_BUCKETS: [f64; 9] = [0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0, 14400.0];

/// Starts the log. A process has one: when there is one already (tests start many services), that one stays.
///
/// Gives what is wrong with the filter, if it cannot be read.
pub fn start_log(config: &LogConfig) -> Result<(), String> {
    let directives = config.filter.as_deref().unwrap_or(DEFAULT_FILTER);
    // Switched on, it is there whatever else is kept.
    let access = if config.access {
        format!(",{ACCESS_TARGET}=info")
    } else {
        String::new()
    };
    let filter = EnvFilter::try_new(format!("{directives}{access}"))
        .map_err(|error| format!("RUST_LOG={directives}: must be like info or info,sqlx=warn ({error})"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if config.json {
        lines.json().flatten_event(true).with_filter(filter).boxed()
    } else {
        lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter)
            .boxed()
    };
    let _already_started = tracing_subscriber::registry()
        .with(lines)
        .with(PoolWaits::layer())
        .try_init();
    Ok(())
}

/// The process's metrics.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts recording at the first call. Gives nothing when something else records the metrics.
    pub fn start() -> Option<Self> {
        static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        HANDLE.get_or_init(start_recorder).clone().map(Self)
    }

    /// All metrics in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        self.0.render() + &process::render()
    }

    /// Tidies up, so that they do not grow between two scrapes.
    pub fn run_upkeep(&self) {
        self.0.run_upkeep();
    }
}

fn start_recorder() -> Option<PrometheusHandle> {
    let recorder = builder().ok()?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    names::describe();
    metrics::gauge!(names::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
    Some(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let of = |name: &str| Matcher::Full(name.to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(of(names::REQUEST_SECONDS), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(of(names::OPERATION_SECONDS), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(of(names::POOL_WAIT_SECONDS), &DATABASE_BUCKETS)?
        .set_buckets_for_metric(of(names::STATEMENT_SECONDS), &DATABASE_BUCKETS)?
        .set_buckets_for_metric(of(names::RUN_SECONDS), &RUN_BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_described_and_bucketed() {
        let metrics = Metrics::start().unwrap();
        metrics::histogram!(names::OPERATION_SECONDS, "type" => "query").record(0.02);
        let text = metrics.render();
        let name = names::OPERATION_SECONDS;
        assert!(text.contains(&format!("# TYPE {name} histogram")), "{text}");
        assert!(text.contains(r#"le="0.025""#), "{text}");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let config = LogConfig {
            json: false,
            filter: Some("info,=".into()),
            access: false,
        };
        assert!(start_log(&config).unwrap_err().starts_with("RUST_LOG=info,="));
    }
}
