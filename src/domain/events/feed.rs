//! The tail of a log and its subscribers.

use super::{Cursor, Event, Log, Notifier, log};
use crate::error::Result;
use futures::Stream;
use sea_orm::DatabaseConnection;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// Events read at once.
const BATCH: i64 = 1000;
/// Batches that a subscriber may lag behind before it re-reads from the database. Bounds the memory of all
/// subscribers together: they share the batches.
const BACKLOG: usize = 64;
/// The poll right after something was read: a commit that was still running then shows a moment later, and its
/// NOTIFY may have come before ours was read.
const SHORTEST_POLL: Duration = Duration::from_millis(20);
/// The poll when nothing happens; finds what no NOTIFY told of.
const LONGEST_POLL: Duration = Duration::from_secs(1);

/// Events that were read together, shared by all subscribers.
type Batch<T> = Arc<Vec<Arc<Event<T>>>>;

/// How a tail is doing.
#[derive(Clone, Copy, Debug)]
pub struct FeedStatus {
    /// The last event that it has read.
    pub head: Cursor,
    /// When it last asked the database with success.
    pub polled_at: Instant,
}

/// The tail of a log in this process.
pub struct Feed<L: Log> {
    db: DatabaseConnection,
    batches: broadcast::Sender<Batch<L::Row>>,
    status: watch::Sender<FeedStatus>,
    notifier: Notifier,
}

impl<L: Log> Feed<L> {
    /// A tail that stands at the present end of the log; [`Self::run`] sets it going. It reads at once what
    /// `notifier` hears of, and the rest when it polls.
    pub async fn open(db: DatabaseConnection, notifier: &Notifier) -> Result<Arc<Self>> {
        let status = FeedStatus {
            head: log::head::<L>(&db).await?,
            polled_at: Instant::now(),
        };
        Ok(Arc::new(Self {
            db,
            batches: broadcast::Sender::new(BACKLOG),
            status: watch::Sender::new(status),
            notifier: notifier.clone(),
        }))
    }

    /// How the tail is doing.
    pub fn status(&self) -> FeedStatus {
        *self.status.borrow()
    }

    /// Subscribers at the moment.
    pub fn subscribers(&self) -> usize {
        self.batches.receiver_count()
    }

    /// Follows the log until shutdown. A database that goes away is asked again until it is back.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut heard = self.notifier.heard();
        let mut poll = SHORTEST_POLL;
        while !shutdown.is_cancelled() {
            match self.advance().await {
                Ok(0) => poll = (poll * 2).min(LONGEST_POLL),
                Ok(_) => poll = SHORTEST_POLL,
                Err(error) => {
                    tracing::warn!(feed = L::NAME, %error, "cannot read events; trying again");
                    poll = LONGEST_POLL;
                }
            }
            tokio::select! {
                Ok(()) = heard.changed() => poll = SHORTEST_POLL,
                () = tokio::time::sleep(poll) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Reads what is new and fans it out; gives how many events there were.
    async fn advance(&self) -> Result<usize> {
        let mut count = 0;
        loop {
            let events = log::read::<L>(&self.db, self.status().head, BATCH).await?;
            let head = events.last().map_or(self.status().head, |event| event.cursor);
            count += events.len();
            let full = events.len() == BATCH as usize;
            if !events.is_empty() {
                // An error says that nobody listens, which is no error.
                let _ = self
                    .batches
                    .send(Arc::new(events.into_iter().map(Arc::new).collect()));
            }
            self.status.send_replace(FeedStatus {
                head,
                polled_at: Instant::now(),
            });
            if !full {
                return Ok(count);
            }
        }
    }

    /// All events behind `after`, or from now on: every one once, in the order of the log.
    ///
    /// A subscriber that is slower than the log by more than the backlog reads on from the database, at its own
    /// pace; it loses nothing. The stream ends with the feed, or with the error of the database.
    pub fn subscribe(
        self: &Arc<Self>,
        after: Option<Cursor>,
    ) -> impl Stream<Item = Result<Arc<Event<L::Row>>>> + Send + use<L> {
        // The receiver first: what is read between the two is then received, and not taken twice by its cursor.
        let receiver = self.batches.subscribe();
        let subscriber = Subscriber {
            position: after.unwrap_or_else(|| self.status().head),
            behind: after.is_some(),
            feed: Arc::clone(self),
            receiver,
            ready: VecDeque::new(),
        };
        futures::stream::try_unfold(subscriber, |mut subscriber| async move {
            let event = subscriber.next().await?;
            Ok(event.map(|event| (event, subscriber)))
        })
    }
}

struct Subscriber<L: Log> {
    feed: Arc<Feed<L>>,
    receiver: broadcast::Receiver<Batch<L::Row>>,
    /// The last event that was given out, or is about to be.
    position: Cursor,
    /// Whether there may be events that are not to come from the receiver.
    behind: bool,
    ready: VecDeque<Arc<Event<L::Row>>>,
}

impl<L: Log> Subscriber<L> {
    async fn next(&mut self) -> Result<Option<Arc<Event<L::Row>>>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.position = event.cursor;
                return Ok(Some(event));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.receiver.recv().await {
                Ok(batch) => {
                    self.ready
                        .extend(batch.iter().filter(|event| event.cursor > self.position).cloned());
                }
                Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                Err(broadcast::error::RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// Reads a page from the database. One that is not full reaches the present: what comes later comes from the
    /// receiver, which was there before.
    async fn catch_up(&mut self) -> Result<()> {
        let events = log::read::<L>(&self.feed.db, self.position, BATCH).await?;
        self.behind = events.len() == BATCH as usize;
        self.ready.extend(events.into_iter().map(Arc::new));
        Ok(())
    }
}
