//! The moments at which a worker fetches tasks from the queue.

use apalis::prelude::{PollSnapshot, PollStrategy};
use apalis_postgres::Pubsub;
use futures::{Stream, StreamExt};
use sqlx::PgPool;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};

/// Pause between two fetches without an announcement, should one get lost, and for retries that come due.
const POLL: Duration = Duration::from_secs(1);
const FIRST_RETRY_POLL: Duration = Duration::from_millis(10);

/// Fetches when a task is announced, soon after, and every second.
///
/// apalis forgets an announcement that comes while it fetches: that fetch may have begun before the announced task was
/// there, and nothing makes it fetch again. So each announcement is followed by more fetches, later and later, until the
/// next poll is near.
pub(super) struct QueuePoller<S = Announcements> {
    announcements: Option<S>,
    poll: Interval,
    retry_poll: Option<(Duration, Pin<Box<Sleep>>)>,
}

type Announcements = Pin<Box<dyn Stream<Item = ()> + Send>>;

impl QueuePoller {
    /// For a queue's tasks.
    pub(super) fn of_queue(pool: &PgPool, queue: &str) -> Self {
        // A listener of apalis ends when it lost its connection and did not get another one at once.
        let (pool, queue) = (pool.clone(), queue.to_owned());
        let listeners = futures::stream::unfold(Duration::ZERO, move |pause| {
            let listener = Pubsub::new(pool.clone(), queue.clone());
            async move {
                sleep(pause).await;
                Some((listener, POLL))
            }
        });
        Self::new(Box::pin(listeners.flatten().map(drop)))
    }
}

impl<S> QueuePoller<S> {
    fn new(announcements: S) -> Self {
        let mut poll = interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            announcements: Some(announcements),
            poll,
            retry_poll: None,
        }
    }
}

impl<S: Stream + Unpin> PollStrategy for QueuePoller<S> {
    /// apalis fetches whenever it is woken, whatever this gives; so all that counts is to leave the waker everywhere.
    fn poll_drive(&mut self, context: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = false;
        while let Some(announcements) = &mut self.announcements {
            match announcements.poll_next_unpin(context) {
                Poll::Ready(Some(_)) => {
                    due = true;
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

    fn fetches(poll_strategy: &mut QueuePoller<impl Stream + Unpin>) -> bool {
        let waker = noop_waker();
        let context = &mut Context::from_waker(&waker);
        poll_strategy.poll_drive(context, &PollSnapshot::new()).is_ready()
    }

    #[tokio::test]
    async fn an_announcement_is_followed_by_more_fetches() {
        let (announce, announcements) = futures::channel::mpsc::unbounded();
        let mut poll_strategy = QueuePoller::new(announcements);
        assert!(!fetches(&mut poll_strategy));
        announce.unbounded_send(()).unwrap();
        assert!(fetches(&mut poll_strategy), "at once");
        assert!(!fetches(&mut poll_strategy));
        sleep(FIRST_RETRY_POLL * 2).await;
        assert!(fetches(&mut poll_strategy), "again");
        assert!(poll_strategy.retry_poll.is_some(), "and again");
    }

    #[tokio::test]
    async fn without_announcements_there_is_still_the_poll() {
        let mut poll_strategy = QueuePoller::new(futures::stream::empty::<()>());
        assert!(!fetches(&mut poll_strategy));
        sleep(POLL + FIRST_RETRY_POLL).await;
        assert!(fetches(&mut poll_strategy));
    }
}
