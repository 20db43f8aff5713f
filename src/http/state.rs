//! State that handlers share.

use super::auth::Authenticator;
use super::fanout::SharedSubscriptions;
use super::graphql::executor::Executor;
use super::middleware::drain::DrainTracker;
use super::pages::health::Health;
use super::ws::SocketLimits;
use crate::config::HttpConfig;
use crate::gateway::caller_limit::CallerLimit;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What every handler shares.
pub struct HttpState {
    /// How to listen, and the limits.
    pub config: HttpConfig,
    /// Checks credentials.
    pub authenticator: Authenticator,
    /// Answers GraphQL.
    pub executor: Executor,
    /// The pool.
    pub db: DatabaseConnection,
    /// How this process is.
    pub health: Arc<Health>,
    /// Cancelled when the service drains: sockets then close with 1012.
    pub draining: CancellationToken,
    /// Who may come back on a connection that is kept alive.
    pub drain: Arc<DrainTracker>,
    /// The open websockets.
    pub sockets: TaskTracker,
    /// Requests with files that are under way.
    pub uploads: CallerLimit,
    /// Subscriptions that are executed once for many websockets.
    pub subscriptions: SharedSubscriptions,
    /// Limits of the open websockets.
    pub socket_limits: SocketLimits,
}

/// How handlers get at [`HttpState`].
pub type SharedHttpState = Arc<HttpState>;
