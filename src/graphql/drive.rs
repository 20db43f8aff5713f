//! Driving an operation: letting it go on as far as it can before any of its lookups run.
//!
//! Above 30 members the library polls a list as a set of tasks, which lets the runtime have a turn after every second
//! member that wants to be polled again, as a member with such a list does. So neither a turn nor a moment tells that
//! all objects have asked. But when the operation's future neither finishes nor wants to be polled again, it waits
//! for lookups alone, and all who were to ask have asked.

use futures::Stream;
use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// How often an operation is polled before the runtime gets a turn.
const POLLS: usize = 64;

/// Where lookups wait until their operation can go no further.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<Vec<Arc<Ticket>>>>);

#[derive(Default)]
struct Ticket {
    open: AtomicBool,
    waiting: AtomicWaker,
}

impl Gate {
    /// Ready when the operation can go no further.
    pub async fn pass(&self) {
        let ticket = Arc::new(Ticket::default());
        self.tickets().push(ticket.clone());
        futures::future::poll_fn(|context| {
            ticket.waiting.register(context.waker());
            if ticket.open.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Lets all pass who wait; gives whether there were any.
    fn open(&self) -> bool {
        let tickets = std::mem::take(&mut *self.tickets());
        for ticket in &tickets {
            ticket.open.store(true, Ordering::Release);
            ticket.waiting.wake();
        }
        !tickets.is_empty()
    }

    fn tickets(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Ticket>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes that the operation wants to be polled, and tells the runtime unless that is about to happen anyway.
#[derive(Default)]
struct Wanted {
    polling: AtomicBool,
    again: AtomicBool,
    runtime: AtomicWaker,
}

impl Wake for Wanted {
    fn wake(self: Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        if !self.polling.load(Ordering::SeqCst) {
            self.runtime.wake();
        }
    }
}

/// An operation's future or stream together with the gate of its lookups.
pub struct Driven<T> {
    operation: Pin<Box<T>>,
    gate: Gate,
    wanted: Arc<Wanted>,
}

impl<T> Driven<T> {
    /// Drives what looks up through `gate`.
    pub fn new(operation: T, gate: Gate) -> Self {
        Self {
            operation: Box::pin(operation),
            gate,
            wanted: Arc::default(),
        }
    }

    fn drive<R>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl Fn(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.wanted.runtime.register(context.waker());
        let waker = Waker::from(self.wanted.clone());
        self.wanted.polling.store(true, Ordering::SeqCst);
        for _ in 0..POLLS {
            self.wanted.again.store(false, Ordering::SeqCst);
            if let Poll::Ready(result) = poll(self.operation.as_mut(), &mut Context::from_waker(&waker)) {
                self.wanted.polling.store(false, Ordering::SeqCst);
                return Poll::Ready(result);
            }
            if !self.wanted.again.load(Ordering::SeqCst) && !self.gate.open() {
                self.wanted.polling.store(false, Ordering::SeqCst);
                // Another thread may have woken it since, and have left the rest to us.
                if self.wanted.again.load(Ordering::SeqCst) {
                    context.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
        self.wanted.polling.store(false, Ordering::SeqCst);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<F: Future> Future for Driven<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.drive(context, F::poll)
    }
}

impl<S: Stream> Stream for Driven<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.drive(context, S::poll_next)
    }
}
