//! State that handlers share.

use super::auth::Authenticator;
use super::fanout::SharedSubscriptions;
use super::graphql::executor::Executor;
use super::middleware::drain::DrainTracker;
use super::pages::health::Health;
use super::pages::web_client::WebClient;
use super::ws::SocketLimits;
use crate::config::HttpConfig;
use crate::gateway::caller_limit::CallerLimit;
use axum::extract::FromRef;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// State of the HTTP service.
pub struct HttpState {
    /// Address and limits.
    pub config: HttpConfig,
    /// Authenticator of all callers.
    pub authenticator: Authenticator,
    /// Executor of GraphQL, with the gateway that requests pass.
    pub executor: Arc<Executor>,
    /// Main pool.
    pub db: DatabaseConnection,
    /// Health of this process.
    pub health: Arc<Health>,
    /// Cancelled when the service drains: websockets then close with 1012.
    pub draining: CancellationToken,
    /// Tracker of the requests while the service drains.
    pub drain: Arc<DrainTracker>,
    /// Open websockets.
    pub sockets: TaskTracker,
    /// Limit of requests with files that are under way.
    pub uploads: CallerLimit,
    /// Subscriptions that are executed once for many websockets.
    pub subscriptions: SharedSubscriptions,
    /// Web client, as this service sends it.
    pub web_client: WebClient,
    /// Limits of the open websockets.
    pub socket_limits: SocketLimits,
}

/// Shared state, as handlers extract it.
pub type SharedHttpState = Arc<HttpState>;

impl FromRef<SharedHttpState> for Authenticator {
    fn from_ref(state: &SharedHttpState) -> Self {
        state.authenticator.clone()
    }
}
