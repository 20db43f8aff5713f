//! The tail of a log and its subscribers.

use super::{Batch, EventListener, Log, LogPosition, LogRange, log};
use crate::error::Result;
use futures::Stream;
use sea_orm::DatabaseConnection;
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
/// What is read comes at least so long after what was read before. So the first event of a burst is told at once, and
/// what follows comes in batches instead of one by one.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a burst waits for subscribers that have half a backlog before them.
const GAP_TIMEOUT: Duration = Duration::from_millis(250);

/// Events that were read together, shared by all subscribers.
type Shared<T> = Arc<Batch<T>>;

/// How a tail is doing.
#[derive(Clone, Copy, Debug)]
pub struct FeedStatus {
    /// The last event that it has read.
    pub head: LogPosition,
    /// When it last asked the database with success.
    pub polled_at: Instant,
    /// Batches that it has fanned out since the start.
    pub batches: u64,
    /// Events in them.
    pub events: u64,
}

/// The tail of a log in this process.
pub struct Feed<L: Log> {
    db: DatabaseConnection,
    batches: broadcast::Sender<Shared<L::Row>>,
    status: watch::Sender<FeedStatus>,
    listener: EventListener,
}

impl<L: Log> Feed<L> {
    /// A tail that stands at the present end of the log; [`Self::run`] sets it going. It reads at once what
    /// `listener` hears of, and the rest when it polls.
    pub async fn open(db: DatabaseConnection, listener: &EventListener) -> Result<Arc<Self>> {
        let status = FeedStatus {
            head: log::head::<L>(&db).await?,
            polled_at: Instant::now(),
            batches: 0,
            events: 0,
        };
        Ok(Arc::new(Self {
            db,
            batches: broadcast::Sender::new(BACKLOG),
            status: watch::Sender::new(status),
            listener: listener.clone(),
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

    /// How old the oldest change is that the tail has not read yet: nothing when it has read all that is committed. A
    /// transaction that runs long keeps back what was written after its start.
    pub async fn lag(&self) -> Result<Duration> {
        log::age_behind::<L>(&self.db, self.status().head).await
    }

    /// Follows the log until shutdown. A database that goes away is asked again until it is back.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        tokio::select! {
            () = self.follow() => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn follow(&self) {
        let mut heard = self.listener.heard();
        let mut poll = SHORTEST_POLL;
        loop {
            match self.advance().await {
                Ok(0) => poll = (poll * 2).min(LONGEST_POLL),
                Ok(_) => {
                    tokio::time::sleep(PAUSE).await;
                    poll = SHORTEST_POLL;
                }
                Err(error) => {
                    error.log("cannot read events; trying again");
                    poll = LONGEST_POLL;
                }
            }
            tokio::select! {
                Ok(()) = heard.changed() => poll = SHORTEST_POLL,
                () = tokio::time::sleep(poll) => {}
            }
        }
    }

    /// Reads what is new and fans it out; gives how many events there were.
    async fn advance(&self) -> Result<usize> {
        let mut count = 0;
        loop {
            let from = self.status().head;
            let events = log::read::<L>(&self.db, from, BATCH).await?;
            let read = events.len();
            count += read;
            let batch = Batch::new(from, events);
            self.status.send_modify(|status| {
                status.head = batch.to;
                status.polled_at = Instant::now();
                status.batches += u64::from(read > 0);
                status.events += read as u64;
            });
            if read > 0 {
                // An error says that nobody listens, which is no error.
                let _ = self.batches.send(Arc::new(batch));
            }
            if read < BATCH as usize {
                return Ok(count);
            }
            self.wait_for_subscribers().await;
        }
    }

    /// Gives subscribers time for what a burst brings. Slower ones read it from the database, each for itself, which
    /// costs more.
    async fn wait_for_subscribers(&self) {
        let end = Instant::now() + GAP_TIMEOUT;
        while self.batches.len() > BACKLOG / 2 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// All events of the stretch in batches that follow each other: every event once, in the order of the log.
    ///
    /// A subscriber that is slower than the log by more than the backlog reads on from the database, at its own
    /// pace; it loses nothing, and while the database is away it waits. The stream ends behind [`LogRange::until`], or
    /// with the feed.
    pub fn subscribe(
        self: &Arc<Self>,
        range: LogRange,
    ) -> impl Stream<Item = Arc<Batch<L::Row>>> + Send + use<L> {
        // The receiver first: what is read between the two is then received, and not taken twice by its cursor.
        let receiver = self.batches.subscribe();
        let subscriber = FeedSubscriber {
            position: range.after.unwrap_or_else(|| self.status().head),
            behind: range.after.is_some(),
            until: range.until,
            feed: Arc::clone(self),
            receiver,
        };
        futures::stream::unfold(subscriber, |mut subscriber| async move {
            let batch = subscriber.next().await?;
            Some((batch, subscriber))
        })
    }
}

struct FeedSubscriber<L: Log> {
    feed: Arc<Feed<L>>,
    receiver: broadcast::Receiver<Shared<L::Row>>,
    /// What lies up to here was given out.
    position: LogPosition,
    /// Whether there may be events that are not to come from the receiver.
    behind: bool,
    until: Option<LogPosition>,
}

impl<L: Log> FeedSubscriber<L> {
    async fn next(&mut self) -> Option<Shared<L::Row>> {
        while self.until.is_none_or(|until| self.position < until) {
            let batch = if self.behind {
                self.catch_up().await
            } else {
                match self.receiver.recv().await {
                    Ok(batch) => batch,
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        self.behind = true;
                        continue;
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            };
            let batch = batch.part(self.position, self.until);
            self.position = self.position.max(batch.to);
            if !batch.events.is_empty() {
                return Some(batch);
            }
        }
        None
    }

    /// Reads a page from the database, as soon as that answers. One that is not full reaches the present: what comes
    /// later comes from the receiver, which was there before.
    async fn catch_up(&mut self) -> Shared<L::Row> {
        loop {
            match log::read::<L>(&self.feed.db, self.position, BATCH).await {
                Ok(events) => {
                    self.behind = events.len() == BATCH as usize;
                    let mut batch = Batch::new(self.position, events);
                    if let Some(until) = self.until.filter(|_| !self.behind) {
                        // All that is there was read, whether or not the last of it still stands there.
                        batch.to = batch.to.max(until);
                    }
                    return Arc::new(batch);
                }
                Err(error) => {
                    error.log("cannot read events for a subscriber; trying again");
                    tokio::time::sleep(LONGEST_POLL).await;
                }
            }
        }
    }
}
