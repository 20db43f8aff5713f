//! Orders of the groups of the queue.

use super::group::{COLUMNS, Group};
use crate::db::keyset::{Key, KeyKind, Keyset};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, IdenStatic};
use tagging::CONTRADICTS;

/// Expression by which groups that contradict native tags come first.
const CONTRADICTIONS_FIRST: &str = "(NOT evidence_signature ^@ 'CONTRADICTS:')::int";

/// Order of groups. Equal ones are in the order of their names. All orders but that of the names begin with the groups that
/// contradict native tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupOrder {
    /// Groups of the most tags first: one decision settles the most.
    #[default]
    Impact,
    /// Groups whose resources cost most in the latest complete month first.
    Cost,
    /// Groups whose least certain tag is the most certain first.
    Surest,
    /// Groups whose oldest tag waits longest first.
    Oldest,
    /// By key, value, source and evidence.
    Name,
}

impl GroupOrder {
    /// Expressions that lead the order, over the columns of a [`Group`]; they run upwards.
    fn leads(self) -> Vec<(&'static str, KeyKind)> {
        let rank = match self {
            Self::Impact => ("(-count)", KeyKind::Int),
            Self::Cost => ("(-cost)", KeyKind::Real),
            Self::Surest => ("(-min_confidence)", KeyKind::Real),
            Self::Oldest => ("oldest", KeyKind::Time),
            Self::Name => return Vec::new(),
        };
        vec![(CONTRADICTIONS_FIRST, KeyKind::Int), rank]
    }

    /// Columns of the order as text, the leading ones first.
    pub(super) fn texts(self) -> Vec<&'static str> {
        let leads = self.leads().into_iter().map(|(lead, _)| lead);
        let names = COLUMNS.iter().map(IdenStatic::as_str);
        leads.chain(names).collect()
    }
}

impl Keyset for GroupOrder {
    type Row = Group;

    fn name(self) -> &'static str {
        match self {
            Self::Impact => "approvalGroups.impact",
            Self::Cost => "approvalGroups.cost",
            Self::Surest => "approvalGroups.surest",
            Self::Oldest => "approvalGroups.oldest",
            Self::Name => "approvalGroups",
        }
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        let leads = self
            .leads()
            .into_iter()
            .map(|(lead, kind)| (Expr::cust(lead), kind));
        let names = COLUMNS.map(|column| (column.into_expr(), KeyKind::Text));
        leads.chain(names).collect()
    }

    fn key(self, group: &Group) -> Vec<Key> {
        let rank = match self {
            Self::Impact => Some(Key::Int(-group.count)),
            Self::Cost => Some(Key::Real(-group.cost.unwrap_or_default())),
            Self::Surest => Some(Key::Real(-group.min_confidence)),
            Self::Oldest => Some(Key::Time(group.oldest)),
            Self::Name => None,
        };
        let first = Key::Int(i64::from(!group.evidence_signature.starts_with(CONTRADICTS)));
        let leads = rank.map_or_else(Vec::new, |rank| vec![first, rank]);
        let names = [
            Key::Text(group.tag_key.clone()),
            Key::Text(group.tag_value.clone()),
            Key::Text(group.source.to_value()),
            Key::Text(group.evidence_signature.clone()),
        ];
        leads.into_iter().chain(names).collect()
    }
}
