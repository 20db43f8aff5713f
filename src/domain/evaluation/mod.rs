//! Evaluation: runs the tagging engine over the database.
//!
//! - `auto_tag.rs`      works off the resources that are due, chunk by chunk
//! - `backlog.rs`       how many resources are due, and the progress of a run
//! - `chunk_result.rs`  the outcome of a chunk, in numbers
//! - `chunk_work.rs`    evaluates a chunk without the database
//! - `compute.rs`       evaluates on threads where it may take its time
//! - `difference.rs`    the changes that an evaluation makes to a resource's tags
//! - `dry_run.rs`       an evaluation of one resource that stores nothing
//! - `dry_runs.rs`      limits on evaluations that callers wait for
//! - `engine.rs`        the engine with the stored rules
//! - `preview.rs`       the effect of a rule, before it is saved
//! - `preview_trial.rs` the matches of such a rule, and what would come of it
//! - `scan.rs`          the resources that conditions match
//! - `why_not.rs`       why a value does not hold
//! - `subject.rs`       stored resources and tags as the engine sees them, and back

pub mod auto_tag;
mod backlog;
mod chunk_result;
mod chunk_work;
mod compute;
mod difference;
pub mod dry_run;
mod dry_runs;
mod engine;
mod preview;
mod preview_trial;
pub(in crate::domain) mod scan;
mod subject;
mod why_not;

pub use auto_tag::AutoTagJob;
pub use backlog::{due_resources, is_due};
pub use chunk_result::ChunkResult;
pub use dry_runs::DryRuns;
pub use engine::{EngineSettings, LoadedEngine, load_engine};
pub use preview::{Preview, preview};
pub use preview_trial::{Example, Overlap, PreviewOutcome};
pub use subject::subject;
pub use why_not::{WhyNot, WhyNotReason, why_not};
