//! Hashing that is the same in every build and version, because hashes are stored in models. Not for secrets.

use std::hash::{BuildHasherDefault, Hasher};

const START: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0xd6e8_feb8_6659_fd93;

/// State of a hash that grows part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StableHash(u64);

fn mixed(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    // Both halves, folded.
    (wide as u64) ^ ((wide >> 64) as u64)
}

impl StableHash {
    /// Hash that differs for another `domain`.
    pub(crate) fn new(domain: u8) -> Self {
        Self(mixed(START ^ u64::from(domain), STEP))
    }

    /// With one more part; `ab, c` differs from `a, bc`.
    pub(crate) fn text(self, part: &str) -> Self {
        let mut state = self.0;
        let mut chunks = part.as_bytes().chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            state = mixed(state ^ word, STEP);
        }
        let rest = chunks.remainder();
        let word = rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        Self(mixed(state ^ word, START ^ part.len() as u64))
    }

    /// With the hash of another part.
    pub(crate) fn hash(self, part: u64) -> Self {
        Self(mixed(self.0 ^ part, STEP))
    }

    pub(crate) fn finish(self) -> u64 {
        mixed(self.0 ^ START, STEP)
    }
}

/// Hash of one text.
pub(crate) fn text_hash(text: &str) -> u64 {
    StableHash::new(0).text(text).finish()
}

/// Hash of a run of tokens, given by their hashes.
pub(crate) fn run_hash(tokens: &[u64]) -> u64 {
    let all = tokens
        .iter()
        .fold(StableHash::new(0), |hash, token| hash.hash(*token));
    all.finish()
}

/// Hasher of maps whose keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HashedKey(u64);

impl Hasher for HashedKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mixed(self.0 ^ u64::from(*byte), STEP);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Map from stable hashes.
pub(crate) type HashMapOfHashes<V> = std::collections::HashMap<u64, V, BuildHasherDefault<HashedKey>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_never_change() {
        // These are in models that customers have stored.
        assert_eq!(text_hash(""), 16_488_672_037_412_799_715);
        assert_eq!(text_hash("payroll"), 11_174_031_222_207_591_732);
    }

    #[test]
    fn parts_do_not_run_together() {
        let of = |parts: &[&str]| {
            let all = parts
                .iter()
                .fold(StableHash::new(1), |hash, part| hash.text(part));
            all.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["", "a"]), of(&["a", ""]));
        assert_ne!(of(&["a\0"]), of(&["a"]));
        assert_ne!(StableHash::new(1).finish(), StableHash::new(2).finish());
    }

    #[test]
    fn similar_texts_spread() {
        let buckets: std::collections::HashSet<u64> = (0..10_000)
            .map(|n| text_hash(&format!("app-{n}")) >> 44)
            .collect();
        assert!(buckets.len() > 9_800, "{} of 10000 apart", buckets.len());
    }
}
