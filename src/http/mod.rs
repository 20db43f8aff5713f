//! The edge: HTTP and websockets. It checks who calls and what they send, and holds no business rule.
//!
//! A request goes `router` -> `trace` (request id, log, metrics) -> `graphql` or `websocket` -> `executor`, which is
//! one for all: `rates` -> `persisted` (which document is meant) -> `document` (cache of parsed documents; `guard` limits
//! the text before the parser sees it, `extent` what was parsed) -> cost -> `house` (room for so many) -> the schema.

mod access_log;
pub mod auth;
mod body;
mod caller_limit;
mod callers;
mod csv;
mod denied;
pub mod document;
mod executor;
mod generations;
mod graphiql;
mod graphql;
pub mod guard;
mod health;
mod hosts;
mod house;
pub mod limits;
mod negotiation;
mod payload;
mod persisted;
mod rates;
mod read_allowance;
mod redact;
mod refusal;
mod request;
mod router;
mod server;
mod shared;
mod trace;
mod upload;
mod values;
mod websocket;

pub use caller_limit::CallerLimit;
pub use callers::Callers;
pub use executor::Executor;
pub use health::{Health, health_router};
pub use router::router;
pub use server::{Patience, serve};
pub use shared::Groups;
pub use websocket::SocketLimits;

use crate::config::HttpConfig;
use auth::Authenticator;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What every handler shares.
pub struct Edge {
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
    pub callers: Arc<Callers>,
    /// The open websockets.
    pub sockets: TaskTracker,
    /// Requests with files that are under way.
    pub uploads: CallerLimit,
    /// Subscriptions that are executed once for many websockets.
    pub groups: Groups,
    /// Limits of the open websockets.
    pub socket_limits: SocketLimits,
}

/// How handlers get at [`Edge`].
pub type SharedEdge = Arc<Edge>;
