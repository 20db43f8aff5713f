//! INHERITED: the account, the type within it, the resource group, project or namespace, and the parent of a resource.

use crate::Subject;
use crate::inference::{
    EvidenceSource, GroupKind, Lexicon, Observation, StableHash, VotingGroup, container_of, parent_of,
};

/// The INHERITED source.
pub(crate) struct InheritedSource;

impl EvidenceSource for InheritedSource {
    fn observe(&self, subject: &Subject, _: &Lexicon, seen: &mut Observation) {
        let of = |kind: GroupKind| StableHash::new(kind as u8);
        let mut add = |kind, id: StableHash| {
            seen.groups.push(VotingGroup {
                kind,
                at: 0,
                id: id.finish(),
            });
        };
        let account = of(GroupKind::Account).text(&subject.account_id);
        add(GroupKind::Account, account);
        let of_type = of(GroupKind::AccountType).text(&subject.account_id);
        add(GroupKind::AccountType, of_type.text(&subject.resource_type));
        if let Some(container) = container_of(subject) {
            let id = of(GroupKind::Container).text(&subject.account_id).text(container);
            add(GroupKind::Container, id);
        }
        if let Some(parent) = parent_of(&subject.resource_id) {
            let id = of(GroupKind::Parent).text(&subject.account_id).text(parent);
            add(GroupKind::Parent, id);
        }
    }
}
