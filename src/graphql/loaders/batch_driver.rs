//! Driver of an operation: polls the operation until it can make no further progress, then releases its lookups.
//!
//! Above 30 items the library polls a list as a set of tasks, which yields to the runtime after every second item that is to be
//! polled again. Neither a yield nor a delay shows that all objects have asked. But when the operation's future is neither
//! ready nor to be polled again, it waits for lookups alone, and all objects have asked.

use futures::Stream;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Polls of an operation before it yields to the runtime.
const POLLS: usize = 64;

/// Barrier at which lookups wait until their operation can make no further progress.
#[derive(Clone, Default)]
pub struct BatchBarrier(Arc<Mutex<Vec<Arc<Waiter>>>>);

#[derive(Default)]
struct Waiter {
    open: AtomicBool,
    waiting: AtomicWaker,
}

impl BatchBarrier {
    /// Waits until the operation can make no further progress.
    pub async fn wait(&self) {
        let waiter = Arc::new(Waiter::default());
        self.waiters().push(waiter.clone());
        futures::future::poll_fn(|context| {
            waiter.waiting.register(context.waker());
            if waiter.open.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Releases all waiters; returns true if there were any.
    fn open(&self) -> bool {
        let waiters = std::mem::take(&mut *self.waiters());
        for waiter in &waiters {
            waiter.open.store(true, Ordering::Release);
            waiter.waiting.wake();
        }
        !waiters.is_empty()
    }

    fn waiters(&self) -> parking_lot::MutexGuard<'_, Vec<Arc<Waiter>>> {
        self.0.lock()
    }
}

/// Waker that records that the operation is to be polled again, and wakes the runtime unless the operation is being
/// polled.
#[derive(Default)]
struct WakeFlag {
    polling: AtomicBool,
    again: AtomicBool,
    runtime: AtomicWaker,
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        if !self.polling.load(Ordering::SeqCst) {
            self.runtime.wake();
        }
    }
}

/// Future or stream of an operation, with the barrier of its lookups.
pub struct BatchDriver<T> {
    operation: Pin<Box<T>>,
    barrier: BatchBarrier,
    wake_flag: Arc<WakeFlag>,
}

impl<T> BatchDriver<T> {
    /// Drives an operation whose lookups wait at `barrier`.
    pub fn new(operation: T, barrier: BatchBarrier) -> Self {
        Self {
            operation: Box::pin(operation),
            barrier,
            wake_flag: Arc::default(),
        }
    }

    fn drive<R>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl Fn(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.wake_flag.runtime.register(context.waker());
        let waker = Waker::from(self.wake_flag.clone());
        self.wake_flag.polling.store(true, Ordering::SeqCst);
        for _ in 0..POLLS {
            self.wake_flag.again.store(false, Ordering::SeqCst);
            if let Poll::Ready(result) = poll(self.operation.as_mut(), &mut Context::from_waker(&waker)) {
                self.wake_flag.polling.store(false, Ordering::SeqCst);
                return Poll::Ready(result);
            }
            if !self.wake_flag.again.load(Ordering::SeqCst) && !self.barrier.open() {
                self.wake_flag.polling.store(false, Ordering::SeqCst);
                // Another thread may have set the flag since, without waking the runtime.
                if self.wake_flag.again.load(Ordering::SeqCst) {
                    context.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
        self.wake_flag.polling.store(false, Ordering::SeqCst);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<F: Future> Future for BatchDriver<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.drive(context, F::poll)
    }
}

impl<S: Stream> Stream for BatchDriver<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.drive(context, S::poll_next)
    }
}
