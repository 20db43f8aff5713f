//! GraphQL gateway: what is checked between a request and its execution.

pub mod caller_limit;
pub mod concurrency;
pub mod cost;
pub mod document;
mod generations;
pub mod lexical_limits;
mod operation_limits;
pub mod persisted;
pub mod rate_limit;
pub mod redact;
pub mod schema_index;
mod validation;
pub mod values;
