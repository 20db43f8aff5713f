//! CSV downloads: the template to fill in, and exports, streamed.

use crate::domain::Cloud;
use crate::domain::approvals::TagFilter;
use crate::domain::approvals::tags::AnyTagFilter;
use crate::domain::csv;
use crate::domain::downloads::{self, DownloadSecret};
use crate::domain::exports::ExportRequest;
use crate::domain::inventory::list::ResourceFilter;
use crate::error::Error;
use crate::gateway::caller_limit::Permit;
use crate::gateway::rate_limit::{EXPORT_COST, sent_cost};
use crate::graphql::error::Code;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::http::auth::{Caller, peer_of};
use crate::http::error::HttpError;
use crate::http::state::SharedHttpState;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode, header};
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
    Effective,
    Tags,
}

impl ExportParameters {
    fn request(self) -> Result<ExportRequest, Error> {
        let texts = [&self.account_id, &self.resource_type];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            let message = "the account and the resource type must not contain NUL characters";
            return Err(Error::BadInput(message.into()));
        }
        let Self {
            what,
            cloud,
            account_id,
            resource_type,
        } = self;
        let resources = |account_id, resource_type| ResourceFilter {
            cloud,
            account_id,
            resource_type,
            retired: Some(false),
            ..ResourceFilter::default()
        };
        Ok(match what {
            ExportedRows::Resources => ExportRequest::Resources(resources(account_id, resource_type)),
            ExportedRows::Effective => ExportRequest::EffectiveTags(resources(account_id, resource_type)),
            ExportedRows::Tags => {
                let tag = TagFilter {
                    cloud,
                    account_id,
                    resource_type,
                    ..TagFilter::default()
                };
                let filter = AnyTagFilter {
                    tag,
                    ..AnyTagFilter::default()
                };
                ExportRequest::Tags {
                    filter,
                    of_retired: false,
                }
            }
        })
    }
}

/// `GET /csv/export`: rows within the scope of the caller, filtered.
pub async fn export(
    State(state): State<SharedHttpState>,
    caller: Caller,
    parameters: Result<Query<ExportParameters>, QueryRejection>,
) -> Result<Response, HttpError> {
    let permit = charge_export(&state, &caller)?;
    let request = valid(parameters)?.request()?;
    stream_export(state, caller, permit, request).await
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
    let permit = charge_export(&state, &caller)?;
    let run = Id::<JobRunKind>::decode(&valid(parameters)?.run);
    let run = run.map_err(|why| Error::BadInput(format!("run: {why}")))?;
    stream_export(state, caller, permit, ExportRequest::Rejections(run.0)).await
}

/// `GET /csv/downloads/{secret}`: the export of a link that `createDownload` made, once. A wrong secret costs the address
/// that it comes from as much as a wrong token.
pub async fn download_by_link(
    State(state): State<SharedHttpState>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<Response, HttpError> {
    if request.method() != Method::GET {
        return Err(HttpError::method(
            "GET",
            "a link is used up by one request, so there is no HEAD",
        ));
    }
    let peer = peer_of(request.extensions());
    let rate_limiter = state.executor.gateway().rate_limiter();
    // Taken before the lookup, so that guesses in parallel cost as much as guesses in sequence.
    rate_limiter
        .take_wrong_token(peer)
        .map_err(HttpError::rate_limited)?;
    let download = match DownloadSecret::parse(&secret) {
        Some(secret) => downloads::redeem(&state.db, &secret).await?,
        None => None,
    };
    let download = download.ok_or_else(|| {
        let message = "this link does not exist, was used, or has expired";
        HttpError::new(StatusCode::NOT_FOUND, Code::NotFound, message)
    })?;
    rate_limiter.give_back_wrong_token(peer);
    let caller = Caller::from(download.actor);
    if !state.authenticator.still_accepts(&caller).await {
        return Err(HttpError::unauthenticated());
    }
    let permit = charge_export(&state, &caller)?;
    stream_export(state, caller, permit, download.request).await
}

fn valid<T>(parameters: Result<Query<T>, QueryRejection>) -> Result<T, HttpError> {
    let Query(parameters) = parameters.map_err(|rejection| HttpError::bad_request(rejection.body_text()))?;
    Ok(parameters)
}

/// Charges an export to its caller, and gives the permit for it.
fn charge_export(state: &SharedHttpState, caller: &Caller) -> Result<Permit, HttpError> {
    let gateway = state.executor.gateway();
    gateway
        .rate_limiter()
        .try_acquire(&caller.actor.subject, EXPORT_COST)?;
    Ok(gateway.concurrency().acquire_export(&caller.actor.subject)?)
}

/// Streams an export page by page as the caller's rate allows, until the end, or until the caller's credentials end or
/// are revoked.
async fn stream_export(
    state: SharedHttpState,
    caller: Caller,
    permit: Permit,
    request: ExportRequest,
) -> Result<Response, HttpError> {
    let executor = &state.executor;
    let db = (**executor.services().reads(&caller.actor.scope)).clone();
    let turns = executor.gateway().concurrency().export_pages();
    let mut export = request.begin(db, turns, &caller.actor)?;
    let name = request.file_name();
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
