//! Alive, ready, and the numbers.

use super::refusal::Refusal;
use super::{Edge, SharedEdge};
use crate::db::{migrate, scoped, sql};
use crate::domain::events::{Feed, Log};
use crate::domain::{JobName, RunStatus};
use crate::error::Error;
use crate::graphql::error::Code;
use crate::telemetry::names;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult, Iterable};
use serde::Serialize;
use std::time::Duration;

/// A part that does not answer within this time is not ready.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// A feed that has not read the audit trail for longer is not running.
const FEED_MAX_LAG: Duration = Duration::from_secs(15);

/// The process runs. Touches nothing else.
pub async fn alive() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

/// How one part of the service is.
#[derive(Debug, Serialize)]
struct Part {
    ok: bool,
    detail: String,
}

impl Part {
    fn of(result: Result<String, String>) -> Self {
        let ok = result.is_ok();
        let (Ok(detail) | Err(detail)) = result;
        Self { ok, detail }
    }
}

/// All parts.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    database: Part,
    migrations: Part,
    row_security: Part,
    events: Part,
    draining: bool,
}

/// The service can work: 200, or 503, with the state of each part.
pub async fn ready(State(edge): State<SharedEdge>) -> Response {
    let database = Part::of(within_time(reach(&edge)).await);
    let migrations = if database.ok {
        within_time(migrated(&edge.db)).await
    } else {
        Err("unknown: the database cannot be reached".into())
    };
    let migrations = Part::of(migrations);
    let row_security = Part::of(guarded(&edge).await);
    let events = Part::of(within_time(following(&edge)).await);
    let draining = edge.draining.is_cancelled();
    let ready = database.ok && migrations.ok && row_security.ok && events.ok && !draining;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        database,
        migrations,
        row_security,
        events,
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

/// The watch knows at once; the ping proves that the pool works, too.
async fn reach(edge: &Edge) -> Result<String, String> {
    if edge.watch.away().is_some() {
        return Err("cannot be reached".into());
    }
    edge.db.ping().await.map_err(|error| {
        Error::from(error).log("readiness");
        "cannot be reached".to_owned()
    })?;
    Ok("reachable".into())
}

async fn migrated(db: &DatabaseConnection) -> Result<String, String> {
    let all = migrate::status(db).await.map_err(|error| {
        error.log("readiness");
        "cannot be read".to_owned()
    })?;
    match all.iter().filter(|migration| !migration.applied).count() {
        0 => Ok(format!("{} applied", all.len())),
        missing => Err(format!("{missing} of {} are missing", all.len())),
    }
}

/// Callers limited to accounts can read. When they are so many that this has to wait, they can.
async fn guarded(edge: &Edge) -> Result<String, String> {
    let proof = scoped::prove(&edge.executor.services().scoped);
    match tokio::time::timeout(PROBE_TIMEOUT, proof).await {
        Ok(Ok(())) => Ok("holds".into()),
        Ok(Err(error)) => {
            error.log("readiness");
            Err("callers limited to accounts cannot read".into())
        }
        Err(_) => Ok("busy".into()),
    }
}

/// The feed asks the database every second, or more often. What a long transaction keeps back is told, and does not make
/// this process less ready than others.
async fn following(edge: &Edge) -> Result<String, String> {
    let polled = edge.feed.status().polled_at.elapsed();
    let seconds = polled.as_secs_f64();
    if polled >= FEED_MAX_LAG {
        return Err(format!("not read for {seconds:.0} s"));
    }
    match edge.feed.lag().await {
        Ok(lag) if lag >= FEED_MAX_LAG => Ok(format!(
            "read {seconds:.1} s ago; held back for {} s by a transaction that runs that long",
            lag.as_secs()
        )),
        Ok(_) | Err(_) => Ok(format!("read {seconds:.1} s ago")),
    }
}

/// Sets the numbers of a feed.
async fn measure<L: Log>(feed: &Feed<L>) {
    let status = feed.status();
    metrics::counter!(names::FEED_BATCHES, "feed" => L::NAME).absolute(status.batches);
    metrics::counter!(names::FEED_EVENTS, "feed" => L::NAME).absolute(status.events);
    metrics::gauge!(names::FEED_SUBSCRIBERS, "feed" => L::NAME).set(feed.subscribers() as f64);
    let polled = status.polled_at.elapsed();
    metrics::gauge!(names::FEED_POLLED, "feed" => L::NAME).set(polled.as_secs_f64());
    // As long as the database does not answer, nothing newer is known than what was read.
    let lag = match tokio::time::timeout(PROBE_TIMEOUT, feed.lag()).await {
        Ok(Ok(lag)) => lag,
        Ok(Err(_)) | Err(_) => polled,
    };
    metrics::gauge!(names::FEED_LAG, "feed" => L::NAME).set(lag.as_secs_f64());
}

/// A count of runs.
#[derive(FromQueryResult)]
struct Runs {
    job: String,
    status: String,
    count: i64,
}

/// The metrics as Prometheus text. What is a state, not an event, is read now.
pub async fn metrics(State(edge): State<SharedEdge>) -> Result<Response, Refusal> {
    let Some(metrics) = &edge.metrics else {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::InternalServerError,
            "metrics are not recorded in this process",
        ));
    };
    let services = edge.executor.services();
    for (name, pool) in [("all", &services.db), ("scoped", &services.scoped)] {
        let pool = pool.get_postgres_connection_pool();
        let idle = pool.num_idle() as f64;
        metrics::gauge!(names::POOL, "pool" => name, "state" => "idle").set(idle);
        metrics::gauge!(names::POOL, "pool" => name, "state" => "used").set(f64::from(pool.size()) - idle);
    }
    measure(&services.tag_feed).await;
    measure(&services.resource_feed).await;
    let count = "SELECT job_name AS job, status, count(*) FROM scheduler_jobs GROUP BY 1, 2";
    match tokio::time::timeout(PROBE_TIMEOUT, sql::rows::<Runs>(&edge.db, count, [])).await {
        Ok(Ok(rows)) => {
            // A status that no run has any more would keep its last number.
            for (job, status) in
                JobName::iter().flat_map(|job| RunStatus::iter().map(move |status| (job, status)))
            {
                metrics::gauge!(names::RUNS, "job" => job.to_value(), "status" => status.to_value()).set(0);
            }
            for row in rows {
                metrics::gauge!(names::RUNS, "job" => row.job, "status" => row.status).set(row.count as f64);
            }
        }
        // The other numbers are needed the most when the database is away.
        Ok(Err(error)) => error.log("counting runs"),
        Err(_) => tracing::warn!("counting runs: no answer in time"),
    }
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], metrics.render()).into_response())
}
