//! Crash points: a future that is dropped in the middle, as the server does when a client hangs up.

use crate::support::fixture::{Fixture, approver, shipped_vocabulary};
use crate::support::wait::wait_until;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use virtual_tagging::db::Begin;
use virtual_tagging::domain::approvals::{self, NewTag};

/// A future that is dropped after it was polled so many times; gives `None` then.
pub struct CrashPoint<'a, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + 'a>>>,
    polls: usize,
}

impl<'a, T> CrashPoint<'a, T> {
    pub fn after(polls: usize, future: impl Future<Output = T> + 'a) -> Self {
        let future: Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(future);
        Self {
            future: Some(future),
            polls,
        }
    }
}

impl<T> Future for CrashPoint<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        match self.polls.checked_sub(1) {
            Some(left) => self.polls = left,
            None => self.future = None,
        }
        match &mut self.future {
            Some(future) => future.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

/// Waits until all that was cut off has come to its end, in the pool and in PostgreSQL. Nothing may stay open.
pub async fn wait_until_quiet(fixture: &Fixture) {
    let pool = fixture.pool.get_postgres_connection_pool();
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
         AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'";
    wait_until(
        Duration::from_secs(20),
        "the end of every transaction",
        async || pool.num_idle() == pool.size() as usize && fixture.number(busy, []).await == 0,
    )
    .await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_transaction_behind() {
    let fixture = Fixture::new().await;
    let resource_id = fixture.resource("orders").await;
    let mut made = 0;
    for polls in 0.. {
        let new = NewTag {
            resource_id,
            tag_key: format!("key-{polls}"),
            tag_value: "value".into(),
            reason: None,
        };
        let ann = approver("ann");
        let heard = CrashPoint::after(
            polls,
            approvals::create(&fixture.pool, shipped_vocabulary(), &ann, new),
        )
        .await;
        wait_until_quiet(&fixture).await;
        if let Some(result) = heard {
            result.unwrap();
            made += 1;
            // By then every moment at which one could go has had its turn.
            if made == 3 {
                break;
            }
        }
    }
    fixture.assert_trail_leads_to_tags().await;
    let txn = fixture.pool.begin().await.unwrap();
    txn.rollback().await.unwrap();
}
