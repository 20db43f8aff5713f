//! The query `dashboard`.

use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::dashboard::Dashboard;
use async_graphql::{Context, Object};

/// Queries on the dashboard.
#[derive(Default)]
pub struct DashboardQuery;

#[Object]
impl DashboardQuery {
    /// Overview of the inventory.
    async fn dashboard(&self, ctx: &Context<'_>) -> FieldResult<Dashboard> {
        ctx.actor()?;
        Ok(Dashboard)
    }
}
