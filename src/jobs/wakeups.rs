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
const FIRST_ECHO: Duration = Duration::from_millis(10);

/// Looks when a task is announced, soon after, and every second.
///
/// apalis forgets an announcement that comes while it is looking: that look may have begun before the announced
/// task was there, and nothing makes it look again. So each announcement has echoes, later and later, until the
/// next poll is near.
///
/// An announcement also goes to `looking`, in each process: the one that gets the task may be busy while another is idle.
pub(super) struct Wakeups<S = Announcements> {
    announcements: Option<S>,
    poll: Interval,
    echo: Option<(Duration, Pin<Box<Sleep>>)>,
    looking: Arc<Notify>,
}

type Announcements = Pin<Box<dyn Stream<Item = ()> + Send>>;

impl Wakeups {
    /// For a queue's tasks.
    pub(super) fn of_queue(pool: &PgPool, queue: &str, looking: Arc<Notify>) -> Self {
        // A listener of apalis ends when it lost its connection and did not get another one at once.
        let (pool, queue) = (pool.clone(), queue.to_owned());
        let listeners = futures::stream::unfold(Duration::ZERO, move |pause| {
            let listener = Pubsub::new(pool.clone(), queue.clone());
            async move {
                sleep(pause).await;
                Some((listener, POLL))
            }
        });
        Self::new(Box::pin(listeners.flatten().map(drop)), looking)
    }
}

impl<S> Wakeups<S> {
    fn new(announcements: S, looking: Arc<Notify>) -> Self {
        let mut poll = interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            announcements: Some(announcements),
            poll,
            echo: None,
            looking,
        }
    }
}

impl<S: Stream + Unpin> PollStrategy for Wakeups<S> {
    /// apalis looks whenever it is woken, whatever this gives; so all that counts is to leave the waker everywhere.
    fn poll_drive(&mut self, context: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = false;
        while let Some(announcements) = &mut self.announcements {
            match announcements.poll_next_unpin(context) {
                Poll::Ready(Some(_)) => {
                    due = true;
                    self.looking.notify_one();
                    self.echo = Some((FIRST_ECHO, Box::pin(sleep(FIRST_ECHO))));
                }
                Poll::Ready(None) => self.announcements = None,
                Poll::Pending => break,
            }
        }
        while self.poll.poll_tick(context).is_ready() {
            due = true;
        }
        while let Some((delay, echo)) = &mut self.echo
            && echo.as_mut().poll(context).is_ready()
        {
            due = true;
            let next = *delay * 2;
            self.echo = (next < POLL).then(|| (next, Box::pin(sleep(next))));
        }
        if due { Poll::Ready(Some(())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::noop_waker;

    fn looks(wakeups: &mut Wakeups<impl Stream + Unpin>) -> bool {
        let waker = noop_waker();
        let context = &mut Context::from_waker(&waker);
        wakeups.poll_drive(context, &PollSnapshot::new()).is_ready()
    }

    #[tokio::test]
    async fn an_announcement_has_echoes() {
        let (announce, announcements) = futures::channel::mpsc::unbounded();
        let looking = Arc::new(Notify::new());
        let mut wakeups = Wakeups::new(announcements, Arc::clone(&looking));
        assert!(!looks(&mut wakeups));
        announce.unbounded_send(()).unwrap();
        assert!(looks(&mut wakeups), "at once");
        looking.notified().await;
        assert!(!looks(&mut wakeups));
        sleep(FIRST_ECHO * 2).await;
        assert!(looks(&mut wakeups), "again");
        assert!(wakeups.echo.is_some(), "and again");
    }

    #[tokio::test]
    async fn without_announcements_there_is_still_the_poll() {
        let mut wakeups = Wakeups::new(futures::stream::empty::<()>(), Arc::new(Notify::new()));
        assert!(!looks(&mut wakeups));
        sleep(POLL + FIRST_ECHO).await;
        assert!(looks(&mut wakeups));
    }
}
