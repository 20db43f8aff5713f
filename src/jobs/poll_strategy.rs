//! When a worker looks into the queue.

use apalis::prelude::{PollSnapshot, PollStrategy};
use apalis_postgres::Pubsub;
use futures::{Stream, StreamExt};
use sqlx::PgPool;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};

/// How often without being told, should a notification get lost, and for retries that come due.
const POLL: Duration = Duration::from_secs(1);
const FIRST_RETRY_POLL: Duration = Duration::from_millis(10);

/// Looks when a task is announced, soon after, and every second.
///
/// apalis forgets an announcement that comes while it is looking: that look may have begun before the announced
/// task was there, and nothing makes it look again. So each announcement has echoes, later and later, until the
/// next poll is near.
///
/// An announcement also goes to `work_available`, in each process: the one that gets the task may be busy while another is idle.
pub(super) struct QueuePoller<S = Announcements> {
    announcements: Option<S>,
    poll: Interval,
    retry_poll: Option<(Duration, Pin<Box<Sleep>>)>,
    work_available: Arc<Notify>,
}

type Announcements = Pin<Box<dyn Stream<Item = ()> + Send>>;

impl QueuePoller {
    /// For a queue's tasks.
    pub(super) fn of_queue(pool: &PgPool, queue: &str, work_available: Arc<Notify>) -> Self {
        // A listener of apalis ends when it lost its connection and did not get another one at once.
        let (pool, queue) = (pool.clone(), queue.to_owned());
        let listeners = futures::stream::unfold(Duration::ZERO, move |pause| {
            let listener = Pubsub::new(pool.clone(), queue.clone());
            async move {
                sleep(pause).await;
                Some((listener, POLL))
            }
        });
        Self::new(Box::pin(listeners.flatten().map(drop)), work_available)
    }
}

impl<S> QueuePoller<S> {
    fn new(announcements: S, work_available: Arc<Notify>) -> Self {
        let mut poll = interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            announcements: Some(announcements),
            poll,
            retry_poll: None,
            work_available,
        }
    }
}

impl<S: Stream + Unpin> PollStrategy for QueuePoller<S> {
    /// apalis looks whenever it is woken, whatever this gives; so all that counts is to leave the waker everywhere.
    fn poll_drive(&mut self, context: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = false;
        while let Some(announcements) = &mut self.announcements {
            match announcements.poll_next_unpin(context) {
                Poll::Ready(Some(_)) => {
                    due = true;
                    self.work_available.notify_one();
                    self.retry_poll = Some((FIRST_RETRY_POLL, Box::pin(sleep(FIRST_RETRY_POLL))));
                }
                Poll::Ready(None) => self.announcements = None,
                Poll::Pending => break,
            }
        }
        while self.poll.poll_tick(context).is_ready() {
            due = true;
        }
        while let Some((delay, retry_poll)) = &mut self.retry_poll
            && retry_poll.as_mut().poll(context).is_ready()
        {
            due = true;
            let next = *delay * 2;
            self.retry_poll = (next < POLL).then(|| (next, Box::pin(sleep(next))));
        }
        if due { Poll::Ready(Some(())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::noop_waker;

    fn looks(poll_strategy: &mut QueuePoller<impl Stream + Unpin>) -> bool {
        let waker = noop_waker();
        let context = &mut Context::from_waker(&waker);
        poll_strategy.poll_drive(context, &PollSnapshot::new()).is_ready()
    }

    #[tokio::test]
    async fn an_announcement_has_echoes() {
        let (announce, announcements) = futures::channel::mpsc::unbounded();
        let work_available = Arc::new(Notify::new());
        let mut poll_strategy = QueuePoller::new(announcements, Arc::clone(&work_available));
        assert!(!looks(&mut poll_strategy));
        announce.unbounded_send(()).unwrap();
        assert!(looks(&mut poll_strategy), "at once");
        work_available.notified().await;
        assert!(!looks(&mut poll_strategy));
        sleep(FIRST_RETRY_POLL * 2).await;
        assert!(looks(&mut poll_strategy), "again");
        assert!(poll_strategy.retry_poll.is_some(), "and again");
    }

    #[tokio::test]
    async fn without_announcements_there_is_still_the_poll() {
        let mut poll_strategy = QueuePoller::new(futures::stream::empty::<()>(), Arc::new(Notify::new()));
        assert!(!looks(&mut poll_strategy));
        sleep(POLL + FIRST_RETRY_POLL).await;
        assert!(looks(&mut poll_strategy));
    }
}
