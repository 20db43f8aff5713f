//! Batching: what many objects of an answer ask for one by one is asked of the database once.
//!
//! The objects of a list are resolved by one task, side by side. The first that asks opens a round and lets the
//! others go on; when all of them have asked, the round runs. So there are as many statements as there are lists
//! in the operation, whatever their lengths, and nobody waits for a timer.

use super::error::{Failure, Result};
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
    /// A batch that looks up with `fetch`, which gets each key once and leaves out what does not exist.
    pub fn new<F, R>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = DomainResult<HashMap<K, V>>> + Send + 'static,
    {
        Self {
            open: Arc::default(),
            fetch: Arc::new(move |keys| fetch(keys).boxed()),
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
        let (open, fetch) = (self.open.clone(), self.fetch.clone());
        async move {
            tokio::task::yield_now().await;
            let closed = open.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut keys = closed.map(|open| open.keys).unwrap_or_default();
            let mut seen = std::collections::HashSet::with_capacity(keys.len());
            keys.retain(|key| seen.insert(key.clone()));
            let found = fetch(keys).await;
            if let Err(error @ (Error::Database(_) | Error::Internal(_))) = &found {
                tracing::error!(%error, "a lookup failed");
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
        Error::Database(_) | Error::Internal(_) => return Failure::Logged,
    })
}

#[cfg(test)]
mod tests {
    use super::{Batch, Failure};
    use crate::error::Error;
    use futures::future::join_all;
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn doubling(rounds: &Arc<AtomicUsize>) -> Batch<u32, u32> {
        let rounds = rounds.clone();
        Batch::new(move |keys: Vec<u32>| {
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

    #[tokio::test(flavor = "multi_thread")]
    async fn one_round_serves_all_who_ask_side_by_side() {
        let rounds = Arc::default();
        let batch = doubling(&rounds);
        for _ in 0..100 {
            let before = rounds.load(Ordering::SeqCst);
            let asked = join_all((0..500).map(|key| batch.load(key % 100))).await;
            assert!(
                asked
                    .into_iter()
                    .enumerate()
                    .all(|(i, v)| v.unwrap() == Some(2 * (i as u32 % 100)))
            );
            assert_eq!(rounds.load(Ordering::SeqCst) - before, 1);
        }
        assert_eq!(batch.load(5000).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_round_survives_the_one_that_opened_it() {
        let rounds = Arc::default();
        let batch = doubling(&rounds);
        let mut first = Box::pin(batch.load(1));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(batch.load(2));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(second.await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn an_error_reaches_all() {
        let batch: Batch<u32, u32> =
            Batch::new(|_| async { Err::<HashMap<u32, u32>, _>(Error::Forbidden("no".into())) });
        for answer in join_all((0..3).map(|key| batch.load(key))).await {
            assert!(matches!(answer, Err(Failure::New(Error::Forbidden(_)))));
        }
    }
}
