//! Sources of candidates.

use std::collections::BTreeMap;

use crate::native_statements::NativeStatements;
use crate::{Candidate, SourceKind, Subject};

/// Resource as sources see it.
pub struct SourceInput<'a> {
    pub subject: &'a Subject,
    /// The resource's own tags in terms of the vocabulary.
    pub(crate) native: &'a NativeStatements<'a>,
    /// Effective tags, with those that this evaluation applies, for sources that read them.
    pub effective: Option<&'a BTreeMap<String, String>>,
}

/// One way of finding candidates. Must be deterministic, and cheap: it runs for every resource.
pub trait CandidateSource: Send + Sync {
    /// The source that its candidates carry.
    fn source(&self) -> SourceKind;

    /// Rules that took too long and were given up since this was asked last, with the number of resources.
    fn take_given_up(&self) -> BTreeMap<i64, u64> {
        BTreeMap::new()
    }

    /// True if it reads effective tags. Then it is asked last, and sees what the other sources apply.
    fn reads_effective_tags(&self) -> bool {
        false
    }

    /// Adds what it proposes for the resource to `out`; adds nothing when it knows nothing.
    fn propose(&self, input: &SourceInput<'_>, out: &mut Vec<Candidate>);
}
