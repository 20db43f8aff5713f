//! Results that are remembered, because tags of an estate repeat each other.

use std::collections::HashMap;

use parking_lot::RwLock;

/// Texts that are remembered.
const MAX_ENTRIES: usize = 32_768;
/// Bytes of a text that is remembered.
const MAX_TEXT: usize = 256;

/// Results by text; all are forgotten when there are too many.
pub(super) struct Memo<V> {
    results: RwLock<HashMap<String, V>>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self {
            results: RwLock::default(),
        }
    }
}

impl<V: Clone> Memo<V> {
    /// The result for `text`, which `find` gives if it is not remembered.
    pub(super) fn get(&self, text: &str, find: impl FnOnce() -> V) -> V {
        if let Some(known) = self.results.read().get(text) {
            return known.clone();
        }
        let found = find();
        if text.len() <= MAX_TEXT {
            let mut results = self.results.write();
            if results.len() >= MAX_ENTRIES {
                results.clear();
            }
            results.insert(text.to_owned(), found.clone());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_once_and_forgotten_when_there_are_too_many() {
        let memo = Memo::default();
        assert_eq!(memo.get("a", || 1), 1);
        assert_eq!(memo.get("a", || 2), 1);
        for n in 0..MAX_ENTRIES {
            memo.get(&n.to_string(), || 0);
        }
        assert_eq!(memo.get("a", || 3), 3);
        let long = "x".repeat(MAX_TEXT + 1);
        assert_eq!((memo.get(&long, || 4), memo.get(&long, || 5)), (4, 5));
    }
}
