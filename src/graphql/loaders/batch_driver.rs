//! Driving an operation: letting it go on as far as it can before any of its lookups run.
//!
//! Above 30 members the library polls a list as a set of tasks, which lets the runtime have a turn after every second
//! member that wants to be polled again, as a member with such a list does. So neither a turn nor a moment tells that
//! all objects have asked. But when the operation's future neither finishes nor wants to be polled again, it waits
//! for lookups alone, and all who were to ask have asked.

use futures::Stream;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How often an operation is polled before the runtime gets a turn.
const POLLS: usize = 64;

/// Where lookups wait until their operation can go no further.
#[derive(Clone, Default)]
pub struct BatchBarrier(Arc<Mutex<Vec<Arc<Waiter>>>>);

#[derive(Default)]
struct Waiter {
    open: AtomicBool,
    waiting: AtomicWaker,
}

impl BatchBarrier {
    /// Ready when the operation can go no further.
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

    /// Lets all pass who wait; gives whether there were any.
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

/// Notes that the operation wants to be polled, and tells the runtime unless that is about to happen anyway.
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

/// An operation's future or stream together with the gate of its lookups.
pub struct BatchDriver<T> {
    operation: Pin<Box<T>>,
    barrier: BatchBarrier,
    wake_flag: Arc<WakeFlag>,
}

impl<T> BatchDriver<T> {
    /// Drives what looks up through `barrier`.
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
                // Another thread may have woken it since, and have left the rest to us.
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
