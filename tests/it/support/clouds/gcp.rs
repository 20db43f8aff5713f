//! Fake of Google Cloud: tokens, the metadata server, and the search of Cloud Asset Inventory.

use super::faults::{Fault, Faults, error};
use super::serve::{FakeServer, bearer};
use axum::Router;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// State of the fake.
#[derive(Default)]
pub struct FakeGcp {
    /// Results of the search, of all projects.
    pub assets: Mutex<Vec<Value>>,
    pub page_size: AtomicUsize,
    pub faults: Faults,
    /// Requests of the search.
    pub searches: AtomicUsize,
    /// Tokens that were granted, with the way.
    pub grants: Mutex<Vec<String>>,
    /// Projects that requests were charged to.
    pub quota_projects: Mutex<Vec<String>>,
}

/// Asset as the search gives it.
pub fn asset(project: &str, name: &str, labels: Value) -> Value {
    json!({
        "name": format!("//compute.googleapis.com/projects/{project}/zones/europe-west1-b/instances/{name}"),
        "assetType": "compute.googleapis.com/Instance",
        "project": "projects/123456789",
        "displayName": name,
        "location": "europe-west1-b",
        "labels": labels,
        "parentFullResourceName": format!("//cloudresourcemanager.googleapis.com/projects/{project}"),
    })
}

impl FakeGcp {
    pub async fn start(assets: Vec<Value>) -> FakeServer<Self> {
        let state = Arc::new(Self {
            assets: Mutex::new(assets),
            page_size: AtomicUsize::new(500),
            ..Self::default()
        });
        let router = Router::new()
            .route("/token", post(token))
            .route(
                "/computeMetadata/v1/instance/service-accounts/default/token",
                get(machine_token),
            )
            .route("/v1/{kind}/{search}", get(search))
            .with_state(state.clone());
        FakeServer::start(router, state).await
    }

    fn grant(&self, way: String) -> Response {
        let mut grants = self.grants.lock().unwrap();
        grants.push(way);
        let token = format!("token-{}", grants.len());
        axum::Json(json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }))
            .into_response()
    }

    fn is_valid(&self, headers: &HeaderMap) -> bool {
        let newest = self.grants.lock().unwrap().len();
        bearer(headers) == Some(format!("token-{newest}").as_str())
    }
}

async fn token(State(fake): State<Arc<FakeGcp>>, RawForm(form): RawForm) -> Response {
    let form: HashMap<String, String> = url_pairs(&form);
    match form["grant_type"].as_str() {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            let claims = form["assertion"].split('.').nth(1).unwrap();
            let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            fake.grant(format!("service account {}", claims["iss"].as_str().unwrap()))
        }
        "refresh_token" => fake.grant(format!("refresh token {}", form["refresh_token"])),
        other => error(StatusCode::BAD_REQUEST, "invalid_grant", other),
    }
}

/// Pairs of a form.
pub fn url_pairs(form: &[u8]) -> HashMap<String, String> {
    let url = format!("http://form/?{}", std::str::from_utf8(form).unwrap());
    let url: reqwest::Url = url.parse().unwrap();
    url.query_pairs().into_owned().collect()
}

async fn machine_token(State(fake): State<Arc<FakeGcp>>, headers: HeaderMap) -> Response {
    if headers
        .get("metadata-flavor")
        .is_none_or(|flavor| flavor != "Google")
    {
        return error(StatusCode::FORBIDDEN, "FORBIDDEN", "no Metadata-Flavor");
    }
    fake.grant("machine".into())
}

async fn search(
    State(fake): State<Arc<FakeGcp>>,
    Path((kind, search)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    fake.searches.fetch_add(1, Ordering::SeqCst);
    let Some(id) = search.strip_suffix(":searchAllResources") else {
        return error(StatusCode::NOT_FOUND, "NOT_FOUND", &search);
    };
    if !fake.is_valid(&headers) {
        return error(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "no valid token");
    }
    if let Some(project) = headers.get("x-goog-user-project") {
        let project = project.to_str().unwrap().to_owned();
        fake.quota_projects.lock().unwrap().push(project);
    }
    assert!(query["pageSize"].parse::<usize>().unwrap() <= 500);
    let begin: usize = query.get("pageToken").map_or(0, |token| token.parse().unwrap());
    let fault = fake.faults.next();
    let page = page(&fake, &format!("{kind}/{id}"), begin, fault);
    if let Some(fault) = fault
        && let Some(answer) = fault.answer(&page).await
    {
        return answer;
    }
    axum::Json(page).into_response()
}

fn page(fake: &FakeGcp, scope: &str, begin: usize, fault: Option<Fault>) -> Value {
    let in_scope = |asset: &&Value| {
        !scope.starts_with("projects/") || asset["name"].as_str().unwrap().contains(&format!("/{scope}/"))
    };
    let assets = fake.assets.lock().unwrap();
    let assets: Vec<&Value> = assets.iter().filter(in_scope).collect();
    if fault == Some(Fault::EmptyPage) {
        return json!({ "nextPageToken": format!("0{begin}") });
    }
    let end = assets.len().min(begin + fake.page_size.load(Ordering::SeqCst));
    let mut page = json!({ "results": assets[begin..end] });
    if fault == Some(Fault::RepeatedToken) {
        page["nextPageToken"] = begin.to_string().into();
    } else if end < assets.len() {
        page["nextPageToken"] = end.to_string().into();
    }
    page
}
