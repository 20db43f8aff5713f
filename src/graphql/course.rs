//! The course of a subscription to a log: what of the log it tells, in which portions, and how far it has come.
//!
//! Those who execute a subscription once for many callers need to know of each answer which part of the log it tells;
//! the answer itself says that only if its operation selects it. And an answer must not be too large for those who read
//! slowly, which only shows when it is written.

use crate::domain::events::{Batch, Cursor, Event, Stretch};
use futures::{FutureExt, Stream, StreamExt};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Events of the first answer.
const FIRST: usize = 32;
/// Events of an answer at most.
const MOST: usize = 1000;
/// So many bytes an answer is to have, about, when there is much to tell.
const TARGET_BYTES: usize = 16 << 10;

/// What an answer tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// It tells all that is wanted behind this place, which is where the answer before it ended,
    pub from: Cursor,
    /// the first of it here,
    pub first: Cursor,
    /// and the last of it here,
    pub last: Cursor,
    /// and nothing else up to here.
    pub to: Cursor,
    /// So many events.
    pub count: usize,
}

/// The course of one execution.
#[derive(Debug)]
pub struct Course {
    stretch: Option<Stretch>,
    told: Mutex<Told>,
    most: AtomicUsize,
}

impl Course {
    /// Through this stretch, whatever the operation says; as the operation says without one.
    pub fn new(stretch: Option<Stretch>) -> Self {
        Self {
            stretch,
            told: Mutex::default(),
            most: AtomicUsize::new(FIRST),
        }
    }

    /// The course that tells again what the last answer told, and what comes behind it, in smaller answers; nothing
    /// when that is not possible, or the answer told one event.
    pub fn with_less(&self) -> Option<Self> {
        let (told, stretch) = (self.told(), self.stretch?);
        let after = Some(told.from);
        (told.count > 1).then(|| Self {
            stretch: Some(Stretch { after, ..stretch }),
            told: Mutex::default(),
            most: AtomicUsize::new(told.count / 2),
        })
    }

    /// The stretch that is to be told, if that is not left to the operation.
    pub fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// What the answer tells that came last.
    pub fn told(&self) -> Told {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that came last has become so long; the next ones are made to measure.
    pub fn written(&self, bytes: usize) {
        let count = self.told().count;
        if count > 0 {
            let fitting = TARGET_BYTES * count / bytes.max(1);
            self.most.store(fitting.clamp(1, MOST), Ordering::Relaxed);
        }
    }

    fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// The events of one answer.
pub struct Portion<T> {
    /// All events up to here were told.
    pub to: Cursor,
    /// In order, one at least.
    pub events: Vec<Arc<Event<T>>>,
}

/// The wanted events in portions.
pub fn portions<T: Clone + Send + Sync + 'static>(
    batches: impl Stream<Item = Arc<Batch<T>>> + Send + 'static,
    wanted: impl Fn(&T) -> bool + Send + 'static,
    course: Arc<Course>,
) -> impl Stream<Item = Portion<T>> + Send {
    let position = course.stretch.and_then(|stretch| stretch.after);
    let teller = Teller {
        batches: Box::pin(batches.fuse()),
        wanted,
        course,
        left: VecDeque::new(),
        end: Cursor::default(),
        position: position.unwrap_or_default(),
    };
    futures::stream::unfold(teller, |mut teller| async move {
        let portion = teller.next().await?;
        Some((portion, teller))
    })
}

struct Teller<T, W> {
    batches: Pin<Box<dyn Stream<Item = Arc<Batch<T>>> + Send>>,
    wanted: W,
    course: Arc<Course>,
    left: VecDeque<Arc<Event<T>>>,
    /// The end of the batches that were taken.
    end: Cursor,
    /// The end of the last portion.
    position: Cursor,
}

impl<T: Clone, W: Fn(&T) -> bool> Teller<T, W> {
    async fn next(&mut self) -> Option<Portion<T>> {
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
        let told = Told {
            from: self.position,
            first,
            last,
            to: if self.left.is_empty() { self.end } else { last },
            count: events.len(),
        };
        self.position = told.to;
        self.course.tell(told);
        Some(Portion { to: told.to, events })
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
        let cursor = |id| Cursor { xid: 1, id };
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
        let course = Arc::new(Course::new(Some(Stretch::after(Cursor { xid: 1, id: 0 }))));
        let mut batches = vec![batch(2000, 2001), batch(50, 2000), batch(0, 50)];
        // Like a feed's, it must not be polled behind its end.
        let batches = futures::stream::unfold((), move |()| {
            std::future::ready(batches.pop().map(|batch| (batch, ())))
        });
        let mut portions = Box::pin(portions(batches, |id| id % 2 == 0, course.clone()));
        let (mut seen, mut lengths, mut from) = (Vec::new(), Vec::new(), Cursor { xid: 1, id: 0 });
        while let Some(portion) = portions.next().await {
            let told = course.told();
            assert_eq!((told.from, told.to), (from, portion.to));
            assert_eq!(told.count, portion.events.len());
            from = told.to;
            lengths.push(told.count);
            seen.extend(portion.events.iter().map(|event| event.row));
            course.written(told.count * 200);
        }
        assert!(seen.iter().copied().eq((1..=1000).map(|half| half * 2)));
        assert_eq!(lengths, [FIRST, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 81, 77]);
        assert_eq!(from, Cursor { xid: 1, id: 2000 });
    }
}
