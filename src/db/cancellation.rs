//! Statements that nobody waits for any more.
//!
//! When a caller goes away or its time is over, its work is dropped, and with it the connections that it holds. The
//! pool takes such a connection back when PostgreSQL has ended the statement, which may take as long as a statement
//! may: a few callers who come and go would empty the pool. So it is told that work was dropped, closes a connection
//! that does not answer at once, and PostgreSQL, which looks for its clients, ends the statement.

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The time for the answer of a connection whose user may have gone in the middle of a statement.
const GRACE: Duration = Duration::from_millis(100);

/// Connections that come back so long after work was dropped are asked.
const SUSPICION: Duration = Duration::from_secs(2);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since [`EPOCH`] when work was last dropped, and one more; 0: never.
static LAST_DROPPED: AtomicU64 = AtomicU64::new(0);

fn now() -> u64 {
    EPOCH.elapsed().as_millis() as u64 + 1
}

/// Work with the database that may be dropped before its end, by a timeout or by a caller who goes away.
pub fn cancel_aware<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CancelAware {
        guard: DropGuard { is_done: false },
        work: Box::pin(work),
    }
}

/// The note is dropped before the work, for a field comes before the next one: the pool hears of it first.
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

/// Whether the pool may have a connection back; otherwise it is closed.
pub(super) async fn can_return_to_pool(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let dropped = LAST_DROPPED.load(Ordering::SeqCst);
    if dropped == 0 || now().saturating_sub(dropped) > SUSPICION.as_millis() as u64 {
        return Ok(true);
    }
    match tokio::time::timeout(GRACE, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_late) => Ok(false),
    }
}
