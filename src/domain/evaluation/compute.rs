//! Computation that evaluates rules, on threads that may block.

use crate::error::{Error, Result};
use std::time::Duration;
use tagging::rules::allowance::{StopFlag, limited};

/// Runs work that evaluates rules on a thread where it may take its time. The work is over, for
/// [`is_over`](tagging::rules::allowance::is_over), when it has taken `most` processor time, or when its caller is
/// dropped.
pub(super) async fn compute<T: Send + 'static>(
    most: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    struct StopOnDrop(StopFlag);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    let stop = StopFlag::default();
    let _stop_on_drop = StopOnDrop(stop.clone());
    let done = tokio::task::spawn_blocking(move || limited(most, stop, work));
    done.await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::compute;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;
    use tagging::rules::allowance::is_over;

    #[tokio::test]
    async fn work_ends_when_its_caller_is_dropped() {
        let (begun, began) = mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let is_ended = Arc::clone(&ended);
        let work = tokio::spawn(compute(Duration::MAX, move || {
            begun.send(()).unwrap();
            while !is_over() {
                std::hint::spin_loop();
            }
            is_ended.store(true, Ordering::Release);
        }));
        tokio::task::spawn_blocking(move || began.recv().unwrap())
            .await
            .unwrap();
        work.abort();
        while !ended.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
