//! The edge: HTTP and websockets. It checks who calls and what they send, and holds no business rule.
//!
//! A request goes `router` -> `trace` (request id, log, metrics) -> `graphql` or `websocket` -> `executor`, which is
//! one for all: `rates` -> `persisted` (which document is meant) -> `document` (cache of parsed documents; `guard` limits
//! the text before the parser sees it, `extent` what was parsed) -> cost -> `concurrency` (room for so many) -> the schema.

mod access_log;
pub mod auth;
mod body;
mod caller_limit;
mod concurrency;
mod csv;
mod denied;
pub mod document;
mod drain;
mod error;
mod executor;
mod fanout;
mod generations;
mod graphiql;
mod graphql;
mod health;
mod hosts;
pub mod lexical_limits;
pub mod limits;
mod negotiation;
mod payload;
mod persisted;
mod rate_limit;
mod read_allowance;
mod redact;
mod request;
mod router;
mod server;
mod trace;
mod upload;
mod values;
mod websocket;

pub use caller_limit::CallerLimit;
pub use drain::DrainTracker;
pub use executor::Executor;
pub use fanout::SharedSubscriptions;
pub use health::{Health, health_router};
pub use router::router;
pub use server::{ConnectionTimeouts, serve};
pub use websocket::SocketLimits;

use crate::config::HttpConfig;
use auth::Authenticator;
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
