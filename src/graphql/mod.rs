//! The GraphQL schema, in rooms that import each other one way: `scalars`, `relay`, `loaders`, `state`, `types`, then
//! `queries`, `mutations` and `subscriptions`, then `schema` and `execution`. A resolver is a few lines over one verb
//! of the domain.

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
