//! Seeing callers off: a service that stops tells them before it closes the connections that they keep alive.
//!
//! A request that is on its way down a connection while that is being closed fails, and nobody may send a mutation
//! again without knowing what became of it. So while the service drains, `/readyz` says 503, each answer is the last of its
//! connection (`Connection: close`), and only when callers have stopped coming the rest is closed.

use super::SharedEdge;
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
const LOOK: Duration = Duration::from_millis(20);

/// When a caller came last. Those who only ask how the service is do not count.
#[derive(Debug, Default)]
pub struct Callers(Mutex<Option<Instant>>);

impl Callers {
    fn came(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long nobody has come; nothing when nobody ever did.
    fn quiet(&self) -> Option<Duration> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }

    /// Waits until callers have stopped coming, for `most` at most; not at all when none came lately.
    pub async fn seen_off(&self, most: Duration) {
        let began = Instant::now();
        if self.quiet().is_none_or(|quiet| quiet > RECENT) {
            return;
        }
        // They have a whole second from now to notice.
        while began.elapsed() < most
            && (began.elapsed() < QUIET || self.quiet().is_some_and(|quiet| quiet < QUIET))
        {
            tokio::time::sleep(LOOK.min(most)).await;
        }
    }
}

/// Notes that a caller was answered, and while the service drains, makes the answer the last one of its connection.
pub async fn see_off(State(edge): State<SharedEdge>, request: Request, next: Next) -> Response {
    let asks_how_it_is = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    let mut response = next.run(request).await;
    // Those who are refused because the service stops have noticed.
    if !asks_how_it_is && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        edge.callers.came();
    }
    if edge.draining.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn takes(callers: &Callers, most: u64) -> Duration {
        let began = Instant::now();
        callers.seen_off(Duration::from_millis(most)).await;
        began.elapsed()
    }

    #[tokio::test]
    async fn callers_that_come_are_waited_for() {
        let callers = Arc::new(Callers::default());
        assert!(takes(&callers, 5_000).await < QUIET, "nobody ever came");
        callers.came();
        assert!(takes(&callers, 5_000).await >= QUIET);
        let coming = {
            let callers = callers.clone();
            tokio::spawn(async move {
                loop {
                    callers.came();
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
        };
        assert!(
            takes(&callers, 1_500).await >= Duration::from_millis(1_500),
            "they come and come"
        );
        coming.abort();
    }
}
