//! Accounts of sources and of runs, with what a report covers of each.

pub use crate::entities::discovery_account::Model as SourceAccount;

use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::entities::AccountScope;
use crate::entities::discovery_account::{self, Column, Entity};
use crate::error::Result;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, Select};
use std::collections::HashMap;

/// Parent of a list of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountsOf {
    /// Sources, with the last report of each account.
    Sources,
    /// Runs of discovery.
    Runs,
}

impl AccountsOf {
    fn select(self, scope: &AccountScope) -> (Select<Entity>, Column) {
        let find = discovery_account::find(scope);
        match self {
            Self::Sources => (find.filter(Column::IsCurrent.into_expr()), Column::SourceId),
            Self::Runs => (find, Column::RunId),
        }
    }
}

/// Order of accounts, as they were reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountOrder;

impl Keyset for AccountOrder {
    type Row = SourceAccount;

    fn name(self) -> &'static str {
        "sourceAccounts"
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &SourceAccount) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// Page of accounts for each of the parents, by one statement.
pub async fn of(
    db: &DatabaseConnection,
    scope: &AccountScope,
    parents: Vec<i64>,
    kind: AccountsOf,
    window: &Window,
) -> Result<HashMap<i64, Page<SourceAccount>>> {
    let (found, parent) = kind.select(scope);
    keyset::per_parent(db, found, parent, parents, AccountOrder, window).await
}

/// Number of accounts of each of the parents.
pub async fn count_of(
    db: &DatabaseConnection,
    scope: &AccountScope,
    parents: Vec<i64>,
    kind: AccountsOf,
) -> Result<HashMap<i64, u64>> {
    let (found, parent) = kind.select(scope);
    keyset::count_per_parent(db, found, parent, parents).await
}
