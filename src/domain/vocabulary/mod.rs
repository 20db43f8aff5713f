//! Vocabulary: the file that ships with the product, with what administrators changed over it.
//!
//! - `store.rs`  reads the changes, and keeps the merged vocabulary of this process up to date
//! - `edit.rs`   changes keys, each with its trail, a version and the evaluation that follows

mod edit;
mod store;

pub use edit::{AppliedKey, MAX_KEYS, SavedKey, apply, delete, update};
pub use store::{LiveVocabulary, StoredVocabulary, VocabularyKeyState};
