//! Every metric of the service: its name, its type and its help text, in one table.
//!
//! The conventions are Prometheus': one prefix, base units, `_total` for counters, moments as seconds since 1970. No label is
//! called `job` or `instance`, which Prometheus sets itself. `docs/operations.md` explains them, and a test compares the two.

macro_rules! metrics {
    ($($describe:ident $name:ident = $text:literal: $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $name: &str = concat!("virtual_tagging_", $text);
        )*

        /// All of the names above.
        pub const ALL: &[&str] = &[$($name),*];

        /// Hands the help texts to the recorder.
        pub(super) fn describe() {
            $(metrics::$describe!($name, $help);)*
        }
    };
}

metrics! {
    describe_gauge BUILD_INFO = "build_info": "Constant 1; the label tells the version";

    describe_counter REQUESTS = "http_requests_total": "HTTP requests answered";
    describe_histogram REQUEST_SECONDS = "http_request_duration_seconds": "Time until the head of an HTTP answer was ready";
    describe_counter CONNECTIONS_REFUSED = "http_connections_refused_total": "Connections closed at once because there were too many";
    describe_counter CONNECTIONS_CUT = "http_connections_cut_total": "Connections closed because the client was too slow";
    describe_counter AUTHENTICATION_FAILURES = "authentication_failures_total": "Credentials that were refused";
    describe_counter AUTHORIZATION_FAILURES = "authorization_failures_total": "Requests of known callers that were refused as forbidden";

    describe_counter OPERATIONS = "graphql_operations_total": "GraphQL operations that ended";
    describe_histogram OPERATION_SECONDS = "graphql_operation_duration_seconds": "Time that GraphQL queries and mutations took";
    describe_counter RESPONSE_CACHE = "response_cache_lookups_total": "Lookups of responses to repeated queries, by outcome";
    describe_gauge SOCKETS = "websocket_connections": "Websockets that are open";
    describe_gauge SOCKET_OPERATIONS = "websocket_operations": "Operations that are running on websockets";
    describe_gauge GROUPS = "subscription_groups": "Subscriptions that are executed once for all who share them";
    describe_gauge MEMBERS = "subscription_members": "Subscribers that share a subscription";
    describe_counter PAYLOADS = "subscription_answers_total": "Answers of shared subscriptions, each counted once";
    describe_counter CATCH_UPS = "subscription_catch_ups_total": "Times that a subscriber read by itself, at its beginning or because it was too slow";

    describe_gauge FEED_LAG = "event_feed_lag_seconds": "Age of the oldest change that an event feed has not read yet";
    describe_gauge FEED_READ = "event_feed_last_read_timestamp_seconds": "When an event feed last read its log";
    describe_counter FEED_BATCHES = "event_feed_batches_total": "Batches that an event feed has fanned out";
    describe_counter FEED_EVENTS = "event_feed_events_total": "Events that an event feed has fanned out";
    describe_gauge FEED_SUBSCRIBERS = "event_feed_subscribers": "Executions that follow an event feed";

    describe_counter JWKS_FETCHES = "jwks_fetches_total": "Fetches of the keys of tokens";
    describe_gauge JWKS_KEYS = "jwks_keys": "Keys of tokens that are known by a name";
    describe_gauge JWKS_FETCHED = "jwks_last_fetch_timestamp_seconds": "When keys of tokens were last fetched";

    describe_gauge POOL = "database_pool_connections": "Open database connections of this process";
    describe_gauge POOL_MAX = "database_pool_max_connections": "Database connections that this process may open";
    describe_histogram POOL_WAIT_SECONDS = "database_pool_wait_seconds": "Time that work waited for a database connection";
    describe_histogram STATEMENT_SECONDS = "database_statement_duration_seconds": "Time that SQL statements took";
    describe_gauge DATABASE_UP = "database_up": "1 while this process reaches the database, 0 during an outage";

    describe_histogram RUN_SECONDS = "run_duration_seconds": "Time that attempts of runs took in this process";
    describe_gauge RUNS = "runs": "Runs in the execution history";
    describe_gauge OLDEST_QUEUED_RUN = "oldest_queued_run_age_seconds": "How long the oldest run that may start has waited for a worker; 0 when none waits";
    describe_gauge PENDING_TAGS = "pending_tags": "Tags that wait for a decision";
    describe_gauge DUE_RESOURCES = "due_resources": "Resources that wait for an evaluation";
    describe_gauge OLDEST_DUE_RESOURCE = "oldest_due_resource_age_seconds": "How long the oldest resource has waited for an evaluation; 0 when none waits";
    describe_gauge DISCOVERY_SUCCESS = "discovery_last_success_timestamp_seconds": "When a source last reported without a fault; 0: never";
    describe_counter CLOUD_REQUESTS = "cloud_requests_total": "Requests to the APIs of clouds that ended";
    describe_histogram CLOUD_REQUEST_SECONDS = "cloud_request_duration_seconds": "Time that requests to the APIs of clouds took";
    describe_counter CLOUD_THROTTLES = "cloud_throttles_total": "Requests that the API of a cloud refused because of its rate";
    describe_counter CLOUD_PAGES = "cloud_pages_total": "Pages taken from the APIs of clouds";
    describe_gauge DISCOVERY_ACCOUNTS = "discovery_accounts": "Accounts by what the last report of a source covers of them";
    describe_gauge WITHHELD_RETIREMENTS = "discovery_withheld_retirements": "Resources that a source no longer reports and that are not retired until a person confirms it";
    describe_gauge CLUSTER_STATS_TAKEN = "cluster_stats_timestamp_seconds": "When the figures about the database's content were taken";
}

/// Metrics of the process under the names that all Prometheus clients give them, with type and help.
pub const PROCESS: &[(&str, &str, &str)] = &[
    (
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent",
    ),
    ("process_resident_memory_bytes", "gauge", "Resident memory size"),
    ("process_virtual_memory_bytes", "gauge", "Virtual memory size"),
    ("process_open_fds", "gauge", "Number of open file descriptors"),
    (
        "process_max_fds",
        "gauge",
        "Maximum number of open file descriptors",
    ),
    ("process_threads", "gauge", "Number of threads"),
    (
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since 1970",
    ),
];
