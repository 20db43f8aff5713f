//! Progress of a subscription to a log: the range to deliver, the size of the chunks, and the position reached.
//!
//! Fan-out executes one subscription for many callers and must know the range of the log in each response; the response
//! itself has it only if the operation selects it. And a response must not be too large for slow readers, which only
//! shows when it is written.

use crate::domain::events::{Event, EventBatch, LogPosition, LogRange};
use futures::{FutureExt, Stream, StreamExt};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maximum number of events in the first response.
const FIRST: usize = 32;
/// Maximum number of events in a response.
const MOST: usize = 1000;
/// Target size of a response in bytes while many events wait.
const TARGET_BYTES: usize = 16 << 10;

/// Range of the log that a response delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveredRange {
    /// End of the response before: all matching events after this position are in the response.
    pub from: LogPosition,
    /// Position of the first event.
    pub first: LogPosition,
    /// Position of the last event.
    pub last: LogPosition,
    /// End of the response: no matching event lies between the last one and this position.
    pub to: LogPosition,
    /// Number of events.
    pub count: usize,
}

/// Progress of one execution.
#[derive(Debug)]
pub struct SubscriptionProgress {
    range: Option<LogRange>,
    delivered: Mutex<DeliveredRange>,
    most: AtomicUsize,
}

impl SubscriptionProgress {
    /// Creates the progress through this range; without one, the operation determines the range.
    pub fn new(range: Option<LogRange>) -> Self {
        Self {
            range,
            delivered: Mutex::default(),
            most: AtomicUsize::new(FIRST),
        }
    }

    /// Creates a progress that repeats the last response and continues after it in smaller responses; none if the range
    /// is unknown or the last response has one event.
    pub fn with_less(&self) -> Option<Self> {
        let (delivered, range) = (self.delivered_range(), self.range?);
        let after = Some(delivered.from);
        (delivered.count > 1).then(|| Self {
            range: Some(LogRange { after, ..range }),
            delivered: Mutex::default(),
            most: AtomicUsize::new(delivered.count / 2),
        })
    }

    /// Range to deliver, unless the operation determines the range.
    pub fn range(&self) -> Option<LogRange> {
        self.range
    }

    /// Range of the last response.
    pub fn delivered_range(&self) -> DeliveredRange {
        *self.delivered.lock()
    }

    /// Records the size of the last response; the number of events of the next ones follows from it.
    pub fn written(&self, bytes: usize) {
        let count = self.delivered_range().count;
        if count > 0 {
            let fitting = TARGET_BYTES * count / bytes.max(1);
            self.most.store(fitting.clamp(1, MOST), Ordering::Relaxed);
        }
    }

    fn set_delivered(&self, delivered: DeliveredRange) {
        *self.delivered.lock() = delivered;
    }
}

/// Events of one response.
pub struct EventChunk<T> {
    /// End of the chunk: all events up to this position are delivered.
    pub to: LogPosition,
    /// Events in order, at least one.
    pub events: Vec<Arc<Event<T>>>,
}

/// Splits the matching events into chunks.
pub fn chunk_events<T: Clone + Send + Sync + 'static>(
    batches: impl Stream<Item = Arc<EventBatch<T>>> + Send + 'static,
    wanted: impl Fn(&T) -> bool + Send + 'static,
    course: Arc<SubscriptionProgress>,
) -> impl Stream<Item = EventChunk<T>> + Send {
    let position = course.range.and_then(|range| range.after);
    let chunker = Chunker {
        batches: Box::pin(batches.fuse()),
        wanted,
        course,
        left: VecDeque::new(),
        end: LogPosition::default(),
        position: position.unwrap_or_default(),
    };
    futures::stream::unfold(chunker, |mut chunker| async move {
        let chunk = chunker.next().await?;
        Some((chunk, chunker))
    })
}

struct Chunker<T, W> {
    batches: Pin<Box<dyn Stream<Item = Arc<EventBatch<T>>> + Send>>,
    wanted: W,
    course: Arc<SubscriptionProgress>,
    left: VecDeque<Arc<Event<T>>>,
    /// End of the batches taken.
    end: LogPosition,
    /// End of the last chunk.
    position: LogPosition,
}

impl<T: Clone, W: Fn(&T) -> bool> Chunker<T, W> {
    async fn next(&mut self) -> Option<EventChunk<T>> {
        while self.left.is_empty() {
            let batch = self.batches.next().await?;
            self.take(&batch);
            // Events of the meantime are in the same chunk.
            while self.left.len() < MOST {
                match self.batches.next().now_or_never() {
                    Some(Some(batch)) => self.take(&batch),
                    Some(None) | None => break,
                }
            }
        }
        let most = self.course.most.load(Ordering::Relaxed);
        let events: Vec<_> = self.left.drain(..most.min(self.left.len())).collect();
        let (first, last) = (events.first()?.cursor, events.last()?.cursor);
        let delivered = DeliveredRange {
            from: self.position,
            first,
            last,
            to: if self.left.is_empty() { self.end } else { last },
            count: events.len(),
        };
        self.position = delivered.to;
        self.course.set_delivered(delivered);
        Some(EventChunk {
            to: delivered.to,
            events,
        })
    }

    fn take(&mut self, batch: &EventBatch<T>) {
        let wanted = batch.events.iter().filter(|event| (self.wanted)(&event.row));
        self.left.extend(wanted.cloned());
        self.end = batch.to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(from: i64, to: i64) -> Arc<EventBatch<i64>> {
        let cursor = |id| LogPosition { xid: 1, id };
        let event = |id| {
            Arc::new(Event {
                cursor: cursor(id),
                row: id,
            })
        };
        Arc::new(EventBatch {
            from: cursor(from),
            to: cursor(to),
            events: (from + 1..=to).map(event).collect(),
        })
    }

    #[tokio::test]
    async fn portions_follow_each_other_and_become_as_long_as_they_should() {
        let course = Arc::new(SubscriptionProgress::new(Some(LogRange::after(LogPosition {
            xid: 1,
            id: 0,
        }))));
        let mut batches = vec![batch(2000, 2001), batch(50, 2000), batch(0, 50)];
        // Like a feed's, the stream must not be polled after its end.
        let batches = futures::stream::unfold((), move |()| {
            std::future::ready(batches.pop().map(|batch| (batch, ())))
        });
        let mut chunk_events = Box::pin(chunk_events(batches, |id| id % 2 == 0, course.clone()));
        let (mut seen, mut lengths, mut from) = (Vec::new(), Vec::new(), LogPosition { xid: 1, id: 0 });
        while let Some(chunk) = chunk_events.next().await {
            let delivered = course.delivered_range();
            assert_eq!((delivered.from, delivered.to), (from, chunk.to));
            assert_eq!(delivered.count, chunk.events.len());
            from = delivered.to;
            lengths.push(delivered.count);
            seen.extend(chunk.events.iter().map(|event| event.row));
            course.written(delivered.count * 200);
        }
        assert!(seen.iter().copied().eq((1..=1000).map(|half| half * 2)));
        assert_eq!(lengths, [FIRST, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 77]);
        assert_eq!(from, LogPosition { xid: 1, id: 2000 });
    }
}
