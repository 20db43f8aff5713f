//! Suggestions: patterns of resources, and the tags that one decision settles for all of them.
//!
//! ```text
//!       mined            accept
//! ------------> OPEN -----------> ACCEPTED: rules that approve their tags
//!                |  ^                |
//!                |  +----------------+ revoke
//!                +-----> DISMISSED: stays away until its evidence is another
//!                 dismiss
//! ```
//!
//! - `mine.rs`     the job that looks for them, with what holds in the inventory
//! - `input.rs`    resources as the miner sees them
//! - `index.rs`    the miner's index of all resources, kept from one run to the next
//! - `store.rs`    open suggestions as they were mined last
//! - `list.rs`     lists of suggestions
//! - `members.rs`  the resources that match a pattern now
//! - `accept.rs`   acceptance: rules, and the resources that they match made due
//! - `withdraw.rs` dismissal and revocation

mod accept;
mod index;
mod input;
pub mod list;
pub mod members;
mod mine;
mod state;
mod store;
mod tags;
mod withdraw;

pub use crate::entities::SuggestionStatus;
pub use crate::entities::rule_suggestion::Model as Suggestion;
pub use accept::{Accepted, PRIORITY, SuggestionAcceptance, accept};
pub use index::SuggestionCache;
pub use list::{SuggestionFilter, SuggestionOrder};
pub use mine::{MineSuggestionsJob, MiningContext};
pub use state::note_changes;
pub use tags::{TagChoice, TagOffer};
pub use withdraw::{Revoked, dismiss, revoke};
