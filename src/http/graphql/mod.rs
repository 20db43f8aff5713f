//! GraphQL over HTTP: `GET` and `POST /graphql`, uploads included, and the executor behind them and behind websockets.

pub mod body;
pub mod executor;
pub mod handlers;
mod negotiation;
pub mod render;
pub mod request;
mod upload;

pub use negotiation::{Media, accepted};
