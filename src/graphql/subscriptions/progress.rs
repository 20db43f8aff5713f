//! The course of a subscription to a log: what of the log it tells, in which portions, and how far it has come.
//!
//! Those who execute a subscription once for many callers need to know of each answer which part of the log it tells;
//! the answer itself says that only if its operation selects it. And an answer must not be too large for those who read
//! slowly, which only shows when it is written.

use crate::domain::events::{Batch, Event, LogPosition, LogRange};
use futures::{FutureExt, Stream, StreamExt};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Events of the first answer.
const FIRST: usize = 32;
/// Events of an answer at most.
const MOST: usize = 1000;
/// So many bytes an answer is to have, about, when there is much to tell.
const TARGET_BYTES: usize = 16 << 10;

/// What an answer tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveredRange {
    /// It tells all that is wanted behind this place, which is where the answer before it ended,
    pub from: LogPosition,
    /// the first of it here,
    pub first: LogPosition,
    /// and the last of it here,
    pub last: LogPosition,
    /// and nothing else up to here.
    pub to: LogPosition,
    /// So many events.
    pub count: usize,
}

/// The course of one execution.
#[derive(Debug)]
pub struct SubscriptionProgress {
    range: Option<LogRange>,
    delivered: Mutex<DeliveredRange>,
    most: AtomicUsize,
}

impl SubscriptionProgress {
    /// Through this stretch, whatever the operation says; as the operation says without one.
    pub fn new(range: Option<LogRange>) -> Self {
        Self {
            range,
            delivered: Mutex::default(),
            most: AtomicUsize::new(FIRST),
        }
    }

    /// The course that tells again what the last answer told, and what comes behind it, in smaller answers; nothing
    /// when that is not possible, or the answer told one event.
    pub fn with_less(&self) -> Option<Self> {
        let (delivered, range) = (self.delivered_range(), self.range?);
        let after = Some(delivered.from);
        (delivered.count > 1).then(|| Self {
            range: Some(LogRange { after, ..range }),
            delivered: Mutex::default(),
            most: AtomicUsize::new(delivered.count / 2),
        })
    }

    /// The stretch that is to be told, if that is not left to the operation.
    pub fn range(&self) -> Option<LogRange> {
        self.range
    }

    /// What the answer tells that came last.
    pub fn delivered_range(&self) -> DeliveredRange {
        *self.delivered.lock()
    }

    /// The answer that came last has become so long; the next ones are made to measure.
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

/// The events of one answer.
pub struct EventChunk<T> {
    /// All events up to here were told.
    pub to: LogPosition,
    /// In order, one at least.
    pub events: Vec<Arc<Event<T>>>,
}

/// The wanted events in portions.
pub fn chunk_events<T: Clone + Send + Sync + 'static>(
    batches: impl Stream<Item = Arc<Batch<T>>> + Send + 'static,
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
    batches: Pin<Box<dyn Stream<Item = Arc<Batch<T>>> + Send>>,
    wanted: W,
    course: Arc<SubscriptionProgress>,
    left: VecDeque<Arc<Event<T>>>,
    /// The end of the batches that were taken.
    end: LogPosition,
    /// The end of the last portion.
    position: LogPosition,
}

impl<T: Clone, W: Fn(&T) -> bool> Chunker<T, W> {
    async fn next(&mut self) -> Option<EventChunk<T>> {
        while self.left.is_empty() {
            let batch = self.batches.next().await?;
            self.take(&batch);
            // What came while the last portion was told is told with it.
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

    fn take(&mut self, batch: &Batch<T>) {
        let wanted = batch.events.iter().filter(|event| (self.wanted)(&event.row));
        self.left.extend(wanted.cloned());
        self.end = batch.to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(from: i64, to: i64) -> Arc<Batch<i64>> {
        let cursor = |id| LogPosition { xid: 1, id };
        let event = |id| {
            Arc::new(Event {
                cursor: cursor(id),
                row: id,
            })
        };
        Arc::new(Batch {
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
        // Like a feed's, it must not be polled behind its end.
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
