//! The queries `approvalFacets` and `resourceFacets`.

use crate::domain::approvals::facets as approval_facets;
use crate::domain::counters::facets::FacetSearch;
use crate::domain::inventory::facets as resource_facets;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::facet::{ApprovalFacetEnum, FacetList, ResourceFacetEnum, ResourceFacetFilter};
use async_graphql::{Context, Object};

/// Queries for values to filter by.
#[derive(Default)]
pub struct FacetQuery;

fn search(prefix: Option<String>, first: i32) -> FacetSearch {
    FacetSearch {
        prefix,
        first: first.unsigned_abs().into(),
    }
}

#[Object]
impl FacetQuery {
    /// Values of a field among the pending virtual tags, with their numbers of tags, most first: values to filter by. The
    /// filter's own condition on the field does not apply.
    async fn approval_facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Field by which tags are counted.")] field: ApprovalFacetEnum,
        #[graphql(desc = "Filter of the tags to count.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "Prefix of the values, without regard to case.")] prefix: Option<String>,
        #[graphql(
            desc = "Maximum number of values, from 1 to 100.",
            default = 20,
            validator(minimum = 1, maximum = 100)
        )]
        first: i32,
    ) -> FieldResult<FacetList> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (facet, filter) = (field.into(), filter.unwrap_or_default().into());
        let counted = approval_facets::count_by(db, actor, facet, filter, &search(prefix, first)).await?;
        Ok(FacetList::of_approvals(facet, counted))
    }

    /// Values of a field among the resources, with their numbers of resources, most first: values to filter by. The filter's own
    /// condition on the field does not apply. Exact at any moment.
    async fn resource_facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Field by which resources are counted.")] field: ResourceFacetEnum,
        #[graphql(desc = "Filter of the resources to count.")] filter: Option<ResourceFacetFilter>,
        #[graphql(desc = "Prefix of the values, without regard to case.")] prefix: Option<String>,
        #[graphql(
            desc = "Maximum number of values, from 1 to 100.",
            default = 20,
            validator(minimum = 1, maximum = 100)
        )]
        first: i32,
    ) -> FieldResult<FacetList> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (facet, key) = (field.into(), filter.unwrap_or_default().into());
        let values = resource_facets::count_by(db, actor, facet, key, &search(prefix, first)).await?;
        Ok(FacetList::of_resources(facet, values))
    }
}
