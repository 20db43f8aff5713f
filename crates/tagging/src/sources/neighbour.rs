//! NEIGHBOUR: tagged resources whose names begin or end alike, have a word in common, or carry the same other tags.

use crate::Subject;
use crate::inference::{
    EvidenceSource, GroupKind, Lexicon, NameTokens, Observation, StableHash, VotingGroup,
};

/// Bytes of a tag value that may found a group: longer ones are notes.
const MAX_TAG_VALUE: usize = 200;
/// Bytes of a token that may found a group.
const MIN_TOKEN: usize = 3;
/// Tags that are looked at.
const MAX_TAGS: usize = 32;

/// The NEIGHBOUR source.
pub(crate) struct NeighbourSource;

impl EvidenceSource for NeighbourSource {
    fn observe(&self, subject: &Subject, lexicon: &Lexicon, seen: &mut Observation) {
        alike_names(seen);
        alike_tags(subject, lexicon, seen);
    }
}

fn add(groups: &mut Vec<VotingGroup>, kind: GroupKind, at: usize, id: StableHash) {
    groups.push(VotingGroup {
        kind,
        at: u16::try_from(at).unwrap_or(u16::MAX),
        id: id.finish(),
    });
}

fn alike_names(seen: &mut Observation) {
    let Observation {
        account,
        groups,
        tokens,
        name,
        ..
    } = seen;
    let of = |kind: GroupKind| StableHash::new(kind as u8);
    let mut anywhere = StableHash::new(0);
    for (at, token) in tokens.iter().enumerate() {
        anywhere = anywhere.hash(*token);
        if let (Some(within), Some(prefix)) = (GroupKind::ACCOUNT_PREFIX.get(at), GroupKind::PREFIX.get(at)) {
            let shared = anywhere.finish();
            add(groups, *within, at + 1, of(*within).hash(*account).hash(shared));
            add(groups, *prefix, at + 1, of(*prefix).hash(shared));
        }
        if name.get(at).len() >= MIN_TOKEN && !tokens[..at].contains(token) {
            let within = of(GroupKind::AccountToken).hash(*account);
            add(groups, GroupKind::AccountToken, at, within.hash(*token));
            add(groups, GroupKind::Token, at, of(GroupKind::Token).hash(*token));
        }
    }
    if tokens.is_empty() {
        return;
    }
    let shared = anywhere.finish();
    let within = of(GroupKind::AccountName).hash(*account);
    add(groups, GroupKind::AccountName, 0, within.hash(shared));
    add(groups, GroupKind::Name, 0, of(GroupKind::Name).hash(shared));
    if let [.., before, last] = tokens.as_slice() {
        let within = of(GroupKind::AccountSuffix).hash(*account);
        let id = within.hash(*before).hash(*last);
        add(groups, GroupKind::AccountSuffix, tokens.len() - 2, id);
    }
}

/// Tags whose keys have a canonical meaning found no group: they are what is asked for.
fn alike_tags(subject: &Subject, lexicon: &Lexicon, seen: &mut Observation) {
    let of = |kind: GroupKind| StableHash::new(kind as u8);
    let mut text: NameTokens = std::mem::take(&mut seen.text);
    for (at, (key, value)) in subject.native_tags.iter().enumerate().take(MAX_TAGS) {
        if value.is_empty() || value.len() > MAX_TAG_VALUE || lexicon.is_canonical_key(key) {
            continue;
        }
        let within = of(GroupKind::AccountTag).hash(seen.account).text(key).text(value);
        add(&mut seen.groups, GroupKind::AccountTag, at, within);
        let anywhere = of(GroupKind::Tag).text(key).text(value);
        add(&mut seen.groups, GroupKind::Tag, at, anywhere);
        text.read(value, true);
        let mut stem = of(GroupKind::TagStem).text(key);
        let mut kept = 0;
        for token in text.iter().filter(|token| !lexicon.names_a_value(token)) {
            stem = stem.text(token);
            kept += 1;
        }
        if kept > 0 && kept < text.len() {
            add(&mut seen.groups, GroupKind::TagStem, at, stem);
        }
    }
    seen.text = text;
}
