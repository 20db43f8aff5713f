//! Interface to what counts requests.

use std::time::Duration;

use crate::ApiTarget;

/// Receiver of figures about calls.
pub trait RequestObserver: Send + Sync {
    /// A request ended: `code` is the HTTP status, `timeout` or `unreachable`; `throttled` for one that the cloud refused
    /// because of its rate, with whatever status.
    fn answered(&self, target: &ApiTarget, code: &str, elapsed: Duration);

    /// The cloud refused a request because of its rate.
    fn throttled(&self, target: &ApiTarget);

    /// A page was taken.
    fn page(&self, target: &ApiTarget);
}

/// Observer that counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl RequestObserver for NoObserver {
    fn answered(&self, _: &ApiTarget, _: &str, _: Duration) {}

    fn throttled(&self, _: &ApiTarget) {}

    fn page(&self, _: &ApiTarget) {}
}
