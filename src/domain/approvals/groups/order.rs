//! Orders of the groups of the queue.

use super::group::{COLUMNS, Group};
use crate::db::keyset::{Key, KeyKind, Keyset};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, IdenStatic};

/// Order of groups. Equal ones are in the order of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupOrder {
    /// Groups of the most tags first: one decision settles the most.
    #[default]
    Impact,
    /// Groups whose least certain tag is the most certain first.
    Surest,
    /// Groups whose oldest tag waits longest first.
    Oldest,
    /// By key, value, source and evidence.
    Name,
}

impl GroupOrder {
    /// Expression that leads the order, over the columns of a [`Group`]; it runs upwards.
    pub(super) fn lead(self) -> Option<(&'static str, KeyKind)> {
        match self {
            Self::Impact => Some(("(-count)", KeyKind::Int)),
            Self::Surest => Some(("(-min_confidence)", KeyKind::Real)),
            Self::Oldest => Some(("oldest", KeyKind::Time)),
            Self::Name => None,
        }
    }

    /// Columns of the order as text, the leading one first.
    pub(super) fn texts(self) -> Vec<&'static str> {
        let lead = self.lead().map(|(lead, _)| lead);
        let names = COLUMNS.iter().map(IdenStatic::as_str);
        lead.into_iter().chain(names).collect()
    }
}

impl Keyset for GroupOrder {
    type Row = Group;

    fn name(self) -> &'static str {
        match self {
            Self::Impact => "approvalGroups.impact",
            Self::Surest => "approvalGroups.surest",
            Self::Oldest => "approvalGroups.oldest",
            Self::Name => "approvalGroups",
        }
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        let lead = self.lead().map(|(lead, kind)| (Expr::cust(lead), kind));
        let names = COLUMNS.map(|column| (column.into_expr(), KeyKind::Text));
        lead.into_iter().chain(names).collect()
    }

    fn key(self, group: &Group) -> Vec<Key> {
        let lead = match self {
            Self::Impact => Some(Key::Int(-group.count)),
            Self::Surest => Some(Key::Real(-group.min_confidence)),
            Self::Oldest => Some(Key::Time(group.oldest)),
            Self::Name => None,
        };
        let names = [
            Key::Text(group.tag_key.clone()),
            Key::Text(group.tag_value.clone()),
            Key::Text(group.source.to_value()),
            Key::Text(group.evidence_signature.clone()),
        ];
        lead.into_iter().chain(names).collect()
    }
}
