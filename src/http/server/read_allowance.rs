//! Read allowance of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may still be read from a connection; any number until it is limited.
#[derive(Clone, Debug)]
pub struct ReadAllowance(Arc<AtomicUsize>);

impl ReadAllowance {
    /// Allowance without a limit.
    const ANY: usize = usize::MAX;

    /// Allows so many bytes more; then reading fails.
    pub fn limit(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Allows any number of bytes again.
    pub fn lift(&self) {
        self.0.store(Self::ANY, Ordering::Relaxed);
    }

    /// Nothing more may be read.
    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Counts bytes that were read.
    pub fn spend(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        if left != Self::ANY {
            self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        }
    }
}

impl Default for ReadAllowance {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(Self::ANY)))
    }
}
