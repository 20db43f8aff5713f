//! The inventory: resources as clouds, files and people report them.

mod edit;
pub mod inferences;
pub mod list;
pub mod reconcile;

pub use crate::entities::resource::Model as Resource;
pub use edit::{Edit, create, delete, update};
