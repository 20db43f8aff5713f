//! A bounded memory of what was used lately.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by their keys, in two generations: when the young one is full it becomes the old one, and the old one goes,
/// except for what was asked for meanwhile. So it is bounded, keeps what is in use, and needs no list of uses.
pub struct Generations<K, V> {
    inner: Mutex<Inner<K, V>>,
    entries: usize,
    bytes: usize,
}

struct Inner<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_bytes: usize,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Keeps at most so many entries, and bytes as their owners count them, in each of two generations.
    pub fn new(entries: usize, bytes: usize) -> Self {
        let inner = Inner {
            young: HashMap::new(),
            old: HashMap::new(),
            young_bytes: 0,
        };
        Self {
            inner: Mutex::new(inner),
            entries,
            bytes,
        }
    }

    /// What is kept under the key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut inner = self.lock();
        if let Some((value, _)) = inner.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, bytes)) = inner.old.remove_entry(key)?;
        self.put(&mut inner, key, value.clone(), bytes);
        Some(value)
    }

    /// Keeps a value that takes so many bytes. One that takes all the room by itself is not kept.
    pub fn insert(&self, key: K, value: V, bytes: usize) {
        if bytes <= self.bytes {
            self.put(&mut self.lock(), key, value, bytes);
        }
    }

    fn put(&self, inner: &mut Inner<K, V>, key: K, value: V, bytes: usize) {
        if inner.young.len() >= self.entries || inner.young_bytes + bytes > self.bytes {
            inner.old = std::mem::take(&mut inner.young);
            inner.young_bytes = 0;
        }
        inner.young_bytes += bytes;
        if let Some((_, replaced)) = inner.young.insert(key, (value, bytes)) {
            inner.young_bytes -= replaced;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_in_entries_and_bytes_and_keeps_what_is_used() {
        for (entries, bytes) in [(10, 1_000_000), (1_000_000, 100)] {
            let kept = Generations::new(entries, bytes);
            kept.insert(usize::MAX, 0, 10);
            for number in 0..100 {
                kept.insert(number, number, 10);
                assert_eq!(kept.get(&usize::MAX), Some(0), "{number}");
            }
            let inner = kept.lock();
            assert!(inner.young.len() + inner.old.len() <= 20);
            assert_eq!(inner.young_bytes, inner.young.len() * 10);
        }
        let small = Generations::new(10, 100);
        small.insert(1, 1, 101);
        assert_eq!(small.get(&1), None);
        for _ in 0..100 {
            small.insert(1, 1, 60);
        }
        assert_eq!(small.get(&1), Some(1));
    }
}
