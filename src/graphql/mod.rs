//! The GraphQL schema: one file per feature, its resolvers a few lines over the domain's verbs.

mod approval;
mod audit;
mod batch;
pub mod context;
mod cursor;
mod dashboard;
mod decide;
mod enums;
pub mod error;
pub mod id;
mod inference;
mod live;
mod loaders;
mod nested;
mod node;
pub mod page;
mod payload;
mod resource;
mod resource_edit;
mod rule;
mod rule_edit;
mod run;
mod run_control;
pub mod schema;
mod viewer;
mod virtual_tag;
mod vocabulary;
