//! Shared subscriptions: one execution for all subscribers that ask for the same.
//!
//! A subscription costs an execution of its operation for each batch of events. Subscribers with the same operation, however
//! it is written, and the same accounts get the same payloads. They share one subscription: one task executes the
//! operation and writes each payload once, and the subscribers send it. An event costs the same however many they are,
//! except for the sending. Subscriptions that cannot be shared, because their payloads differ if only in the name of a
//! field, are limited per caller.
//!
//! A shared subscription follows the end of its log. A subscriber that begins at an earlier position, or has fallen
//! behind the payloads that are kept, catches up by an execution of its own, which counts as its caller's, and then goes
//! on with the others. Positions in a log are totally ordered and payloads carry the range that they deliver, so that
//! each subscriber gets each event once, in order.

mod registry;
mod share_key;
mod shared_subscription;
mod subscriber;

pub use registry::SharedSubscriptions;
pub use subscriber::{Subscriber, SubscriberStep};
