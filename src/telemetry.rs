//! The log (tracing) and the metrics (Prometheus).

use crate::config::LogConfig;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm=warn,apalis=warn,apalis_core=warn,apalis_postgres=warn";

/// Upper bounds of the latency buckets, in seconds.
const LATENCY_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Names of the metrics that more than one module writes or describes.
pub mod names {
    /// GraphQL operations that ended; labels `type` and `code`.
    pub const OPERATIONS: &str = "graphql_operations_total";
    /// How long GraphQL queries and mutations took, in seconds; label `type`.
    pub const OPERATION_SECONDS: &str = "graphql_operation_duration_seconds";
    /// HTTP requests answered; labels `route` and `status`.
    pub const REQUESTS: &str = "http_requests_total";
    /// How long HTTP requests took until the answer's head, in seconds; label `route`.
    pub const REQUEST_SECONDS: &str = "http_request_duration_seconds";
    /// Connections that were closed at once because there were too many.
    pub const CONNECTIONS_REFUSED: &str = "http_connections_refused";
    /// Connections of clients that were too slow; label `why`: `slow`, `idle` or `unread`.
    pub const CONNECTIONS_CUT: &str = "http_connections_cut";
    /// Websockets that are open.
    pub const SOCKETS: &str = "websocket_connections";
    /// Operations that are running on websockets.
    pub const SOCKET_OPERATIONS: &str = "websocket_operations";
    /// Runs that the execution history holds; labels `job` and `status`.
    pub const RUNS: &str = "job_runs";
    /// How old the oldest change is that an event feed has not read yet, in seconds; label `feed`.
    pub const FEED_LAG: &str = "event_feed_lag_seconds";
    /// Seconds since an event feed last read its log; label `feed`.
    pub const FEED_POLLED: &str = "event_feed_last_read_seconds";
    /// Batches that an event feed has fanned out; label `feed`.
    pub const FEED_BATCHES: &str = "event_feed_batches_total";
    /// Events that an event feed has fanned out; label `feed`.
    pub const FEED_EVENTS: &str = "event_feed_events_total";
    /// Executions that follow an event feed; label `feed`.
    pub const FEED_SUBSCRIBERS: &str = "event_feed_subscribers";
    /// Subscriptions that are executed once for all who share them.
    pub const GROUPS: &str = "subscription_groups";
    /// Those who share them.
    pub const MEMBERS: &str = "subscription_members";
    /// Answers that were written for them, once each.
    pub const PAYLOADS: &str = "subscription_answers_total";
    /// Stretches that a member was told by itself, at its beginning or because it was too slow.
    pub const CATCH_UPS: &str = "subscription_catch_ups_total";
    /// How often keys of tokens were fetched; label `outcome`.
    pub const JWKS_FETCHES: &str = "jwks_fetches_total";
    /// The keys of tokens that have a name.
    pub const JWKS_KEYS: &str = "jwks_keys";
    /// When keys of tokens were last fetched, in seconds since 1970.
    pub const JWKS_FETCHED: &str = "jwks_last_fetch_timestamp_seconds";
    /// Connections of the pool; label `state`: idle or used.
    pub const POOL: &str = "database_pool_connections";
}

/// Starts the log. A process has one: when there is one already (tests start many services), that one stays.
///
/// Gives what is wrong with the filter, if it cannot be read.
pub fn start_log(config: &LogConfig) -> Result<(), String> {
    let directives = config.filter.as_deref().unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| format!("RUST_LOG={directives}: must be like info or info,sqlx=warn ({error})"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _already_started = if config.json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    Ok(())
}

/// The process's metrics, started at the first call. Gives nothing when something else records the metrics.
pub fn metrics() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(start_metrics).clone()
}

fn start_metrics() -> Option<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS)
        .ok()?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    describe();
    Some(handle)
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        names::OPERATIONS,
        "GraphQL operations that ended, by type and code"
    );
    describe_histogram!(
        names::OPERATION_SECONDS,
        "Seconds that GraphQL queries and mutations took"
    );
    describe_counter!(names::REQUESTS, "HTTP requests answered, by route and status");
    describe_histogram!(
        names::REQUEST_SECONDS,
        "Seconds until the head of an HTTP answer was ready"
    );
    describe_counter!(
        names::CONNECTIONS_REFUSED,
        "Connections that were closed at once because there were too many"
    );
    describe_counter!(
        names::CONNECTIONS_CUT,
        "Connections that were closed because the client was too slow, by why"
    );
    describe_gauge!(names::SOCKETS, "Websockets that are open");
    describe_gauge!(
        names::SOCKET_OPERATIONS,
        "Operations that are running on websockets"
    );
    describe_gauge!(names::RUNS, "Runs in the execution history, by job and status");
    describe_gauge!(
        names::FEED_LAG,
        "Age in seconds of the oldest change that an event feed has not read yet"
    );
    describe_gauge!(
        names::FEED_POLLED,
        "Seconds since an event feed last read its log"
    );
    describe_counter!(names::FEED_BATCHES, "Batches that an event feed has fanned out");
    describe_counter!(names::FEED_EVENTS, "Events that an event feed has fanned out");
    describe_gauge!(names::FEED_SUBSCRIBERS, "Executions that follow an event feed");
    describe_gauge!(
        names::GROUPS,
        "Subscriptions that are executed once for all who share them"
    );
    describe_gauge!(names::MEMBERS, "Subscribers that share a subscription");
    describe_counter!(
        names::PAYLOADS,
        "Answers of shared subscriptions, each counted once"
    );
    describe_counter!(
        names::CATCH_UPS,
        "Stretches that a subscriber was told by itself, at its beginning or because it was too slow"
    );
    describe_counter!(names::JWKS_FETCHES, "Fetches of the keys of tokens, by outcome");
    describe_gauge!(names::JWKS_KEYS, "Keys of tokens that are known by a name");
    describe_gauge!(
        names::JWKS_FETCHED,
        "When keys of tokens were last fetched, in seconds since 1970"
    );
    describe_gauge!(
        names::POOL,
        "Database connections of this process, by pool and state"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_described_and_bucketed() {
        let handle = metrics().unwrap();
        metrics::histogram!(names::OPERATION_SECONDS, "type" => "query").record(0.02);
        let text = handle.render();
        assert!(
            text.contains("# TYPE graphql_operation_duration_seconds histogram"),
            "{text}"
        );
        assert!(text.contains(r#"le="0.025""#), "{text}");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let config = LogConfig {
            json: false,
            filter: Some("info,=".into()),
        };
        assert!(start_log(&config).unwrap_err().starts_with("RUST_LOG=info,="));
    }
}
