//! The GraphQL schema: one file per feature, its resolvers a few lines over the domain's verbs.

mod batch;
pub mod context;
mod cursor;
pub mod error;
pub mod id;
mod loaders;
pub mod page;
mod resource;
pub mod schema;
