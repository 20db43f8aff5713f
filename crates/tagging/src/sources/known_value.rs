//! MODEL: values that this estate knows (teams, applications and the like) where they occur in the name of a resource.
//!
//! Which runs of tokens are values only the model can say, which was trained on them: here they are only offered.

use crate::Subject;
use crate::inference::{EvidenceSource, Lexicon, Observation, StableHash, ValueRun};

/// Tokens of the longest value that is looked for.
const MAX_RUN: usize = 5;

/// The MODEL source.
pub(crate) struct KnownValueSource;

impl EvidenceSource for KnownValueSource {
    fn observe(&self, _: &Subject, _: &Lexicon, seen: &mut Observation) {
        let Observation { tokens, runs, .. } = seen;
        value_runs(tokens, runs);
    }
}

/// All runs of a name's tokens, given by their hashes.
pub(crate) fn value_runs(tokens: &[u64], out: &mut Vec<ValueRun>) {
    out.clear();
    for first in 0..tokens.len() {
        let mut hash = StableHash::new(0);
        for (length, token) in (1u8..).zip(tokens[first..].iter().take(MAX_RUN)) {
            hash = hash.hash(*token);
            out.push(ValueRun {
                first: u8::try_from(first).unwrap_or(u8::MAX),
                length,
                id: hash.finish(),
            });
        }
    }
}
