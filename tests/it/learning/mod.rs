//! Learning: what engines load, and when resources are evaluated again.

mod denied_values;
mod generation;
pub mod models;
