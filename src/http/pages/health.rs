//! Liveness, readiness and metrics, for load balancers, orchestrators and Prometheus, which call without credentials.
//!
//! Because strangers can call, readiness is probed and metrics are rendered once in [`CACHE_TIME`] at most.

use crate::db::migrate::{self, SchemaFit};
use crate::db::{Pools, row_security};
use crate::domain::events::{Feed, TagLog};
use crate::error::Error;
use crate::graphql::error::Code;
use crate::http::error::HttpError;
use crate::http::middleware::trace::trace;
use crate::telemetry::Metrics;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use sea_orm::DatabaseConnection;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Time for which a result is reused.
const CACHE_TIME: Duration = Duration::from_secs(1);

/// Time limit of a probe; a part that takes longer is not ready.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Detail of a part when no more connections can be opened.
const FULL: &str = "all connections that PostgreSQL has are in use (max_connections)";

/// Lag of a feed beyond which it counts as stopped.
const FEED_MAX_LAG: Duration = Duration::from_secs(15);

/// Health of this process, with the results of the last probes.
pub struct Health {
    pools: Pools,
    feed: Arc<Feed<TagLog>>,
    metrics: Option<Metrics>,
    draining: CancellationToken,
    readiness: Cached<Readiness>,
    page: Cached<Bytes>,
}

impl Health {
    /// Health of a process with these pools, this feed and these metrics. It is not ready when it drains.
    pub fn new(
        pools: Pools,
        feed: Arc<Feed<TagLog>>,
        metrics: Option<Metrics>,
        draining: CancellationToken,
    ) -> Self {
        Self {
            pools,
            feed,
            metrics,
            draining,
            readiness: Cached::default(),
            page: Cached::default(),
        }
    }

    async fn probe(&self) -> Readiness {
        let db = &self.pools.all;
        let database = PartHealth::of(reach(&self.pools).await);
        let migrations = if database.ok {
            within_time(migrated(db)).await
        } else {
            Err("unknown: the database cannot be reached".into())
        };
        Readiness {
            migrations: PartHealth::of(migrations),
            row_security: PartHealth::of(guarded(&self.pools).await),
            events: PartHealth::of(within_time(following(&self.feed)).await),
            database,
        }
    }
}

/// Value that is made anew when it is old. Requests meanwhile wait for the same one.
struct Cached<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Cached<T> {
    async fn get(&self, make: impl Future<Output = T>) -> T {
        let mut kept = self.0.lock().await;
        if let Some((made_at, value)) = &*kept
            && made_at.elapsed() < CACHE_TIME
        {
            return value.clone();
        }
        let value = make.await;
        *kept = Some((Instant::now(), value.clone()));
        value
    }
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn routes<S: Clone + Send + Sync + 'static>(health: Arc<Health>) -> Router<S> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// Router of a process that only works on jobs.
pub fn health_router(health: Arc<Health>) -> Router {
    routes(health)
        .fallback(|| async { HttpError::no_such_path() })
        .layer(axum::middleware::from_fn(trace))
}

/// Liveness: the process runs. Touches nothing else.
async fn alive() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

/// Health of one part of the service.
#[derive(Clone, Debug, Serialize)]
struct PartHealth {
    ok: bool,
    detail: String,
}

impl PartHealth {
    fn of(result: Result<String, String>) -> Self {
        let ok = result.is_ok();
        let (Ok(detail) | Err(detail)) = result;
        Self { ok, detail }
    }
}

/// Health of all parts.
#[derive(Clone, Debug, Serialize)]
struct Readiness {
    database: PartHealth,
    migrations: PartHealth,
    row_security: PartHealth,
    events: PartHealth,
}

impl Readiness {
    fn is_ready(&self) -> bool {
        self.database.ok && self.migrations.ok && self.row_security.ok && self.events.ok
    }
}

/// Body of `/readyz`.
#[derive(Serialize)]
struct ReadinessBody {
    ready: bool,
    #[serde(flatten)]
    parts: Readiness,
    draining: bool,
}

/// Readiness: 200 or 503, with the health of each part.
async fn ready(State(health): State<Arc<Health>>) -> Response {
    let parts = health.readiness.get(Box::pin(health.probe())).await;
    // No probe is needed to know it, and it is shown at once.
    let draining = health.draining.is_cancelled();
    let ready = parts.is_ready() && !draining;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = ReadinessBody {
        ready,
        parts,
        draining,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn within_time(probe: impl Future<Output = Result<String, String>>) -> Result<String, String> {
    let late = |_| Err(format!("no answer within {} s", PROBE_TIMEOUT.as_secs()));
    tokio::time::timeout(PROBE_TIMEOUT, probe)
        .await
        .unwrap_or_else(late)
}

/// Logs the reason of a failed probe, for operators: callers only see that it failed, and an outage has its own lines.
fn log_failure(probe: &str, error: &Error) {
    tracing::debug!(probe, %error, "not ready");
}

/// Database: the monitor knows of outages at once; the ping proves that the pool works, too.
async fn reach(pools: &Pools) -> Result<String, String> {
    if pools.watch.outage().is_some() {
        return Err("cannot be reached".into());
    }
    let ping = tokio::time::timeout(PROBE_TIMEOUT, pools.all.ping()).await;
    if let Ok(Err(error)) = &ping {
        tracing::debug!(probe = "database", %error, "not ready");
    }
    match ping {
        Ok(Ok(())) if pools.watch.is_full() => Ok(format!("reachable, but {FULL}")),
        Ok(Ok(())) => Ok("reachable".into()),
        Ok(Err(_)) | Err(_) if pools.watch.is_full() => Err(format!("cannot be reached: {FULL}")),
        Ok(Err(_)) => Err("cannot be reached".into()),
        Err(_) => Err(format!("no answer within {} s", PROBE_TIMEOUT.as_secs())),
    }
}

async fn migrated(db: &DatabaseConnection) -> Result<String, String> {
    let all = migrate::status(db).await.map_err(|error| {
        log_failure("migrations", &error);
        "cannot be read".to_owned()
    })?;
    match migrate::fit(&all) {
        SchemaFit::Current(applied) => Ok(format!("{applied} applied")),
        SchemaFit::Newer(newer) => Ok(format!(
            "the database has more than this version knows ({}), and this version works with it",
            newer.join(", ")
        )),
        SchemaFit::Behind { missing, known } => Err(format!("{missing} of {known} are missing")),
        SchemaFit::Unfit(why) => Err(why),
    }
}

/// Row-level security: callers limited to accounts can read. A probe that waits for one of their connections is no
/// failure: they are all in use.
async fn guarded(pools: &Pools) -> Result<String, String> {
    match tokio::time::timeout(PROBE_TIMEOUT, row_security::verify_row_security(&pools.scoped)).await {
        Ok(Ok(())) => Ok("holds".into()),
        Ok(Err(error)) => {
            log_failure("row_security", &error);
            Err("callers limited to accounts cannot read".into())
        }
        Err(_) => match pools.scoped.get_postgres_connection_pool() {
            pool if pool.size() == 0 && pools.watch.is_full() => Err(FULL.into()),
            _ => Ok("busy".into()),
        },
    }
}

/// Feed of events: it reads at least every second. A long transaction that holds events back is shown, and makes no
/// process less ready than others.
async fn following(feed: &Feed<TagLog>) -> Result<String, String> {
    let polled = feed.status().polled_at.elapsed();
    let seconds = polled.as_secs_f64();
    if polled >= FEED_MAX_LAG {
        return Err(format!("not read for {seconds:.0} s"));
    }
    match feed.lag().await {
        Ok(lag) if lag >= FEED_MAX_LAG => Ok(format!(
            "read {seconds:.1} s ago; held back for {} s by a transaction that runs that long",
            lag.as_secs()
        )),
        Ok(_) | Err(_) => Ok(format!("read {seconds:.1} s ago")),
    }
}

/// Metrics in the text format of Prometheus. Values from the database are read in the background.
async fn metrics(State(health): State<Arc<Health>>) -> Result<Response, HttpError> {
    let Some(metrics) = &health.metrics else {
        return Err(HttpError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::InternalServerError,
            "metrics are not recorded in this process",
        ));
    };
    let render = async {
        health.pools.record_size();
        Bytes::from(metrics.render())
    };
    let page = health.page.get(render).await;
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], page).into_response())
}
