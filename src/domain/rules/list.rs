//! Reading rules.

use crate::entities::{AccountScope, rule};
use crate::error::Result;
use sea_orm::{ConnectionTrait, QueryOrder};

/// All rules in the order in which they are tried.
pub async fn in_order(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<rule::Model>> {
    let ordered = rule::find(scope)
        .order_by_asc(rule::Column::Priority)
        .order_by_asc(rule::Column::Id);
    Ok(ordered.all(db).await?)
}
