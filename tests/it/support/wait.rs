//! Waiting for a condition, never for time.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

/// Pause between two looks: short at first, and longer for what takes long.
const POLL_INTERVALS: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Outcome of one look at a condition: met with a value, or not, with what was seen instead.
pub trait Condition {
    type Value;
    type Seen: Debug;

    fn met(self) -> Result<Self::Value, Self::Seen>;
}

impl Condition for bool {
    type Value = ();
    type Seen = Self;

    fn met(self) -> Result<(), Self> {
        if self { Ok(()) } else { Err(self) }
    }
}

impl<T> Condition for Option<T> {
    type Value = T;
    type Seen = ();

    fn met(self) -> Result<T, ()> {
        self.ok_or(())
    }
}

impl<T, E: Debug> Condition for Result<T, E> {
    type Value = T;
    type Seen = E;

    fn met(self) -> Self {
        self
    }
}

/// Looks at the condition until it is met, and gives its value. Fails the test after `timeout`, with the description
/// and what was seen last.
pub async fn wait_until<C: Condition>(
    timeout: Duration,
    description: impl Display,
    mut condition: impl AsyncFnMut() -> C,
) -> C::Value {
    let deadline = Instant::now() + timeout;
    let (mut interval, longest) = POLL_INTERVALS;
    loop {
        match condition().await.met() {
            Ok(value) => return value,
            Err(seen) => assert!(
                Instant::now() < deadline,
                "waited {timeout:?} in vain for {description}; last seen: {seen:?}"
            ),
        }
        tokio::time::sleep(interval).await;
        interval = (interval * 5 / 4).min(longest);
    }
}
