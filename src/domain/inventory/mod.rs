//! Inventory: resources as providers, files and people report them.

mod ask;
mod confirm;
mod discover;
mod edit;
pub mod facets;
mod held_key;
pub mod inferences;
mod invented;
pub mod list;
pub mod prune;
pub mod reconcile;
mod reconciler;
pub mod rejections;
pub mod staged;
pub mod tagged;

pub use crate::entities::resource::Model as Resource;
pub use ask::SourcesContext;
pub use confirm::confirm_retirement;
pub use discover::{DiscoverJob, request_discovery};
pub(crate) use edit::check;
pub use edit::{ResourcePatch, create, delete, update};
pub use held_key::{HeldKey, LackedKey};
pub use invented::remove_invented;
pub use reconciler::Reconciler;
