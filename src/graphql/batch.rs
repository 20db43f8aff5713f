//! Batching: what many objects of an answer ask for one by one is asked of the database once.
//!
//! The objects of a list are resolved side by side. The first that asks opens a round and lets the others go on; when
//! all of them have asked, which the operation's [`Gate`] tells, the round runs. So there are as many statements as
//! there are lists in the operation, whatever their lengths, and nobody waits for a timer.

use super::drive::Gate;
use super::error::{Code, Failure, Result};
use crate::error::{Error, Result as DomainResult};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

type Answer<K, V> = std::result::Result<Arc<HashMap<K, V>>, Arc<Error>>;
type Round<K, V> = Shared<BoxFuture<'static, Answer<K, V>>>;
type Fetch<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, DomainResult<HashMap<K, V>>> + Send + Sync;

/// Gathers keys and looks them up together.
pub struct Batch<K, V> {
    open: Arc<Mutex<Option<Open<K, V>>>>,
    fetch: Arc<Fetch<K, V>>,
    gate: Gate,
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
    /// A batch that looks up when `gate` opens, with `fetch`, which gets each key once and leaves out what does not exist.
    pub fn new<F, R>(gate: &Gate, fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = DomainResult<HashMap<K, V>>> + Send + 'static,
    {
        Self {
            open: Arc::default(),
            fetch: Arc::new(move |keys| fetch(keys).boxed()),
            gate: gate.clone(),
        }
    }

    /// Looks up one key, together with all that are asked for meanwhile.
    pub async fn load(&self, key: K) -> Result<Option<V>> {
        let round = self.join(key.clone());
        match round.await {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(error) => Err(again(&error)),
        }
    }

    fn join(&self, key: K) -> Round<K, V> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let current = open.get_or_insert_with(|| Open {
            keys: Vec::new(),
            round: self.round(),
        });
        current.keys.push(key);
        current.round.clone()
    }

    /// Shared by all who wait, so that it goes on when the one that opened it is dropped.
    fn round(&self) -> Round<K, V> {
        let (open, fetch, gate) = (self.open.clone(), self.fetch.clone(), self.gate.clone());
        async move {
            gate.pass().await;
            let closed = open.lock().unwrap_or_else(PoisonError::into_inner).take();
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
fn again(error: &Error) -> Failure {
    Failure::New(match error {
        Error::Unauthenticated => Error::Unauthenticated,
        Error::Rejected(problems) => Error::Rejected(problems.clone()),
        Error::Forbidden(message) => Error::Forbidden(message.clone()),
        Error::BadInput(message) => Error::BadInput(message.clone()),
        Error::Unavailable(_) => return Failure::Logged(Code::ServiceUnavailable),
        Error::TimedOut(_) => return Failure::Logged(Code::Timeout),
        Error::Database(_) | Error::Internal(_) => return Failure::Logged(Code::InternalServerError),
    })
}

#[cfg(test)]
mod tests {
    use super::{Batch, Failure, Gate};
    use crate::error::Error;
    use crate::graphql::drive::Driven;
    use futures::StreamExt;
    use futures::future::join_all;
    use futures::stream::FuturesUnordered;
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn doubling(gate: &Gate, rounds: &Arc<AtomicUsize>) -> Batch<usize, usize> {
        let rounds = rounds.clone();
        Batch::new(gate, move |keys: Vec<usize>| {
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
            let (gate, rounds) = (Gate::default(), Arc::default());
            let batch = doubling(&gate, &rounds);
            let list = join_all((0..n).map(|key| object(object(batch.load(key % 100)))));
            for (i, answer) in Driven::new(list, gate).await.into_iter().enumerate() {
                assert_eq!(answer.unwrap(), Some(2 * (i % 100)));
            }
            assert_eq!(rounds.load(Ordering::SeqCst), 1, "{n}");
        }
    }

    #[tokio::test]
    async fn one_round_serves_the_lists_within_a_list_whatever_their_lengths() {
        let (gate, rounds) = (Gate::default(), Arc::default());
        let batch = doubling(&gate, &rounds);
        let inner = |n: usize| join_all((0..n).map(|key| object(batch.load(key))));
        let outer = join_all(
            [400, 1, 0, 35, 90]
                .repeat(20)
                .into_iter()
                .map(|n| object(inner(n))),
        );
        assert_eq!(Driven::new(outer, gate).await.len(), 100);
        assert_eq!(rounds.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_round_survives_the_one_that_opened_it() {
        let (gate, rounds) = (Gate::default(), Arc::default());
        let batch = doubling(&gate, &rounds);
        let mut first = Box::pin(batch.load(1));
        assert!(futures::poll!(&mut first).is_pending());
        let second = batch.load(2);
        drop(first);
        assert_eq!(Driven::new(second, gate).await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn what_is_not_found_is_none_and_an_error_reaches_all() {
        let (gate, rounds) = (Gate::default(), Arc::default());
        let batch = doubling(&gate, &rounds);
        assert_eq!(Driven::new(batch.load(5000), gate.clone()).await.unwrap(), None);
        let failing: Batch<u32, u32> = Batch::new(&gate, |_| async {
            Err::<HashMap<u32, u32>, _>(Error::Forbidden("no".into()))
        });
        for answer in Driven::new(join_all((0..3).map(|key| failing.load(key))), gate).await {
            assert!(matches!(answer, Err(Failure::New(Error::Forbidden(_)))));
        }
    }
}
