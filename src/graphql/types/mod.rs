//! Object, input and enum types, one file per object.

pub mod admin_change;
pub mod api_token;
pub mod approval;
pub mod dashboard;
pub mod decision;
pub mod enums;
pub mod import_plan;
pub mod job_run;
pub mod ml_inference;
pub mod resource;
pub mod rule;
pub mod schedule;
pub mod tag_audit;
pub mod viewer;
pub mod virtual_tag;
pub mod vocabulary;
