//! Pages for callers limited to accounts, read account by account.
//!
//! PostgreSQL chooses plans by statistics of the whole table, and an index that is led by another column than the account
//! has the rows of all accounts. By either the time of an answer would tell such a caller how common a value is in
//! accounts that it cannot see. So their lists go through indexes that are led by the account, and what they are
//! filtered by is hidden from the planner.

use crate::db::keyset::{Keyset, Window};
use crate::entities::AccountScope;
use sea_orm::sea_query::{Expr, ExprTrait, Func, JoinType, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

/// The name of the row that has the account, in what is read of one account.
const ACCOUNT: (&str, &str) = ("accounts", "accounts");

/// The accounts, each joined with what a query that says [`of_account`] gives for it, under the name of its table.
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

/// That a row is of the account at hand.
pub fn of_account(column: impl ColumnTrait) -> Expr {
    column.into_expr().eq(Expr::col(ACCOUNT))
}

/// Which rows a page is of, and how they are named.
pub struct Rows<E: EntityTrait> {
    /// All of the scope, in all columns.
    pub all: Select<E>,
    /// Those that the page may have, of any account.
    pub wanted: Select<E>,
    /// The column that has the account.
    pub account: E::Column,
    /// The columns by which a row is found again.
    pub key: &'static [E::Column],
}

impl<E: EntityTrait> Rows<E> {
    /// The rows of a page, found along the order in each account: as fast as an index led by the account and followed
    /// by the order, where many rows are wanted.
    pub fn walked<O: Keyset>(self, accounts: Vec<String>, order: O, window: &Window) -> Select<E> {
        let of_one = self.ordered(order).filter(of_account(self.account));
        let mut page = for_each_account(accounts, window.part(of_one, order), E::default().table_name());
        window.limit_parts(&mut page, order);
        self.with_keys(page)
    }

    /// The rows of a page, found among all wanted ones of the accounts: an index led by the account that has all columns
    /// which are asked about finds the few.
    pub fn collected<O: Keyset>(self, accounts: Vec<String>, order: O, window: &Window) -> Select<E> {
        let is_in = AccountScope::Only(accounts).on((E::default(), self.account));
        let mut wanted = self.ordered(order).filter(is_in).into_query();
        // An offset, even of none, keeps the planner from walking along the order in search of them.
        wanted.offset(0);
        let mut page = E::find().select_only();
        QueryTrait::query(&mut page)
            .from_clear()
            .from_subquery(wanted, E::default().table_name());
        let page = window.part(page, order);
        self.with_keys(page)
    }

    /// The wanted rows, with the order's columns alone.
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
