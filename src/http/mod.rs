//! HTTP and websockets: authentication, transports of GraphQL, downloads, the web client, health. It holds no business rule.
//!
//! A request goes [`router`] -> `middleware` -> `graphql` or `ws`, which send it through [`crate::gateway`] once, and have
//! it executed by the one [`Executor`]; subscriptions of websockets that ask for the same are executed once (`fanout`).

pub mod auth;
mod error;
mod fanout;
mod graphql;
pub mod limits;
mod middleware;
mod pages;
mod router;
mod server;
mod state;
mod ws;

pub use fanout::SharedSubscriptions;
pub use graphql::executor::Executor;
pub use middleware::drain::DrainTracker;
pub use pages::health::{Health, health_router};
pub use pages::web_client::{EMBEDDED, WebClient};
pub use router::router;
pub use server::{ConnectionTimeouts, serve};
pub use state::HttpState;
pub use ws::SocketLimits;
