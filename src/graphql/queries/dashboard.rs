//! The query `dashboard`.

use crate::graphql::error::Result;
use crate::graphql::state::ContextExt;
use crate::graphql::types::dashboard::Dashboard;
use async_graphql::{Context, Object};

/// Queries for a first look.
#[derive(Default)]
pub struct DashboardQuery;

#[Object]
impl DashboardQuery {
    /// The inventory at a glance.
    async fn dashboard(&self, ctx: &Context<'_>) -> Result<Dashboard> {
        ctx.actor()?;
        Ok(Dashboard)
    }
}
