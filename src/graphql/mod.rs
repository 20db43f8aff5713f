//! The GraphQL schema: one file per feature, its resolvers a few lines over the domain's verbs.

mod approval;
mod audit;
mod batch;
pub mod context;
mod cursor;
mod dashboard;
mod enums;
pub mod error;
pub mod id;
mod inference;
mod loaders;
mod nested;
mod node;
pub mod page;
mod resource;
mod rule;
mod run;
pub mod schema;
mod viewer;
mod virtual_tag;
mod vocabulary;
