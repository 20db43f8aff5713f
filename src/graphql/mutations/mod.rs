//! Fields of `Mutation`, one file per feature; each calls one verb of the domain.

pub mod decisions;
pub mod payload;
pub mod resources;
pub mod rules;
pub mod runs;
