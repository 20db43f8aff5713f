//! Azure: tokens, and the queries of Resource Graph.

mod resource_graph;
mod tokens;

pub use resource_graph::{GraphPage, GraphQuery};
pub use tokens::{AzureGrant, AzureTokens};
