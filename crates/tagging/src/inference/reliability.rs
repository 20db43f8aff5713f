//! Reliability of votes, measured in the estate: how often votes of one kind, size and purity were right about resources
//! whose own value was hidden.

use serde::{Deserialize, Serialize};

use super::calibration::logit;
use super::groups::GroupKind;
use super::stable_hash::{HashMapOfHashes, StableHash};
use super::tally::{COUNT_BUCKETS, PURITY_BUCKETS, TallyVote, count_bucket, purity_bucket};

/// Hidden labels that the average of all kinds is worth beside a kind's own record.
const GROUP_PRIOR: f64 = 10.0;
/// Hidden labels that the prior of a size and purity is worth.
const SIZE_PRIOR: f64 = 2.0;
/// Hidden labels that a word's prior is worth.
const WORD_PRIOR: f64 = 20.0;
const KINDS: usize = GroupKind::COUNT;
const BUCKETS: usize = COUNT_BUCKETS * PURITY_BUCKETS;

/// Votes that were asked about hidden labels, and those that were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct VoteRecord {
    right: f32,
    asked: f32,
}

impl VoteRecord {
    fn add(&mut self, right: bool) {
        self.asked += 1.0;
        if right {
            self.right += 1.0;
        }
    }

    /// Share of right votes, drawn towards `prior` as by `weight` votes.
    fn rate(self, prior: f64, weight: f64) -> f64 {
        (f64::from(self.right) + weight * prior) / (f64::from(self.asked) + weight)
    }
}

/// Bucket of a vote of a group: kind, size and purity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupBucket(u16);

impl GroupBucket {
    pub(crate) fn new(kind: GroupKind, vote: TallyVote) -> Self {
        let purity = purity_bucket(vote.agreeing, vote.voters);
        Self::of(kind, count_bucket(vote.voters), purity)
    }

    pub(crate) fn of(kind: GroupKind, count: u8, purity: u8) -> Self {
        let size = usize::from(count) * PURITY_BUCKETS + usize::from(purity);
        Self((kind as usize * BUCKETS + size) as u16)
    }

    /// Number of the kind.
    pub(crate) fn kind(self) -> usize {
        usize::from(self.0) / BUCKETS
    }

    fn size(self) -> usize {
        usize::from(self.0) % BUCKETS
    }
}

/// Bucket of a vote of a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WordBucket {
    /// The word and its place.
    pub word: u64,
    /// The same with all else that matters.
    pub signature: u64,
    /// Reliability that is believed before anything is measured.
    pub prior: f64,
}

impl WordBucket {
    pub(crate) fn new(word: u64, place: u8, alone: bool, share: u8, prior: f64) -> Self {
        let placed = StableHash::new(place).hash(word);
        let signature = placed.hash(u64::from(share) << 1 | u64::from(alone));
        Self {
            word: placed.finish(),
            signature: signature.finish(),
            prior,
        }
    }
}

/// Records of all votes about one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reliability {
    /// Per bucket of groups; empty while nothing is measured.
    groups: Vec<VoteRecord>,
    /// Per word and place, and per bucket of words: hashes to records, in order of hashes.
    words: Vec<(u64, VoteRecord)>,
    #[serde(skip)]
    word_records: HashMapOfHashes<VoteRecord>,
    /// Reliability of groups, and its log-odds.
    #[serde(skip)]
    weights: Vec<(f64, f64)>,
}

impl Reliability {
    /// Records without a vote.
    pub(crate) fn new() -> Self {
        let mut reliability = Self {
            groups: vec![VoteRecord::default(); KINDS * BUCKETS],
            ..Self::default()
        };
        reliability.prepare();
        reliability
    }

    pub(crate) fn add_group(&mut self, bucket: GroupBucket, right: bool) {
        if let Some(record) = self.groups.get_mut(usize::from(bucket.0)) {
            record.add(right);
        }
    }

    pub(crate) fn add_word(&mut self, bucket: WordBucket, right: bool) {
        for hash in [bucket.word, bucket.signature] {
            self.word_records.entry(hash).or_default().add(right);
        }
    }

    /// Makes what was measured ready to be stored and asked.
    pub(crate) fn seal(&mut self) {
        self.words = self
            .word_records
            .iter()
            .map(|(hash, record)| (*hash, *record))
            .collect();
        self.words.sort_by_key(|(hash, _)| *hash);
        self.prepare();
    }

    /// Derives what is not stored.
    pub(crate) fn prepare(&mut self) {
        self.groups.resize(KINDS * BUCKETS, VoteRecord::default());
        self.word_records = self.words.iter().copied().collect();
        let mut of_all_kinds = vec![VoteRecord::default(); BUCKETS];
        for (at, record) in self.groups.iter().enumerate() {
            let all = &mut of_all_kinds[at % BUCKETS];
            all.right += record.right;
            all.asked += record.asked;
        }
        let weigh = |(at, record): (usize, &VoteRecord)| {
            let size = GroupBucket(at as u16).size();
            let prior = of_all_kinds[size].rate(group_prior(at / BUCKETS, size), SIZE_PRIOR);
            let rate = record.rate(prior, GROUP_PRIOR);
            (rate, logit(rate))
        };
        self.weights = self.groups.iter().enumerate().map(weigh).collect();
    }

    /// Reliability of votes in that bucket, and its log-odds.
    pub(crate) fn of_group(&self, bucket: GroupBucket) -> (f64, f64) {
        let weight = self.weights.get(usize::from(bucket.0));
        weight.copied().unwrap_or((0.5, 0.0))
    }

    /// Reliability of a word, and its log-odds.
    pub(crate) fn of_word(&self, bucket: WordBucket) -> (f64, f64) {
        let record = |hash| self.word_records.get(&hash).copied().unwrap_or_default();
        let prior = record(bucket.word).rate(bucket.prior, WORD_PRIOR);
        let rate = record(bucket.signature).rate(prior, WORD_PRIOR);
        (rate, logit(rate))
    }
}

/// Reliability of pure groups of each size where nothing is measured: what one has says
/// little about another, and what a few have in common may be chance.
const PURE: [f64; COUNT_BUCKETS] = [0.45, 0.60, 0.72, 0.82, 0.89, 0.93];
/// Highest reliability of groups of each purity where nothing is measured.
const MIXED: [f64; PURITY_BUCKETS] = [0.30, 0.50, 0.65, 0.80, 0.88, 1.0];
/// Part of its reliability that a group as large as an account has where nothing is measured.
const BROAD: f64 = 0.6;

/// Reliability of groups of that kind, size and purity in an estate where nothing is measured.
fn group_prior(kind: usize, size: usize) -> f64 {
    let prior = PURE[size / PURITY_BUCKETS].min(MIXED[size % PURITY_BUCKETS]);
    let broad = GroupKind::BROAD.iter().any(|broad| *broad as usize == kind);
    if broad { BROAD * prior } else { prior }
}
