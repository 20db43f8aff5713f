//! Observations: the part of a resource that the estate model sees.

use super::groups::VotingGroup;
use super::lexicon::Lexicon;
use super::name_tokens::NameTokens;
use super::stable_hash::text_hash;
use super::word_hit::WordHit;
use crate::Subject;

/// Run of tokens of a name, which may be a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueRun {
    /// Index of its first token.
    pub first: u8,
    /// Number of its tokens.
    pub length: u8,
    /// Stable hash of its tokens.
    pub id: u64,
}

/// Everything that sources find in one resource, with buffers that are used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    pub account: u64,
    pub name: NameTokens,
    pub groups: Vec<VotingGroup>,
    pub words: Vec<WordHit>,
    /// Hashes of the tokens of the name.
    pub tokens: Vec<u64>,
    /// Runs of those tokens.
    pub runs: Vec<ValueRun>,
    pub text: NameTokens,
    pub scratch: Vec<u64>,
}

/// Way of finding in a resource what the estate model can learn from.
pub(crate) trait EvidenceSource: Send + Sync {
    /// Adds what it finds.
    fn observe(&self, subject: &Subject, lexicon: &Lexicon, seen: &mut Observation);
}

impl Observation {
    /// Holds what `sources` find in `subject` from now on.
    pub(crate) fn read(&mut self, subject: &Subject, lexicon: &Lexicon, sources: &[&dyn EvidenceSource]) {
        self.groups.clear();
        self.words.clear();
        self.tokens.clear();
        self.runs.clear();
        self.account = text_hash(&subject.account_id);
        self.name.read(&subject.name, false);
        self.tokens.extend(self.name.iter().map(text_hash));
        for source in sources {
            source.observe(subject, lexicon, self);
        }
    }
}
