//! Values that are made from a text, which all who need one at the same time share.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Values in use, by the texts that they were made from.
pub(super) struct SharedByText<T>(Mutex<HashMap<String, Weak<T>>>);

impl<T> Default for SharedByText<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> SharedByText<T> {
    /// The value of that text, if it is in use.
    pub(super) fn find(&self, text: &str) -> Option<Arc<T>> {
        self.0.lock().get(text)?.upgrade()
    }

    /// Shares a value from now on, for as long as it is in use.
    pub(super) fn add(&self, text: &str, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut values = self.0.lock();
        if values.len() == values.capacity() {
            values.retain(|_, value| value.strong_count() > 0);
        }
        values.insert(text.to_owned(), Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shared_while_they_are_in_use_and_then_forgotten() {
        let shared = SharedByText::default();
        let one = shared.add("one", 1);
        assert_eq!(shared.find("one"), Some(Arc::clone(&one)));
        drop(one);
        assert_eq!(shared.find("one"), None);
        for n in 0..1_000 {
            shared.add(&n.to_string(), n);
        }
        assert!(shared.0.lock().len() < 10);
    }
}
