//! Seeing callers off: a service that stops tells them before it closes the connections that they keep alive.
//!
//! A request that is on its way down a connection while that is being closed fails, and nobody may send a mutation
//! again without knowing what became of it. So while the service drains, `/readyz` says 503, each answer is the last of its
//! connection (`Connection: close`), and only when callers have stopped coming the rest is closed.

use crate::http::SharedHttpState;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody has come for so long: they are gone.
const QUIET: Duration = Duration::from_secs(1);
/// Whoever has not come for so long is not about to come now.
const RECENT: Duration = Duration::from_secs(10);
/// How often it is looked whether they are gone.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// When a caller came last. Those who only ask how the service is do not count.
#[derive(Debug, Default)]
pub struct DrainTracker(Mutex<Option<Instant>>);

impl DrainTracker {
    fn record_request(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long nobody has come; nothing when nobody ever did.
    fn idle_for(&self) -> Option<Duration> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }

    /// Waits until callers have stopped coming, for `most` at most; not at all when none came lately.
    pub async fn wait_idle(&self, most: Duration) {
        let began = Instant::now();
        if self.idle_for().is_none_or(|quiet| quiet > RECENT) {
            return;
        }
        // They have a whole second from now to notice.
        while began.elapsed() < most
            && (began.elapsed() < QUIET || self.idle_for().is_some_and(|quiet| quiet < QUIET))
        {
            tokio::time::sleep(CHECK_INTERVAL.min(most)).await;
        }
    }
}

/// Notes that a caller was answered, and while the service drains, makes the answer the last one of its connection.
pub async fn connection_close(
    State(state): State<SharedHttpState>,
    request: Request,
    next: Next,
) -> Response {
    let asks_how_it_is = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    let mut response = next.run(request).await;
    // Those who are refused because the service stops have noticed.
    if !asks_how_it_is && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        state.drain.record_request();
    }
    if state.draining.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn takes(tracker: &DrainTracker, most: u64) -> Duration {
        let began = Instant::now();
        tracker.wait_idle(Duration::from_millis(most)).await;
        began.elapsed()
    }

    #[tokio::test]
    async fn callers_that_come_are_waited_for() {
        let tracker = Arc::new(DrainTracker::default());
        assert!(takes(&tracker, 5_000).await < QUIET, "nobody ever came");
        tracker.record_request();
        assert!(takes(&tracker, 5_000).await >= QUIET);
        let coming = {
            let tracker = tracker.clone();
            tokio::spawn(async move {
                loop {
                    tracker.record_request();
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
        };
        assert!(
            takes(&tracker, 1_500).await >= Duration::from_millis(1_500),
            "they come and come"
        );
        coming.abort();
    }
}
