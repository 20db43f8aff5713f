//! Google Cloud: tokens, and the search of Cloud Asset Inventory.

mod key_file;
mod resource_search;
mod tokens;

pub use resource_search::{ResourceSearch, ResourceSearchPage};
pub use tokens::GcpTokens;
