//! Groups: resources of an estate that tend to share tag values because they share an account, the beginning of a name, a
//! word, another tag or a parent.

use crate::{SourceKind, Subject};

/// Kind of a group: what its members have in common. The numbers are stored in models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum GroupKind {
    Account = 0,
    AccountType = 1,
    AccountPrefix1 = 2,
    AccountPrefix2 = 3,
    AccountPrefix3 = 4,
    AccountPrefix4 = 5,
    Prefix1 = 6,
    Prefix2 = 7,
    Prefix3 = 8,
    Prefix4 = 9,
    AccountName = 10,
    Name = 11,
    AccountSuffix = 12,
    AccountToken = 13,
    Token = 14,
    AccountTag = 15,
    Tag = 16,
    TagStem = 17,
    Parent = 18,
    Container = 19,
    /// Not a set of resources: a value that is known in the estate, where the name begins with it.
    ValueFirst = 20,
    /// The same, where it occurs further on.
    ValueInside = 21,
}

impl GroupKind {
    /// Number of kinds.
    pub(crate) const COUNT: usize = 22;
    pub(crate) const ACCOUNT_PREFIX: [Self; 4] = [
        Self::AccountPrefix1,
        Self::AccountPrefix2,
        Self::AccountPrefix3,
        Self::AccountPrefix4,
    ];
    pub(crate) const PREFIX: [Self; 4] = [Self::Prefix1, Self::Prefix2, Self::Prefix3, Self::Prefix4];

    /// Kinds of groups that hold much that has nothing else in common.
    pub(crate) const BROAD: [Self; 8] = [
        Self::Account,
        Self::AccountType,
        Self::AccountPrefix1,
        Self::Prefix1,
        Self::Token,
        Self::AccountTag,
        Self::Tag,
        Self::Parent,
    ];
    /// Kinds of groups that hold one family of names.
    const FAMILY: [Self; 5] = [
        Self::AccountPrefix2,
        Self::AccountPrefix3,
        Self::AccountPrefix4,
        Self::AccountName,
        Self::Name,
    ];

    /// True for groups that hold one family of names.
    pub(crate) fn is_family(self) -> bool {
        Self::FAMILY.contains(&self)
    }

    /// True for groups whose members are in one account.
    pub(crate) fn is_in_account(self) -> bool {
        matches!(
            self,
            Self::Account
                | Self::AccountType
                | Self::AccountPrefix1
                | Self::AccountPrefix2
                | Self::AccountPrefix3
                | Self::AccountPrefix4
                | Self::AccountName
                | Self::AccountSuffix
                | Self::AccountToken
                | Self::AccountTag
                | Self::Parent
                | Self::Container
        )
    }

    /// Source that speaks through groups of this kind.
    pub(crate) fn source(self) -> SourceKind {
        match self {
            Self::Account | Self::AccountType | Self::Parent | Self::Container => SourceKind::Inherited,
            Self::ValueFirst | Self::ValueInside => SourceKind::Model,
            _ => SourceKind::Neighbour,
        }
    }

    /// True for groups as large as an account: what a rule tagged there says nothing about what it did not match.
    pub(crate) fn is_account_wide(self) -> bool {
        matches!(self, Self::Account | Self::AccountType)
    }
}

/// Group of which a resource is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VotingGroup {
    pub kind: GroupKind,
    /// Position of what the members have in common: index of a token or of a tag, where the kind needs one.
    pub at: u16,
    /// Stable hash of the kind and of what the members have in common.
    pub id: u64,
}

/// Identifier of what holds a resource, by its own identifier; `None` where it names nothing else. Of
/// many ARNs no more than account, region and type is left.
pub(crate) fn parent_of(resource_id: &str) -> Option<&str> {
    let (parent, _) = resource_id.rsplit_once(['/', ':'])?;
    let names_something = parent.contains(['/', ':']) && !parent.ends_with(['/', ':']);
    names_something.then_some(parent)
}

/// Resource group, project or namespace of a resource, by its identifier and its tags; `None` where that is the account.
pub(crate) fn container_of(subject: &Subject) -> Option<&str> {
    const MARKERS: [&str; 3] = ["resourcegroups", "projects", "namespaces"];
    let mut parts = subject.resource_id.split('/');
    parts
        .find(|part| MARKERS.iter().any(|marker| part.eq_ignore_ascii_case(marker)))
        .and_then(|_| parts.next())
        .filter(|part| !part.is_empty())
        .or_else(|| subject.native_tags.get("namespace").map(String::as_str))
        .filter(|container| *container != subject.account_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::subject;

    #[test]
    fn parents_name_a_resource_or_an_account() {
        assert_eq!(parent_of("arn:aws:s3:::logs"), None);
        assert_eq!(parent_of("logs"), None);
        let of_table = parent_of("arn:aws:dynamodb:eu-west-1:100000000001:table/orders/index/by-day");
        assert_eq!(
            of_table,
            Some("arn:aws:dynamodb:eu-west-1:100000000001:table/orders/index")
        );
    }

    #[test]
    fn a_project_that_is_the_account_is_no_container() {
        let mut resource = subject("web", &[]);
        resource.resource_id = "//compute.googleapis.com/projects/shop/zones/a/instances/web".into();
        assert_eq!(container_of(&resource), Some("shop"));
        resource.account_id = "shop".into();
        assert_eq!(container_of(&resource), None);
    }
}
