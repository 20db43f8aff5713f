//! The edge: HTTP and websockets. It checks who calls and what they send, and holds no business rule.
//!
//! A request goes `router` -> `trace` (request id, log, metrics) -> `graphql` or `websocket` -> `executor`, which is
//! one for all: `rates` -> `persisted` (which document is meant) -> `document` (cache of parsed documents; `guard` limits
//! the text before the parser sees it, `extent` what was parsed) -> cost -> `concurrency` (room for so many) -> the schema.

pub mod auth;
pub(crate) mod error;
mod fanout;
pub(crate) mod graphql;
pub mod limits;
mod middleware;
mod pages;
mod router;
mod server;
mod state;
mod ws;

pub use crate::gateway::caller_limit::CallerLimit;
pub use fanout::SharedSubscriptions;
pub use graphql::executor::Executor;
pub use middleware::drain::DrainTracker;
pub use pages::health::{Health, health_router};
pub use router::router;
pub use server::{ConnectionTimeouts, serve};
pub use state::{HttpState, SharedHttpState};
pub use ws::SocketLimits;
