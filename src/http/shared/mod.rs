//! Subscriptions that are executed once for all who have the same one.
//!
//! A subscription costs an execution of its operation for each batch of events. Callers with the same operation and the
//! same accounts get the same answers, so they form a [`group`]: one task executes the operation and writes each answer
//! once, and the members send what is written. So an event costs the same however many there are, but for the sending.
//!
//! A member that begins at an earlier place of the log than the group, or has fallen behind what the group keeps, is
//! told the stretch between by an execution of its own, and then goes on with the group. Places in a log are totally
//! ordered and answers tell which stretch they are of, so it gets each event once, in order.

mod group;
mod member;
mod sharing;

pub use group::Groups;
pub use member::{Member, Step};
