//! Graceful drain. While draining, `/readyz` returns 503, each response carries `Connection: close`, and the listener
//! closes once no request has arrived for 1 s (`DRAIN_TIME` at most). Closing a keep-alive connection earlier could drop a
//! mutation whose outcome the client would never learn.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Time without requests after which callers have gone.
const QUIET: Duration = Duration::from_secs(1);
/// Time without requests after which nobody is waited for.
const RECENT: Duration = Duration::from_secs(10);
/// Interval of the checks whether they have gone.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Tracker of the time of the last request. Probes do not count.
#[derive(Debug, Default)]
pub struct DrainTracker(Mutex<Option<Instant>>);

impl DrainTracker {
    fn record_request(&self) {
        *self.0.lock() = Some(Instant::now());
    }

    /// Time since the last request; none without one.
    fn idle_for(&self) -> Option<Duration> {
        let last = *self.0.lock();
        last.map(|last| last.elapsed())
    }

    /// Waits until no request has arrived for a second, for `most` at most; not at all when none came lately.
    pub async fn wait_idle(&self, most: Duration) {
        let began = Instant::now();
        if self.idle_for().is_none_or(|quiet| quiet > RECENT) {
            return;
        }
        // From now on callers have a whole second to notice.
        while began.elapsed() < most
            && (began.elapsed() < QUIET || self.idle_for().is_some_and(|quiet| quiet < QUIET))
        {
            tokio::time::sleep(CHECK_INTERVAL.min(most)).await;
        }
    }
}

/// State of the layer.
#[derive(Clone)]
pub struct DrainState {
    /// Tracker of the requests.
    pub tracker: Arc<DrainTracker>,
    /// Cancelled when the service drains.
    pub draining: CancellationToken,
}

/// Records the request, and while the service drains, makes the response the last one of its connection.
pub async fn connection_close(State(state): State<DrainState>, request: Request, next: Next) -> Response {
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    let mut response = next.run(request).await;
    // A caller that is refused because the service stops has noticed.
    if !is_probe && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        state.tracker.record_request();
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
