//! Object, input and enum types, one file per object. Rust types have the GraphQL name; enums that mirror the domain's
//! end with `Enum`, objects whose name the domain uses end with `Object`.

pub mod admin_change;
pub mod api_token;
pub mod approval_filter;
pub mod approval_group;
pub mod approval_stats;
pub mod calibration;
pub mod changed_since_denial;
pub mod cost;
pub mod dashboard;
pub mod decision;
pub mod enums;
pub mod evidence;
pub mod facet;
pub mod import_plan;
pub mod job_run;
pub mod ml_inference;
pub mod model;
pub mod prediction;
pub mod rejected_line;
pub mod resource;
pub mod resource_input;
pub mod row;
pub mod rule;
pub mod rule_input;
pub mod rule_preview;
pub mod rule_suggestion;
pub mod rule_version;
pub mod rule_warning;
pub mod run_decision;
pub mod schedule;
pub mod tag_audit;
pub mod user_error;
pub mod viewer;
pub mod virtual_tag;
pub mod vocabulary;
