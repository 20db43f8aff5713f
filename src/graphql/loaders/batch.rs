//! Batching: what many objects of an answer ask for one by one is asked of the database once.
//!
//! The objects of a list are resolved side by side. The first that asks opens a round and lets the others go on; when
//! all of them have asked, which the operation's [`BatchBarrier`] tells, the round runs. So there are as many statements as
//! there are lists in the operation, whatever their lengths, and nobody waits for a timer.

use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{Code, ResolverError, Result};
use crate::graphql::loaders::batch_driver::BatchBarrier;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

type RoundResult<K, V> = std::result::Result<Arc<HashMap<K, V>>, Arc<Error>>;
type Round<K, V> = Shared<BoxFuture<'static, RoundResult<K, V>>>;
type Fetch<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, DomainResult<HashMap<K, V>>> + Send + Sync;

/// Gathers keys and looks them up together.
pub struct Batch<K, V> {
    open: Arc<Mutex<Option<Open<K, V>>>>,
    fetch: Arc<Fetch<K, V>>,
    barrier: BatchBarrier,
}

/// A round that still takes keys.
struct Open<K, V> {
    keys: Vec<K>,
    round: Round<K, V>,
}

impl<K, V> Batch<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A batch that looks up when `barrier` opens, with `fetch`, which gets each key once and leaves out what does not exist.
    pub fn new<F, R>(barrier: &BatchBarrier, fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = DomainResult<HashMap<K, V>>> + Send + 'static,
    {
        Self {
            open: Arc::default(),
            fetch: Arc::new(move |keys| fetch(keys).boxed()),
            barrier: barrier.clone(),
        }
    }

    /// Looks up one key, together with all that are asked for meanwhile.
    pub async fn load(&self, key: K) -> Result<Option<V>> {
        let round = self.join(key.clone());
        match round.await {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(error) => Err(to_resolver_error(&error)),
        }
    }

    fn join(&self, key: K) -> Round<K, V> {
        let mut open = self.open.lock();
        let current = open.get_or_insert_with(|| Open {
            keys: Vec::new(),
            round: self.round(),
        });
        current.keys.push(key);
        current.round.clone()
    }

    /// Shared by all who wait, so that it goes on when the one that opened it is dropped.
    fn round(&self) -> Round<K, V> {
        let (open, fetch, barrier) = (self.open.clone(), self.fetch.clone(), self.barrier.clone());
        async move {
            barrier.wait().await;
            let closed = open.lock().take();
            let mut keys = closed.map(|open| open.keys).unwrap_or_default();
            let mut seen = std::collections::HashSet::with_capacity(keys.len());
            keys.retain(|key| seen.insert(key.clone()));
            let found = fetch(keys).await;
            if let Err(error) = &found
                && error.is_fault()
            {
                error.log("a lookup failed");
            }
            found.map(Arc::new).map_err(Arc::new)
        }
        .boxed()
        .shared()
    }
}

/// The error of a round, for each of those who waited; a fault is logged by the round.
fn to_resolver_error(error: &Error) -> ResolverError {
    ResolverError::New(match error {
        Error::Unauthenticated => Error::Unauthenticated,
        Error::Validation(problems) => Error::Validation(problems.clone()),
        Error::Forbidden(message) => Error::Forbidden(message.clone()),
        Error::BadInput(message) => Error::BadInput(message.clone()),
        Error::Unavailable(_) => return ResolverError::Logged(Code::ServiceUnavailable),
        Error::TimedOut(_) => return ResolverError::Logged(Code::Timeout),
        Error::Database(_) | Error::Internal(_) => return ResolverError::Logged(Code::InternalServerError),
    })
}

#[cfg(test)]
mod tests {
    use super::{Batch, BatchBarrier, ResolverError};
    use crate::error::Error;
    use crate::graphql::loaders::batch_driver::BatchDriver;
    use futures::StreamExt;
    use futures::future::join_all;
    use futures::stream::FuturesUnordered;
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn doubling(barrier: &BatchBarrier, rounds: &Arc<AtomicUsize>) -> Batch<usize, usize> {
        let rounds = rounds.clone();
        Batch::new(barrier, move |keys: Vec<usize>| {
            rounds.fetch_add(1, Ordering::SeqCst);
            async move {
                Ok(keys
                    .into_iter()
                    .filter(|k| *k < 1000)
                    .map(|k| (k, 2 * k))
                    .collect())
            }
        })
    }

    /// As the library resolves an object: it wants to be polled again after having polled all of its fields.
    async fn object<T>(field: impl Future<Output = T>) -> T {
        let mut set: FuturesUnordered<_> = [field].into_iter().collect();
        set.next().await.unwrap()
    }

    #[tokio::test]
    async fn one_round_serves_all_who_ask_side_by_side() {
        for n in [1, 2, 31, 500] {
            let (barrier, rounds) = (BatchBarrier::default(), Arc::default());
            let batch = doubling(&barrier, &rounds);
            let list = join_all((0..n).map(|key| object(object(batch.load(key % 100)))));
            for (i, answer) in BatchDriver::new(list, barrier).await.into_iter().enumerate() {
                assert_eq!(answer.unwrap(), Some(2 * (i % 100)));
            }
            assert_eq!(rounds.load(Ordering::SeqCst), 1, "{n}");
        }
    }

    #[tokio::test]
    async fn one_round_serves_the_lists_within_a_list_whatever_their_lengths() {
        let (barrier, rounds) = (BatchBarrier::default(), Arc::default());
        let batch = doubling(&barrier, &rounds);
        let inner = |n: usize| join_all((0..n).map(|key| object(batch.load(key))));
        let outer = join_all(
            [400, 1, 0, 35, 90]
                .repeat(20)
                .into_iter()
                .map(|n| object(inner(n))),
        );
        assert_eq!(BatchDriver::new(outer, barrier).await.len(), 100);
        assert_eq!(rounds.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_round_survives_the_one_that_opened_it() {
        let (barrier, rounds) = (BatchBarrier::default(), Arc::default());
        let batch = doubling(&barrier, &rounds);
        let mut first = Box::pin(batch.load(1));
        assert!(futures::poll!(&mut first).is_pending());
        let second = batch.load(2);
        drop(first);
        assert_eq!(BatchDriver::new(second, barrier).await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn what_is_not_found_is_none_and_an_error_reaches_all() {
        let (barrier, rounds) = (BatchBarrier::default(), Arc::default());
        let batch = doubling(&barrier, &rounds);
        assert_eq!(
            BatchDriver::new(batch.load(5000), barrier.clone()).await.unwrap(),
            None
        );
        let failing: Batch<u32, u32> = Batch::new(&barrier, |_| async {
            Err::<HashMap<u32, u32>, _>(Error::Forbidden("no".into()))
        });
        for answer in BatchDriver::new(join_all((0..3).map(|key| failing.load(key))), barrier).await {
            assert!(matches!(answer, Err(ResolverError::New(Error::Forbidden(_)))));
        }
    }
}
