//! Servers of fake clouds in the test's process.

use axum::Router;
use axum::http::HeaderMap;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Server of a fake, which ends with it.
pub struct FakeServer<S> {
    pub url: reqwest::Url,
    pub state: Arc<S>,
    _server: AbortOnDropHandle<()>,
}

impl<S> FakeServer<S> {
    pub async fn start(router: Router, state: Arc<S>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url: url.parse().unwrap(),
            state,
            _server: AbortOnDropHandle::new(server),
        }
    }
}

/// Bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
