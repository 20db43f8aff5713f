//! Downloads: the template to fill in, and exports, streamed.

use super::SharedEdge;
use super::rates::EXPORT_COST;
use super::refusal::Refusal;
use crate::domain::Cloud;
use crate::domain::auth::Actor;
use crate::domain::csv::{self, Export, ExportFilter, ExportKind};
use crate::error::Error;
use crate::graphql::id::{Id, JobRunKind};
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer};

const CSV: &str = "text/csv; charset=utf-8; header=present";

/// `GET /csv/template`: an empty inventory.
pub async fn template(State(edge): State<SharedEdge>, headers: HeaderMap) -> Result<Response, Refusal> {
    edge.authenticator.request(&headers).await?;
    Ok(download("virtual-tagging-template.csv", csv::template().into()))
}

/// The parameters of an export.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportParameters {
    #[serde(default)]
    what: What,
    #[serde(default, deserialize_with = "cloud")]
    cloud: Option<Cloud>,
    account_id: Option<String>,
    resource_type: Option<String>,
}

/// As the API writes it or as files do: in any case.
fn cloud<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cloud>, D::Error> {
    let name = String::deserialize(deserializer)?.to_ascii_lowercase();
    Cloud::deserialize(IntoDeserializer::<D::Error>::into_deserializer(name)).map(Some)
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    #[default]
    Resources,
    Tags,
}

/// `GET /csv/export`: what exists for the caller, filtered.
pub async fn export(
    State(edge): State<SharedEdge>,
    headers: HeaderMap,
    parameters: Result<Query<ExportParameters>, QueryRejection>,
) -> Result<Response, Refusal> {
    let (actor, parameters) = asked(&edge, &headers, parameters).await?;
    let (kind, name) = match parameters.what {
        What::Resources => (ExportKind::Resources, "resources.csv"),
        What::Tags => (ExportKind::Tags, "virtual-tags.csv"),
    };
    let filter = ExportFilter {
        cloud: parameters.cloud,
        account_id: parameters.account_id,
        resource_type: parameters.resource_type,
    };
    let export = Export::new(edge.db.clone(), &actor, kind, &filter)?;
    streamed(name, export).await
}

/// Which run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectionParameters {
    run: String,
}

/// `GET /csv/rejections`: the lines that a run refused, each with why.
pub async fn rejections(
    State(edge): State<SharedEdge>,
    headers: HeaderMap,
    parameters: Result<Query<RejectionParameters>, QueryRejection>,
) -> Result<Response, Refusal> {
    let (actor, parameters) = asked(&edge, &headers, parameters).await?;
    let run =
        Id::<JobRunKind>::decode(&parameters.run).map_err(|why| Error::BadInput(format!("run: {why}")))?;
    let export = Export::of_rejections(edge.db.clone(), &actor, run.0)?;
    streamed("rejections.csv", export).await
}

/// Who asks, and for what.
async fn asked<T>(
    edge: &SharedEdge,
    headers: &HeaderMap,
    parameters: Result<Query<T>, QueryRejection>,
) -> Result<(Actor, T), Refusal> {
    let caller = edge.authenticator.request(headers).await?;
    let taken = edge.executor.rates().take(&caller.actor.subject, EXPORT_COST);
    taken.map_err(Refusal::rate_limited)?;
    let Query(parameters) = parameters.map_err(|rejection| Refusal::bad_request(rejection.body_text()))?;
    Ok((caller.actor, parameters))
}

async fn streamed(name: &str, mut export: Export) -> Result<Response, Refusal> {
    // While the status can still be chosen: afterwards a fault can only cut the answer off.
    let first = export.next_page().await?.unwrap_or_default();
    let pages = stream::try_unfold((Some(first), export), |(first, mut export)| async move {
        let page = match first {
            Some(first) => Some(first),
            None => export
                .next_page()
                .await
                .inspect_err(|error| tracing::error!("an export broke off: {error}"))?,
        };
        Ok::<_, Error>(page.map(|page| (Bytes::from(page), (None, export))))
    });
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
