//! Accounts that an actor may see.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoColumnRef, extension::postgres::PgFunc};

/// The accounts whose resources, tags, events, counts and audit rows exist for an actor. Every finder takes one,
/// so that a query without a scope does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountScope {
    /// All accounts.
    All,
    /// These accounts and no others; none at all when empty.
    Only(Vec<String>),
}

impl AccountScope {
    /// Tells whether the account is within the scope.
    pub fn allows(&self, account_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(accounts) => accounts.iter().any(|account| account == account_id),
        }
    }

    /// The condition that a column with the account id must meet.
    pub fn on(&self, column: impl IntoColumnRef) -> Condition {
        match self {
            Self::All => Condition::all(),
            // An index that begins with the account gives an order only for one account.
            Self::Only(accounts) if accounts.len() == 1 => {
                Condition::all().add(Expr::col(column).eq(accounts[0].as_str()))
            }
            Self::Only(accounts) => {
                Condition::all().add(Expr::col(column).eq(PgFunc::any(Expr::val(accounts.clone()))))
            }
        }
    }

    /// The accounts in the scope, of which `wanted` alone if one is asked for; `None` stands for all accounts.
    pub fn accounts(&self, wanted: Option<&str>) -> Option<Vec<String>> {
        let Self::Only(accounts) = self else {
            return None;
        };
        let is_wanted = |account: &&String| wanted.is_none_or(|wanted| wanted == *account);
        Some(accounts.iter().filter(is_wanted).cloned().collect())
    }

    /// The accounts for a statement written by hand, which tests them with
    /// `($1::text[] IS NULL OR account_id = ANY($1))`; `None` stands for all.
    pub fn as_bind(&self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::Only(accounts) => Some(accounts.clone()),
        }
    }
}
