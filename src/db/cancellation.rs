//! Cancellation. When a request is dropped (client gone, timeout), its connection returns to the pool only after
//! PostgreSQL has finished the statement; a few impatient clients could drain the pool. Dropping therefore opens a 2 s
//! window in which returning connections are pinged; those that do not answer within 100 ms are closed, and
//! `client_connection_check_interval` cancels the statement.

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Time for the answer of a returning connection.
const PING_TIMEOUT: Duration = Duration::from_millis(100);

/// Time after a drop in which returning connections are pinged.
const PING_WINDOW: Duration = Duration::from_secs(2);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since [`EPOCH`] at the last drop, and one more; 0: never.
static LAST_DROPPED: AtomicU64 = AtomicU64::new(0);

fn now() -> u64 {
    EPOCH.elapsed().as_millis() as u64 + 1
}

/// Marks work with the database that may be dropped before its end, by a timeout or by a caller that disconnects.
pub fn cancel_aware<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CancelAware {
        guard: DropGuard { is_done: false },
        work: Box::pin(work),
    }
}

/// Fields are dropped in their order: the guard opens the window before the work gives its connection back.
struct CancelAware<F> {
    guard: DropGuard,
    work: Pin<Box<F>>,
}

struct DropGuard {
    is_done: bool,
}

impl<F: Future> Future for CancelAware<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let polled = self.work.as_mut().poll(context);
        self.guard.is_done = polled.is_ready();
        polled
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if !self.is_done {
            LAST_DROPPED.store(now(), Ordering::SeqCst);
        }
    }
}

/// Tells whether the pool may have a connection back; otherwise it is closed.
pub(super) async fn can_return_to_pool(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let dropped = LAST_DROPPED.load(Ordering::SeqCst);
    if dropped == 0 || now().saturating_sub(dropped) > PING_WINDOW.as_millis() as u64 {
        return Ok(true);
    }
    match tokio::time::timeout(PING_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_late) => Ok(false),
    }
}
