//! Models: what the engine learns from this estate.
//!
//! - `train.rs`     the job that trains a model
//! - `learn.rs`     collects rows on a thread of its own, and makes a model of them
//! - `compare.rs`   the comparison that decides whether a model takes the place of the one in use
//! - `store.rs`     versions: stored, activated, pruned
//! - `rollback.rs`  the return to an earlier version
//! - `load.rs`      the model that engines work with
//! - `list.rs`      lists of versions

mod compare;
mod learn;
pub mod list;
pub mod load;
mod rollback;
mod store;
pub mod train;

pub use crate::entities::ModelStatus;
pub use crate::entities::trained_model::Model as ModelVersion;
pub use rollback::rollback;
pub use store::{KEEP_MODELS, prune};
pub use train::TrainModelJob;
