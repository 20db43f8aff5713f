//! The GraphQL schema. Resolvers are a few lines over the domain's verbs.

pub mod error;
pub mod execution;
mod loaders;
mod mutations;
mod queries;
pub mod relay;
pub mod response_budget;
pub mod scalars;
pub mod schema;
pub mod state;
pub mod subscriptions;
mod types;
