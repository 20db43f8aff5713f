//! Pages for callers limited to accounts, read account by account.
//!
//! PostgreSQL chooses plans by statistics of the whole table, and an index that begins with another column than the account
//! has the rows of all accounts. Either would let the time of a response reveal how common a value is in accounts that
//! the caller cannot see. So these lists use indexes that begin with the account, and their filters are hidden from the
//! planner.

use crate::db::keyset::{Keyset, Window};
use crate::db::opaque::opaque;
use crate::entities::AccountScope;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, JoinType, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

/// Table alias and column of the account, in the query of one account.
const ACCOUNT: (&str, &str) = ("accounts", "accounts");

/// Joins each account with the rows of `query`, which refers to it by [`of_account`], under the name of its table.
pub fn for_each_account(
    accounts: Vec<String>,
    query: SelectStatement,
    table: &'static str,
) -> SelectStatement {
    let mut all = Query::select();
    all.from_function(Func::cust("unnest").arg(Expr::val(accounts)), ACCOUNT.0)
        .join_lateral(JoinType::InnerJoin, query, table, Expr::val(true));
    all
}

/// Condition that a row belongs to the account of [`for_each_account`].
pub fn of_account(column: impl ColumnTrait) -> Expr {
    column.into_expr().eq(Expr::col(ACCOUNT))
}

/// Hides the condition from the planner if the scope is limited to accounts; see [`opaque`].
pub fn hidden(scope: &AccountScope, condition: Condition) -> Condition {
    match scope {
        AccountScope::All => condition,
        AccountScope::Only(_) => opaque(condition),
    }
}

/// Rows from which a page is selected.
pub struct AccountRows<E: EntityTrait> {
    /// All rows of the scope, with all columns.
    pub all: Select<E>,
    /// Rows that match the filter, of any account.
    pub wanted: Select<E>,
    /// Column of the account.
    pub account: E::Column,
    /// Columns that identify a row.
    pub key: &'static [E::Column],
}

impl<E: EntityTrait> AccountRows<E> {
    /// Page that scans each account in the order, by an index on the account and the order: fast where many rows match.
    pub fn scan_ordered<O: Keyset>(self, accounts: Vec<String>, order: O, window: &Window) -> Select<E> {
        let of_one = self.ordered(order).filter(of_account(self.account));
        let mut page = for_each_account(accounts, window.part(of_one, order), E::default().table_name());
        window.limit_parts(&mut page, order);
        self.with_keys(page)
    }

    /// Page that fetches all matching rows of the accounts and sorts them, by an index on the account and the filtered
    /// columns: fast where few rows match.
    pub fn fetch_and_sort<O: Keyset>(self, accounts: Vec<String>, order: O, window: &Window) -> Select<E> {
        let is_in = AccountScope::Only(accounts).on((E::default(), self.account));
        let mut wanted = self.ordered(order).filter(is_in).into_query();
        // An offset, even of zero, keeps the planner from scanning along the order in search of them.
        wanted.offset(0);
        let mut page = E::find().select_only();
        QueryTrait::query(&mut page)
            .from_clear()
            .from_subquery(wanted, E::default().table_name());
        let page = window.part(page, order);
        self.with_keys(page)
    }

    /// Matching rows, with the columns of the order only.
    fn ordered<O: Keyset>(&self, order: O) -> Select<E> {
        let columns = order.columns().into_iter().map(|(column, _)| column);
        columns.fold(self.wanted.clone().select_only(), QuerySelect::expr)
    }

    fn with_keys(self, mut page: SelectStatement) -> Select<E> {
        for column in self.key {
            page.expr(column.into_expr());
        }
        let key = Expr::tuple(self.key.iter().map(|column| column.into_expr()));
        self.all.filter(key.in_subquery(page))
    }
}
