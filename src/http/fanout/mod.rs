//! Subscriptions that are executed once for all who have the same one.
//!
//! A subscription costs an execution of its operation for each batch of events. Callers with the same operation, however
//! it is written, and the same accounts get the same answers, so they form a [`shared`]: one task executes the operation
//! and writes each answer once, and the members send what is written. So an event costs the same however many there
//! are, but for the sending. What cannot be shared, for its answers differ if only in the name of a field, is limited
//! for each caller.
//!
//! A group follows the present. A member that begins at an earlier place of the log, or has fallen behind what the
//! group keeps, is told the stretch between by an execution of its own, which counts as its caller's, and then goes on
//! with the group. Places in a log are totally
//! ordered and answers tell which stretch they are of, so it gets each event once, in order.

mod normal_form;
mod share_key;
mod shared_subscription;
mod subscriber;

pub use shared_subscription::SharedSubscriptions;
pub use subscriber::{Step, Subscriber};
