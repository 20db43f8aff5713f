//! Model of one estate: what its tagged resources say about those that lack a tag.
//!
//! - `row.rs`      tagged resources that an estate model learns from
//! - `trainer.rs`  collects rows and makes a model of them
//! - `model.rs`    the model: infers values of governed keys, with a confidence and its evidence
//! - `codec.rs`    the model as bytes
//! - `metrics.rs`  how well a model does on tags that were hidden from it

mod codec;
mod metrics;
mod model;
mod row;
mod trainer;

pub use codec::ModelError;
pub use metrics::{KeyMetrics, ReliabilityBin};
pub use model::{EstateModel, Inference};
pub use row::{EstateRow, Label, LabelOrigin};
pub use trainer::EstateTrainer;
