//! Fake of Azure: tokens, the metadata service, and Resource Graph.

use super::faults::{Fault, Faults, error};
use super::gcp::url_pairs;
use super::serve::{FakeServer, bearer};
use axum::extract::{Path, Query, RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// State of the fake.
#[derive(Default)]
pub struct FakeAzure {
    /// Records of each subscription that the identity sees.
    pub subscriptions: Mutex<BTreeMap<String, Vec<Value>>>,
    pub page_size: AtomicUsize,
    pub faults: Faults,
    /// Queries of Resource Graph.
    pub queries: AtomicUsize,
    /// Tokens that were granted, with the way.
    pub grants: Mutex<Vec<String>>,
    /// Records that the total promises and no page has.
    pub missing: AtomicUsize,
}

/// Record of a disk.
pub fn disk(subscription: &str, name: &str, tags: Value) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/RG/providers/Microsoft.Compute/disks/{name}"),
        "name": name,
        "type": "microsoft.compute/disks",
        "location": "westeurope",
        "tags": tags,
        "subscriptionId": subscription,
    })
}

impl FakeAzure {
    pub async fn start(
        subscriptions: impl IntoIterator<Item = (&'static str, Vec<Value>)>,
    ) -> FakeServer<Self> {
        let subscriptions = subscriptions
            .into_iter()
            .map(|(id, records)| (id.to_owned(), records));
        let state = Arc::new(Self {
            subscriptions: Mutex::new(subscriptions.collect()),
            page_size: AtomicUsize::new(1000),
            ..Self::default()
        });
        let router = Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(token))
            .route("/metadata/identity/oauth2/token", get(machine_token))
            .route("/providers/Microsoft.ResourceGraph/resources", post(resources))
            .with_state(state.clone());
        FakeServer::start(router, state).await
    }

    fn grant(&self, way: String) -> Response {
        let mut grants = self.grants.lock().unwrap();
        grants.push(way);
        let token = format!("token-{}", grants.len());
        // The metadata service writes numbers as texts.
        Json(json!({ "access_token": token, "expires_in": "3599", "token_type": "Bearer" })).into_response()
    }
}

async fn token(
    State(fake): State<Arc<FakeAzure>>,
    Path(tenant): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    let form = url_pairs(&form);
    assert_eq!(form["grant_type"], "client_credentials");
    assert!(form["scope"].ends_with("/.default"), "{form:?}");
    let secret = form.get("client_secret").or(form.get("client_assertion"));
    fake.grant(format!("{tenant} {} {}", form["client_id"], secret.unwrap()))
}

async fn machine_token(
    State(fake): State<Arc<FakeAzure>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if headers.get("metadata").is_none_or(|metadata| metadata != "true") {
        return error(StatusCode::BAD_REQUEST, "bad_request", "no Metadata header");
    }
    assert!(query["resource"].ends_with('/'), "{query:?}");
    fake.grant("machine".into())
}

async fn resources(
    State(fake): State<Arc<FakeAzure>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    fake.queries.fetch_add(1, Ordering::SeqCst);
    let newest = fake.grants.lock().unwrap().len();
    if bearer(&headers) != Some(format!("token-{newest}").as_str()) {
        return error(
            StatusCode::UNAUTHORIZED,
            "ExpiredAuthenticationToken",
            "no valid token",
        );
    }
    let fault = fake.faults.next();
    let page = page(&fake, &body, fault);
    if let Some(fault) = fault
        && let Some(answer) = fault.answer(&page).await
    {
        return answer;
    }
    Json(page).into_response()
}

fn page(fake: &FakeAzure, body: &Value, fault: Option<Fault>) -> Value {
    let query = body["query"].as_str().unwrap();
    assert!(
        query.contains("project id") && query.contains("order by id"),
        "{query}"
    );
    let all = fake.subscriptions.lock().unwrap();
    let asked: Option<Vec<&str>> = body["subscriptions"]
        .as_array()
        .map(|asked| asked.iter().map(|id| id.as_str().unwrap()).collect());
    let seen = all
        .iter()
        .filter(|(id, _)| asked.as_ref().is_none_or(|asked| asked.contains(&id.as_str())));
    let records: Vec<Value> = if query.starts_with("resourcecontainers") {
        let record = |id: &String| json!({ "id": format!("/subscriptions/{id}"), "subscriptionId": id });
        seen.map(|(id, _)| record(id)).collect()
    } else {
        seen.flat_map(|(_, records)| records.clone()).collect()
    };
    let options = &body["options"];
    let begin: usize = options["$skipToken"]
        .as_str()
        .map_or(0, |token| token.parse().unwrap());
    let total = records.len() + fake.missing.load(Ordering::SeqCst);
    let mut page = json!({ "totalRecords": total, "resultTruncated": "false", "data": [], "facets": [] });
    if fault == Some(Fault::EmptyPage) {
        page["$skipToken"] = format!("0{begin}").into();
        return page;
    }
    let most = options["$top"].as_u64().unwrap() as usize;
    let end = records
        .len()
        .min(begin + fake.page_size.load(Ordering::SeqCst).min(most));
    page["count"] = (end - begin).into();
    page["data"] = records[begin..end].into();
    if fault == Some(Fault::RepeatedToken) {
        page["$skipToken"] = begin.to_string().into();
    } else if end < records.len() {
        page["$skipToken"] = end.to_string().into();
    }
    page
}
