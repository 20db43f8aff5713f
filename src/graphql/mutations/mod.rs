//! Fields of `Mutation`, one file per feature; each calls one verb of the domain.

pub mod api_tokens;
pub mod decisions;
pub mod downloads;
pub mod imports;
pub mod models;
pub mod payload;
pub mod resources;
pub mod rule_suggestions;
pub mod rules;
pub mod runs;
pub mod schedules;
pub mod virtual_tags;
pub mod vocabulary;
