//! Fields of `Query`, one file per feature.

pub mod node;
