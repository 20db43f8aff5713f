//! Feed: the tail of a log and its subscribers.

use super::{EventBatch, EventListener, Log, LogPosition, LogRange, log};
use crate::error::Result;
use futures::Stream;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// Maximum of events of a batch.
const BATCH_SIZE: i64 = 1000;
/// Batches that a subscriber may lag behind before it reads from the database. Bounds the memory of all subscribers
/// together: they share the batches.
const BACKLOG: usize = 64;
/// Poll interval right after events were read: a transaction that was still running then commits a moment later, and
/// its NOTIFY may have arrived before ours was handled.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Poll interval when idle; finds events whose NOTIFY was lost.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Minimum pause between two reads: the first event of a burst is delivered at once, further ones in batches instead of
/// one by one.
const READ_PAUSE: Duration = Duration::from_millis(50);
/// Time that a burst waits for subscribers that lag behind by half the backlog.
const BACKPRESSURE_TIMEOUT: Duration = Duration::from_millis(250);

/// Batch that all subscribers share.
type SharedBatch<T> = Arc<EventBatch<T>>;

/// Status of a tail.
#[derive(Clone, Copy, Debug)]
pub struct FeedStatus {
    /// Position of the last event that was read.
    pub head: LogPosition,
    /// Time of the last successful read.
    pub polled_at: Instant,
    /// Number of batches that were fanned out since the start.
    pub batches: u64,
    /// Number of events in them.
    pub events: u64,
}

/// Tail of a log in this process.
pub struct Feed<L: Log> {
    db: DatabaseConnection,
    batches: broadcast::Sender<SharedBatch<L::Row>>,
    status: watch::Sender<FeedStatus>,
    listener: EventListener,
}

impl<L: Log> Feed<L> {
    /// Tail at the present end of the log, which [`Self::run`] follows. It reads when `listener` receives a notification,
    /// and otherwise when it polls.
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

    /// Status of the tail.
    pub fn status(&self) -> FeedStatus {
        *self.status.borrow()
    }

    /// Number of subscribers.
    pub fn subscribers(&self) -> usize {
        self.batches.receiver_count()
    }

    /// Age of the oldest change that the tail has not read yet; zero when it has read all committed ones. A long-running
    /// transaction holds back the changes that were written after its start.
    pub async fn lag(&self) -> Result<Duration> {
        log::age_behind::<L>(&self.db, self.status().head).await
    }

    /// Follows the log until shutdown. Retries until the database is back after an outage.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        tokio::select! {
            () = self.follow() => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn follow(&self) {
        let mut heard = self.listener.heard();
        let mut poll = MIN_POLL_INTERVAL;
        loop {
            match self.advance().await {
                Ok(0) => poll = (poll * 2).min(MAX_POLL_INTERVAL),
                Ok(_) => {
                    tokio::time::sleep(READ_PAUSE).await;
                    poll = MIN_POLL_INTERVAL;
                }
                Err(error) => {
                    error.log("cannot read events; trying again");
                    poll = MAX_POLL_INTERVAL;
                }
            }
            tokio::select! {
                Ok(()) = heard.changed() => poll = MIN_POLL_INTERVAL,
                () = tokio::time::sleep(poll) => {}
            }
        }
    }

    /// Reads new events and fans them out; returns their number.
    async fn advance(&self) -> Result<usize> {
        let mut count = 0;
        loop {
            let from = self.status().head;
            let events = log::read::<L>(&self.db, from, BATCH_SIZE).await?;
            let read = events.len();
            count += read;
            let batch = EventBatch::new(from, events);
            self.status.send_modify(|status| {
                status.head = batch.to;
                status.polled_at = Instant::now();
                status.batches += u64::from(read > 0);
                status.events += read as u64;
            });
            if read > 0 {
                // Fails only if there are no subscribers.
                let _ = self.batches.send(Arc::new(batch));
            }
            if read < BATCH_SIZE as usize {
                return Ok(count);
            }
            self.wait_for_subscribers().await;
        }
    }

    /// Waits for subscribers during a burst. Slower ones read from the database, each for itself, which costs more.
    async fn wait_for_subscribers(&self) {
        let end = Instant::now() + BACKPRESSURE_TIMEOUT;
        while self.batches.len() > BACKLOG / 2 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stream of all events of the range in consecutive batches: every event once, in the order of the log.
    ///
    /// A subscriber that lags behind by more than the backlog reads from the database, at its own speed; it loses no
    /// event, and waits during an outage of the database. The stream ends behind [`LogRange::until`], or with the feed.
    pub fn subscribe(
        self: &Arc<Self>,
        range: LogRange,
    ) -> impl Stream<Item = SharedBatch<L::Row>> + Send + use<L> {
        // The receiver first: events that are read between the two are then received, and the position keeps them from
        // being delivered twice.
        let receiver = self.batches.subscribe();
        let subscription = FeedSubscription {
            position: range.after.unwrap_or_else(|| self.status().head),
            is_behind: range.after.is_some(),
            until: range.until,
            feed: Arc::clone(self),
            receiver,
        };
        futures::stream::unfold(subscription, |mut subscription| async move {
            let batch = subscription.next().await?;
            Some((batch, subscription))
        })
    }
}

struct FeedSubscription<L: Log> {
    feed: Arc<Feed<L>>,
    receiver: broadcast::Receiver<SharedBatch<L::Row>>,
    /// Position up to which events were delivered.
    position: LogPosition,
    /// True if there may be events that the receiver will not deliver.
    is_behind: bool,
    until: Option<LogPosition>,
}

impl<L: Log> FeedSubscription<L> {
    async fn next(&mut self) -> Option<SharedBatch<L::Row>> {
        while self.until.is_none_or(|until| self.position < until) {
            let batch = if self.is_behind {
                self.catch_up().await
            } else {
                match self.receiver.recv().await {
                    Ok(batch) => batch,
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        self.is_behind = true;
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

    /// Reads a batch from the database, retrying during an outage. One that is not full reaches the present: later events
    /// come from the receiver, which was subscribed before.
    async fn catch_up(&mut self) -> SharedBatch<L::Row> {
        loop {
            match log::read::<L>(&self.feed.db, self.position, BATCH_SIZE).await {
                Ok(events) => {
                    self.is_behind = events.len() == BATCH_SIZE as usize;
                    let mut batch = EventBatch::new(self.position, events);
                    if let Some(until) = self.until.filter(|_| !self.is_behind) {
                        // All events were read, even if the row of the last one has changed since.
                        batch.to = batch.to.max(until);
                    }
                    return Arc::new(batch);
                }
                Err(error) => {
                    error.log("cannot read events for a subscriber; trying again");
                    tokio::time::sleep(MAX_POLL_INTERVAL).await;
                }
            }
        }
    }
}
