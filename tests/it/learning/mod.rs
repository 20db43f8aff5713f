//! Learning: what engines load, and when resources are evaluated again.

mod generation;
mod models;
