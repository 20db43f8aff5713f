//! Fields of `Query`, one file per feature.

pub mod admin_changes;
pub mod api_tokens;
pub mod approvals;
pub mod audit;
pub mod calibration;
pub mod cost;
pub mod coverage;
pub mod dashboard;
pub mod facets;
pub mod inferences;
pub mod models;
pub mod node;
pub mod resources;
pub mod rule_language;
pub mod rule_preview;
pub mod rule_suggestions;
pub mod rules;
pub mod runs;
pub mod sources;
pub mod viewer;
pub mod virtual_tags;
pub mod vocabulary;
