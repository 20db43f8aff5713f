//! Validation that async-graphql leaves out, and validation without execution.

pub mod document_validator;
pub mod field_merging;
pub mod variable_usages;
