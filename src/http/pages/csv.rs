//! CSV downloads: the template to fill in, and exports, streamed.

use crate::domain::Cloud;
use crate::domain::csv::{self, Export, ExportFilter, ExportKind};
use crate::error::Error;
use crate::gateway::caller_limit::Permit;
use crate::gateway::rate_limit::{EXPORT_COST, sent_cost};
use crate::graphql::error::Code;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::http::auth::Caller;
use crate::http::error::HttpError;
use crate::http::state::SharedHttpState;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer};

const CSV: &str = "text/csv; charset=utf-8; header=present";

/// `GET /csv/template`: an empty inventory.
pub async fn template(_: Caller) -> Result<Response, HttpError> {
    Ok(download("virtual-tagging-template.csv", csv::template().into()))
}

/// Parameters of an export.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportParameters {
    #[serde(default)]
    what: ExportedRows,
    #[serde(default, deserialize_with = "cloud")]
    cloud: Option<Cloud>,
    account_id: Option<String>,
    resource_type: Option<String>,
}

/// Reads a cloud in any case, as the API or files write it.
fn cloud<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cloud>, D::Error> {
    let name = String::deserialize(deserializer)?.to_ascii_lowercase();
    Cloud::deserialize(IntoDeserializer::<D::Error>::into_deserializer(name)).map(Some)
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExportedRows {
    #[default]
    Resources,
    Tags,
}

/// `GET /csv/export`: rows within the scope of the caller, filtered.
pub async fn export(
    State(state): State<SharedHttpState>,
    caller: Caller,
    parameters: Result<Query<ExportParameters>, QueryRejection>,
) -> Result<Response, HttpError> {
    let (permit, parameters) = charge_export(&state, &caller, parameters)?;
    let (kind, name) = match parameters.what {
        ExportedRows::Resources => (ExportKind::Resources, "resources.csv"),
        ExportedRows::Tags => (ExportKind::Tags, "virtual-tags.csv"),
    };
    let filter = ExportFilter {
        cloud: parameters.cloud,
        account_id: parameters.account_id,
        resource_type: parameters.resource_type,
    };
    let db = state.executor.services().reads(&caller.actor.scope).clone();
    let turns = state.executor.gateway().concurrency().export_pages();
    let export = Export::new(db, turns, &caller.actor, kind, &filter)?;
    stream_export(state, caller, permit, name, export).await
}

/// Parameters of an export of rejections.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectionParameters {
    run: String,
}

/// `GET /csv/rejections`: lines that a run refused, each with the reason.
pub async fn rejections(
    State(state): State<SharedHttpState>,
    caller: Caller,
    parameters: Result<Query<RejectionParameters>, QueryRejection>,
) -> Result<Response, HttpError> {
    let (permit, parameters) = charge_export(&state, &caller, parameters)?;
    let run =
        Id::<JobRunKind>::decode(&parameters.run).map_err(|why| Error::BadInput(format!("run: {why}")))?;
    let turns = state.executor.gateway().concurrency().export_pages();
    let export = Export::of_rejections(state.db.clone(), turns, &caller.actor, run.0)?;
    stream_export(state, caller, permit, "rejections.csv", export).await
}

/// Charges an export to its caller, and gives the permit for it and its parameters.
fn charge_export<T>(
    state: &SharedHttpState,
    caller: &Caller,
    parameters: Result<Query<T>, QueryRejection>,
) -> Result<(Permit, T), HttpError> {
    let gateway = state.executor.gateway();
    gateway
        .rate_limiter()
        .try_acquire(&caller.actor.subject, EXPORT_COST)?;
    let Query(parameters) = parameters.map_err(|rejection| HttpError::bad_request(rejection.body_text()))?;
    let permit = gateway.concurrency().acquire_export(&caller.actor.subject)?;
    Ok((permit, parameters))
}

/// Streams an export page by page as the caller's rate allows, until the end, or until the caller's credentials end or
/// are revoked.
async fn stream_export(
    state: SharedHttpState,
    caller: Caller,
    permit: Permit,
    name: &str,
    mut export: Export,
) -> Result<Response, HttpError> {
    let executor = &state.executor;
    let mut entry = executor.access(&caller.actor, "export", Some(name), EXPORT_COST, None);
    // While the status can still be chosen: afterwards a fault can only cut the response off.
    let first = export.next_page().await.inspect_err(|error| {
        entry.end(Code::of(error).as_str());
        if error.is_outage() {
            executor
                .gateway()
                .rate_limiter()
                .give_back(&caller.actor.subject, EXPORT_COST);
        }
    })?;
    let first = first.unwrap_or_default();
    executor
        .gateway()
        .rate_limiter()
        .charge(&caller.actor.subject, sent_cost(first.len()));
    let state = (state, caller, permit, export, entry);
    let rest = stream::try_unfold(
        state,
        |(state, caller, permit, mut export, mut entry)| async move {
            let page = export.next_page().await;
            let page = page.inspect_err(|error| entry.end(Code::of(error).as_str()))?;
            let Some(page) = page else {
                entry.end("OK");
                return Ok(None);
            };
            let rate_limiter = state.executor.gateway().rate_limiter();
            rate_limiter
                .spend(&caller.actor.subject, sent_cost(page.len()))
                .await;
            if !state.authenticator.still_accepts(&caller).await {
                entry.end(Code::Unauthenticated.as_str());
                return Err(Error::Unauthenticated);
            }
            Ok(Some((Bytes::from(page), (state, caller, permit, export, entry))))
        },
    );
    let pages = stream::iter([Ok(Bytes::from(first))]).chain(rest);
    let pages = pages.inspect_err(|error| tracing::warn!("an export broke off: {error}"));
    Ok(download(name, Body::from_stream(pages)))
}

fn download(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, CSV.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, body).into_response()
}
