//! Batching of lookups: one statement per list of an operation, whatever the length of the list.
//!
//! The objects of a list are resolved concurrently. The first lookup opens a round; when all objects have asked, which
//! the operation's [`BatchBarrier`] tells, the round is executed. No lookup waits for a timer.
//!
//! The crate `dataloader` (0.18.0, runtime-tokio) was measured in place of this file with the queries of
//! `tests/it/graphql/statements.rs`, `first: 500`. It yields to the runtime a fixed number of times before it loads,
//! which says nothing about the other objects of the list: with the default of 10 the statements grow with the page (all
//! fields of a resource: 13 in place of 8; `virtualTags`: 7 in place of 4; `tagAudit`: 8 in place of 6). 100 are enough for
//! these pages, and take 1.9 to 4 times as long as this file (`resources { virtualTags }`: 566 ms in place of 142 ms);
//! 1000 take ten times as long. `with_custom_wait_for_work`, which could wait for the barrier, consumes the loader and
//! returns nothing. And a batch belongs to the request that executes it: if that request is dropped, as the fields of a
//! list are when one of them fails, the other requests of the batch panic (`non_cached`) or find nothing (`cached`). A
//! round of this file is shared and survives (`a_round_survives_the_lookup_that_opened_it`).

use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{Code, FieldResult, ResolverError};
use crate::graphql::loaders::batch_driver::BatchBarrier;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

type RoundResult<K, V> = Result<Arc<HashMap<K, V>>, Arc<Error>>;
type Round<K, V> = Shared<BoxFuture<'static, RoundResult<K, V>>>;
type Fetch<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, DomainResult<HashMap<K, V>>> + Send + Sync;

/// Batches lookups by key.
pub struct BatchLoader<K, V> {
    open: Arc<Mutex<Option<OpenRound<K, V>>>>,
    fetch: Arc<Fetch<K, V>>,
    barrier: BatchBarrier,
}

/// Round that still accepts keys.
struct OpenRound<K, V> {
    keys: Vec<K>,
    round: Round<K, V>,
}

impl<K, V> BatchLoader<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Creates a batch that executes `fetch` when `barrier` opens. `fetch` gets each key once and omits what does not
    /// exist.
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

    /// Looks up one key, together with all keys that are requested meanwhile.
    pub async fn load(&self, key: K) -> FieldResult<Option<V>> {
        let round = self.join(key.clone());
        match round.await {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(error) => Err(to_resolver_error(&error)),
        }
    }

    fn join(&self, key: K) -> Round<K, V> {
        let mut open = self.open.lock();
        let current = open.get_or_insert_with(|| OpenRound {
            keys: Vec::new(),
            round: self.round(),
        });
        current.keys.push(key);
        current.round.clone()
    }

    /// Creates a round. It is shared by all waiters and survives the waiter that created it.
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

/// Converts the error of a round for each waiter; the round has logged a fault.
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
    use super::{BatchBarrier, BatchLoader, ResolverError};
    use crate::error::Error;
    use crate::graphql::loaders::batch_driver::BatchDriver;
    use futures::StreamExt;
    use futures::future::join_all;
    use futures::stream::FuturesUnordered;
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn doubling(barrier: &BatchBarrier, rounds: &Arc<AtomicUsize>) -> BatchLoader<usize, usize> {
        let rounds = rounds.clone();
        BatchLoader::new(barrier, move |keys: Vec<usize>| {
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

    /// Resolves a field as the library does: an object is polled again after all of its fields were polled.
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
    async fn a_round_survives_the_lookup_that_opened_it() {
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
        let failing: BatchLoader<u32, u32> = BatchLoader::new(&barrier, |_| async {
            Err::<HashMap<u32, u32>, _>(Error::Forbidden("no".into()))
        });
        for answer in BatchDriver::new(join_all((0..3).map(|key| failing.load(key))), barrier).await {
            assert!(matches!(answer, Err(ResolverError::New(Error::Forbidden(_)))));
        }
    }
}
