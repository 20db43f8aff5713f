//! Basis of what a group says, for people.

use super::groups::{GroupKind, VotingGroup, container_of, parent_of};
use super::observation::Observation;
use crate::{EvidenceBasis, Subject};

impl VotingGroup {
    /// Property that the members have in common, for people.
    pub(super) fn basis(&self, subject: &Subject, seen: &Observation) -> EvidenceBasis {
        let at = usize::from(self.at);
        let account = || subject.account_id.clone();
        let in_account = Some(account()).filter(|_| {
            use GroupKind as K;
            K::ACCOUNT_PREFIX.contains(&self.kind)
                || matches!(self.kind, K::AccountName | K::AccountToken | K::AccountTag)
        });
        let first = |count: usize| seen.name.iter().take(count).collect::<Vec<_>>().join("-");
        let tag = || {
            let tag = subject.native_tags.iter().nth(at);
            tag.map_or_else(Default::default, |(key, value)| (key.clone(), value.clone()))
        };
        match self.kind {
            GroupKind::Account => EvidenceBasis::Account {
                account_id: account(),
            },
            GroupKind::AccountType => EvidenceBasis::AccountType {
                account_id: account(),
                resource_type: subject.resource_type.clone(),
            },
            GroupKind::AccountName | GroupKind::Name => EvidenceBasis::Name {
                name: first(seen.name.len()),
                account_id: in_account,
            },
            GroupKind::AccountSuffix => EvidenceBasis::NameSuffix {
                suffix: seen.name.iter().skip(at).collect::<Vec<_>>().join("-"),
                account_id: account(),
            },
            GroupKind::AccountToken | GroupKind::Token => EvidenceBasis::Token {
                token: seen.name.get(at).to_owned(),
                account_id: in_account,
            },
            GroupKind::AccountTag | GroupKind::Tag => {
                let (key, value) = tag();
                EvidenceBasis::Tag {
                    key,
                    value,
                    account_id: in_account,
                }
            }
            GroupKind::TagStem => {
                let (key, stem) = tag();
                EvidenceBasis::TagStem { key, stem }
            }
            GroupKind::Parent => EvidenceBasis::Parent {
                resource_id: parent_of(&subject.resource_id).unwrap_or_default().to_owned(),
            },
            GroupKind::Container => EvidenceBasis::Container {
                name: container_of(subject).unwrap_or_default().to_owned(),
            },
            GroupKind::ValueFirst | GroupKind::ValueInside => {
                EvidenceBasis::KnownValue { text: String::new() }
            }
            _ => EvidenceBasis::NamePrefix {
                prefix: first(at),
                account_id: in_account,
            },
        }
    }
}
