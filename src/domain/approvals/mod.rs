//! Approvals: a proposed tag is PENDING until a person decides. [`decide`](mod@decide) is the entry of every decision.
//!
//! ```text
//!            approve                    another value approved
//! PENDING ------------> APPROVED ------------------------------> SUPERSEDED
//!    |  ^ <------------    |                                         |
//!    |  |      undo        +<----------------------------------------+
//!    |  +<---------------------- the other approval undone ----------+
//!    |  | undo
//!    +-----> DENIED
//!      deny
//! ```
//!
//! Up to [`MAX_IMMEDIATE`] tags are decided in the response; more of them by a run, see [`bulk`]. Both, and tags that are
//! made by hand ([`create`]) or imported ([`imported`]), change the state of tags by the statements of `apply` and `undo`.

mod apply;
pub mod bulk;
pub(in crate::domain) mod by_rule;
mod columns;
mod correction;
mod decide;
mod decision;
pub mod facets;
pub mod filter;
pub mod groups;
pub mod imported;
pub mod items;
mod limits;
mod manual;
mod native;
pub(in crate::domain) mod past_denial;
mod pending_rows;
pub mod queue;
mod selection;
pub mod stats;
pub mod tags;
mod undo;

pub use crate::entities::virtual_tag::Model as VirtualTag;
pub use columns::{ResourceColumns, TagProjection, TagWithResource, VirtualTagColumns};
pub use decide::{correct, decide};
pub use decision::{DecideJob, Decision, DecisionOutcome, Decisions, ItemResult};
pub use filter::{TagFilter, TagKind};
pub(crate) use limits::check_count;
pub use limits::{MAX_IDS, MAX_IMMEDIATE, MAX_REASON};
pub(in crate::domain) use limits::{MAX_TAGS_PER_RESOURCE, check_reason, checked_key, checked_value};
pub use manual::{NewTag, create, delete, update};
pub use native::deny_native;
pub use past_denial::PastDenial;
pub use selection::{BoundedSelection, DecidedFilter, GroupKey, Selection};
