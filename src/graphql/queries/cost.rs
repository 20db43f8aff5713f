//! Queries on cost.

use crate::domain::cost::{self, CostFilter, CostMonth};
use crate::domain::coverage::{self, CostCoverageFilter};
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::cost::{CostAllocationObject, CostCoverageObject, UnallocatedCostObject};
use async_graphql::{Context, InputObject, Object};

/// Filter of cost; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "CostFilter")]
pub struct CostFilterInput {
    /// Filter by currency, such as `USD`.
    currency: Option<String>,
    /// Filter by account of the charges.
    account_id: Option<String>,
    /// Filter by service, as the provider names it.
    service: Option<String>,
}

impl CostFilterInput {
    fn of(self, month: Option<CostMonth>) -> CostFilter {
        CostFilter {
            month,
            currency: self.currency,
            account_id: self.account_id,
            service: self.service,
        }
    }
}

/// Queries on cost.
#[derive(Default)]
pub struct CostQuery;

#[Object]
impl CostQuery {
    /// Cost of a month by the values that hold for a tag key, one allocation a currency, the largest first; none if no cost
    /// is known.
    async fn cost_allocation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Month, such as `2024-09`; the latest complete month by default.")] month: Option<
            String,
        >,
        #[graphql(desc = "Tag key, in any spelling.")] tag_key: String,
        #[graphql(desc = "Filter of cost.")] filter: Option<CostFilterInput>,
    ) -> FieldResult<Vec<CostAllocationObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter
            .unwrap_or_default()
            .of(CostMonth::parse_optional(month.as_deref())?);
        let vocabulary = ctx.services()?.engine.vocabulary();
        let allocations = cost::allocate(db, &vocabulary, actor, &tag_key, &filter).await?;
        Ok(allocations.into_iter().map(Into::into).collect())
    }

    /// Cost of a month that belongs to no resource of the inventory, by account and service, the largest amounts first, at
    /// most 1,000.
    async fn unallocated_cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Month, such as `2024-09`; the latest complete month by default.")] month: Option<
            String,
        >,
        #[graphql(desc = "Filter of cost.")] filter: Option<CostFilterInput>,
    ) -> FieldResult<Vec<UnallocatedCostObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter
            .unwrap_or_default()
            .of(CostMonth::parse_optional(month.as_deref())?);
        let rows = cost::unallocated(db, actor, &filter).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Coverage of governed tag keys by the cost of a month, one row a key and currency. Resources count in the state in
    /// which they are now.
    async fn cost_coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Month, such as `2024-09`; the latest complete month by default.")] month: Option<
            String,
        >,
        #[graphql(desc = "Governed tag key, in any spelling; all by default.")] tag_key: Option<String>,
        #[graphql(desc = "Filter by account of the charges.")] account_id: Option<String>,
    ) -> FieldResult<Vec<CostCoverageObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = CostCoverageFilter {
            month: CostMonth::parse_optional(month.as_deref())?,
            tag_key,
            account_id,
        };
        let vocabulary = ctx.services()?.engine.vocabulary();
        let rows = coverage::report_by_cost(db, &vocabulary, actor, &filter).await?;
        Ok(rows.into_iter().map(CostCoverageObject).collect())
    }
}
