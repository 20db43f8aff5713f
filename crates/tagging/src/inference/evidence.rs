//! Votes as evidence for people.

use super::groups::GroupKind;
use super::inferred_value::Inference;
use super::knowledge::Values;
use super::lexicon::Lexicon;
use super::observation::Observation;
use super::stable_hash::StableHash;
use super::tally::purity_bucket;
use super::votes::{ValueScore, Vote, VoteOrigin};
use crate::evidence_pieces::EvidencePiece;
use crate::{EvidenceBasis, LosingCandidate, Signal, SourceKind, Subject};

/// Votes that are shown for one value.
const MAX_SIGNALS: usize = 6;
/// Other values that are shown.
const MAX_ALTERNATIVES: usize = 3;

/// Domains of the hashes of pieces that are no groups.
const ACCOUNT_WORDS: u8 = 254;
const KNOWN_VALUE: u8 = 253;
/// Resources that make a value known; more of them say no more about its occurrence in a name.
const KNOWN: u32 = 3;

/// Votes about one key of a resource, surest first, and their sums.
pub(super) struct VoteView<'a> {
    pub lexicon: &'a Lexicon,
    pub values: &'a Values,
    pub subject: &'a Subject,
    pub seen: &'a Observation,
    pub votes: &'a [Vote],
    pub scores: &'a [ValueScore],
}

fn lost_because(loser: &ValueScore, winner: &ValueScore) -> String {
    if loser.best <= 0.5 {
        return "its evidence is right in less than half of all cases here".to_owned();
    }
    format!(
        "its evidence weighs less (its best is right in {:.2} of all cases, the winner's in {:.2})",
        loser.best, winner.best
    )
}

impl VoteView<'_> {
    /// The inference of the first value, with all its evidence or only the strongest. `None` without a vote.
    pub(super) fn inference(&self, key: u8, confidence: f64, full: bool) -> Option<Inference> {
        let (winner, rivals) = self.scores.split_first()?;
        let strongest = self.votes.iter().find(|vote| vote.value == winner.value)?;
        let (shown, alternatives) = if full {
            (self.telling(winner.value), MAX_ALTERNATIVES)
        } else {
            (vec![strongest], 0)
        };
        let others = self.votes.iter().filter(|vote| vote.value == winner.value);
        let others = others.filter(|vote| !shown.iter().any(|other| std::ptr::eq(*other, *vote)));
        let pieces = shown.iter().copied().chain(others);
        let pieces = pieces.map(|vote| self.piece(vote)).collect();
        let signals: Vec<Signal> = shown.into_iter().map(|vote| self.signal(vote)).collect();
        let name = &self.lexicon.keys()[usize::from(key)];
        let rivals = rivals.iter().take(alternatives);
        let first = signals.first()?;
        Some(Inference {
            key: name.clone(),
            value: self.values.text(winner.value).to_owned(),
            confidence,
            source: first.source,
            reason: first.reason.clone(),
            signature: self.signature(strongest),
            alternatives: rivals
                .filter_map(|rival| self.alternative(name, rival, winner))
                .collect(),
            signals,
            pieces,
        })
    }

    /// Votes that explain a value: the strongest ones, and the one that most tagged resources give. Of votes of one source that
    /// equally many resources give, which are mostly the same ones, the strongest speaks for all.
    fn telling(&self, value: u32) -> Vec<&Vote> {
        let agreeing = self.votes.iter().filter(|vote| vote.value == value);
        let mut shown: Vec<&Vote> = Vec::with_capacity(MAX_SIGNALS);
        let counts = |vote: &Vote| (self.source(vote), vote.voters, vote.agreeing);
        let repeats = |vote: &Vote, shown: &[&Vote]| {
            vote.voters > 0 && shown.iter().any(|other| counts(other) == counts(vote))
        };
        for vote in agreeing.clone() {
            if shown.len() == MAX_SIGNALS {
                break;
            }
            if !repeats(vote, &shown) {
                shown.push(vote);
            }
        }
        let credible = agreeing.filter(|vote| vote.weight > 0.5 && vote.agreeing > 0);
        let widest = credible.max_by_key(|vote| vote.agreeing);
        if let Some(widest) = widest.filter(|widest| !repeats(widest, &shown)) {
            shown.truncate(MAX_SIGNALS - 1);
            shown.push(widest);
        }
        shown
    }

    fn alternative(&self, key: &str, rival: &ValueScore, winner: &ValueScore) -> Option<LosingCandidate> {
        let vote = self.votes.iter().find(|vote| vote.value == rival.value)?;
        let signal = self.signal(vote);
        Some(LosingCandidate {
            key: key.to_owned(),
            value: self.values.text(rival.value).to_owned(),
            source: signal.source,
            confidence: signal.confidence,
            reason: signal.reason,
            lost_because: lost_because(rival, winner),
        })
    }

    fn signal(&self, vote: &Vote) -> Signal {
        let basis = self.basis(vote);
        Signal {
            source: self.source(vote),
            confidence: vote.weight,
            reason: reason(&basis, vote),
            basis: Some(basis),
            voters: vote.voters,
            agreeing: vote.agreeing,
        }
    }

    fn piece(&self, vote: &Vote) -> EvidencePiece {
        let counted = |hash| EvidencePiece::new(hash, vote.voters, vote.agreeing);
        match vote.origin {
            VoteOrigin::Group { index, .. } => counted(self.seen.groups[usize::from(index)].id),
            VoteOrigin::Word { bucket, .. } => EvidencePiece::new(bucket.word, 0, 0),
            VoteOrigin::AccountWords { .. } => {
                counted(StableHash::new(ACCOUNT_WORDS).hash(self.seen.account).finish())
            }
            VoteOrigin::KnownValue { index, .. } => {
                let run = self.seen.runs[usize::from(index)].id;
                let known = vote.voters.min(KNOWN);
                EvidencePiece::new(StableHash::new(KNOWN_VALUE).hash(run).finish(), known, known)
            }
        }
    }

    fn source(&self, vote: &Vote) -> SourceKind {
        match vote.origin {
            VoteOrigin::Group { index, .. } => self.seen.groups[usize::from(index)].kind.source(),
            VoteOrigin::Word { .. } | VoteOrigin::AccountWords { .. } => SourceKind::Pattern,
            VoteOrigin::KnownValue { .. } => GroupKind::ValueFirst.source(),
        }
    }

    fn basis(&self, vote: &Vote) -> EvidenceBasis {
        match vote.origin {
            VoteOrigin::Group { index, .. } => {
                self.seen.groups[usize::from(index)].basis(self.subject, self.seen)
            }
            VoteOrigin::Word { index, .. } => {
                let hit = self.seen.words[usize::from(index)];
                let word = self.lexicon.word(hit).map(|word| word.text.clone());
                EvidenceBasis::Word {
                    word: word.unwrap_or_default(),
                    place: hit.place.name().to_owned(),
                }
            }
            VoteOrigin::AccountWords { .. } => EvidenceBasis::AccountWords {
                account_id: self.subject.account_id.clone(),
            },
            VoteOrigin::KnownValue { index, .. } => {
                let run = self.seen.runs[usize::from(index)];
                let tokens = self
                    .seen
                    .name
                    .iter()
                    .skip(run.first.into())
                    .take(run.length.into());
                EvidenceBasis::KnownValue {
                    text: tokens.collect::<Vec<_>>().join("-"),
                }
            }
        }
    }

    /// Basis, size and purity of the vote, roughly: what is denied stays away until more than a count has changed.
    fn signature(&self, vote: &Vote) -> String {
        let size = match vote.voters {
            0 => "",
            1..=4 => ":few",
            5..=49 => ":some",
            _ => ":many",
        };
        let purity = match purity_bucket(vote.agreeing, vote.voters) {
            _ if vote.voters == 0 => "",
            4.. => ":all",
            2..=3 => ":most",
            _ => ":part",
        };
        format!("{}{size}{purity}", spelled(&self.basis(vote)))
    }
}

fn within(account_id: Option<&String>) -> &'static str {
    if account_id.is_some() {
        " of this account"
    } else {
        ""
    }
}

/// One sentence about a vote.
fn reason(basis: &EvidenceBasis, vote: &Vote) -> String {
    use EvidenceBasis as B;
    let (agreeing, voters) = (vote.agreeing, vote.voters);
    let tagged = |account: Option<&String>, what: String| {
        format!(
            "{agreeing} of {voters} tagged resources{} {what} have it",
            within(account)
        )
    };
    match basis {
        B::NativeTag { key, value } => format!("the tag `{key}` says `{value}`"),
        B::Rule { rule_id, .. } => format!("rule {rule_id} matches"),
        B::Word { word, place } => format!("the {place} contains the word `{word}`"),
        B::AccountWords { .. } => format!("{agreeing} of {voters} names in this account say so"),
        B::Account { .. } => format!("{agreeing} of {voters} tagged resources of this account have it"),
        B::AccountType { resource_type, .. } => {
            format!(
                "{agreeing} of {voters} tagged resources of type `{resource_type}` in this account have it"
            )
        }
        B::Container { name } => tagged(None, format!("in `{name}`")),
        B::Parent { resource_id } => tagged(None, format!("below `{resource_id}`")),
        B::NamePrefix { prefix, account_id } => tagged(account_id.as_ref(), format!("named `{prefix}-*`")),
        B::Name { name, account_id } => {
            tagged(account_id.as_ref(), format!("named `{name}` but for numbers"))
        }
        B::NameSuffix { suffix, .. } => {
            format!("{agreeing} of {voters} tagged resources of this account named `*-{suffix}` have it")
        }
        B::Token { token, account_id } => {
            tagged(account_id.as_ref(), format!("with `{token}` in their names"))
        }
        B::Tag {
            key,
            value,
            account_id,
        } => tagged(account_id.as_ref(), format!("with the tag `{key}={value}`")),
        B::TagStem { key, stem } => tagged(
            None,
            format!("whose tag `{key}` differs from `{stem}` only in words such as `prod`"),
        ),
        B::KnownValue { text } => {
            format!("`{text}` in the name is a value that {voters} tagged resources have")
        }
    }
}

/// Basis as one word, the same in every version.
fn spelled(basis: &EvidenceBasis) -> String {
    use EvidenceBasis as B;
    let of = |account: &Option<String>| {
        account
            .as_ref()
            .map_or_else(String::new, |account| format!("@{account}"))
    };
    match basis {
        B::NativeTag { key, value } => format!("NATIVE:{key}={value}"),
        B::Rule { rule_id, digest } => format!("RULE:{rule_id}:{digest}"),
        B::Word { word, place } => format!("PATTERN:{place}-token:{word}"),
        B::AccountWords { account_id } => format!("PATTERN:account-words:{account_id}"),
        B::Account { account_id } => format!("INHERITED:account:{account_id}"),
        B::AccountType {
            account_id,
            resource_type,
        } => format!("INHERITED:account-type:{account_id}:{resource_type}"),
        B::Container { name } => format!("INHERITED:container:{name}"),
        B::Parent { resource_id } => format!("INHERITED:parent:{resource_id}"),
        B::NamePrefix { prefix, account_id } => format!("NEIGHBOUR:prefix:{prefix}{}", of(account_id)),
        B::Name { name, account_id } => format!("NEIGHBOUR:name:{name}{}", of(account_id)),
        B::NameSuffix { suffix, account_id } => format!("NEIGHBOUR:suffix:{suffix}@{account_id}"),
        B::Token { token, account_id } => format!("NEIGHBOUR:token:{token}{}", of(account_id)),
        B::Tag {
            key,
            value,
            account_id,
        } => format!("NEIGHBOUR:tag:{key}={value}{}", of(account_id)),
        B::TagStem { key, stem } => format!("NEIGHBOUR:tag-stem:{key}={stem}"),
        B::KnownValue { text } => format!("MODEL:known-value:{text}"),
    }
}
