//! The queries `coverage` and `coverageHistory`.

use crate::domain::coverage::{
    self, CoverageCounts, CoverageDay, CoverageDimension, CoverageFilter, CoverageGroup,
    CoverageHistoryFilter,
};
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::CloudEnum;
use crate::graphql::types::row::db_enum;
use async_graphql::{Context, InputObject, Object};
use chrono::{DateTime, NaiveTime, Utc};

db_enum! {
    /// Dimension by which coverage is grouped.
    pub enum CoverageDimensionEnum("CoverageDimension") mirrors CoverageDimension {
        /// By governed tag key.
        Key,
        /// By cloud.
        Cloud,
        /// By account.
        Account,
        /// By resource type.
        ResourceType,
    }
}

/// Filter of coverage; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "CoverageFilter")]
pub struct CoverageFilterInput {
    /// Filter by governed tag key, in any spelling.
    tag_key: Option<String>,
    /// Filter by cloud.
    cloud: Option<CloudEnum>,
    /// Filter by account.
    account_id: Option<String>,
    /// Filter by resource type, as named by the provider.
    resource_type: Option<String>,
}

impl From<CoverageFilterInput> for CoverageFilter {
    fn from(input: CoverageFilterInput) -> Self {
        Self {
            tag_key: input.tag_key,
            cloud: input.cloud.map(Into::into),
            account_id: input.account_id,
            resource_type: input.resource_type,
        }
    }
}

/// Filter of the history of coverage; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "CoverageHistoryFilter")]
pub struct CoverageHistoryFilterInput {
    /// Filter by governed tag key, in any spelling.
    tag_key: Option<String>,
    /// Filter by cloud.
    cloud: Option<CloudEnum>,
    /// Filter by account.
    account_id: Option<String>,
    /// Time on the first day, in UTC; 30 days before the last one by default.
    from: Option<DateTimeInput>,
    /// Time on the last day, in UTC; today by default.
    to: Option<DateTimeInput>,
}

impl From<CoverageHistoryFilterInput> for CoverageHistoryFilter {
    fn from(input: CoverageHistoryFilterInput) -> Self {
        Self {
            tag_key: input.tag_key,
            cloud: input.cloud.map(Into::into),
            account_id: input.account_id,
            from: input.from.map(Into::into),
            to: input.to.map(Into::into),
        }
    }
}

/// Counts of taggable resources, each in exactly one state.
struct CoverageCountsObject(CoverageCounts);

impl CoverageCountsObject {
    fn part(&self, count: i64) -> f64 {
        count as f64 / self.0.resources.max(1) as f64
    }
}

/// Counts of taggable resources, each in exactly one state.
#[Object(name = "CoverageCounts")]
impl CoverageCountsObject {
    /// Number of taggable resources that exist.
    async fn resources(&self) -> i64 {
        self.0.resources
    }
    /// Number of resources whose own tags state a valid value.
    async fn native(&self) -> i64 {
        self.0.native
    }
    /// Number of resources with an approved virtual tag.
    async fn approved(&self) -> i64 {
        self.0.approved
    }
    /// Number of resources with an applied virtual tag that is not yet decided.
    async fn pending(&self) -> i64 {
        self.0.pending
    }
    /// Number of resources without a value, but with a suggestion.
    async fn suggested(&self) -> i64 {
        self.0.suggested
    }
    /// Number of resources without a value and without a suggestion.
    async fn missing(&self) -> i64 {
        self.0.missing
    }
    /// Number of resources with a value that the key cannot have.
    async fn invalid(&self) -> i64 {
        self.0.invalid
    }
    /// Number of resources whose own tags state a value that sure evidence, or another of their tags, contradicts.
    async fn contradicted(&self) -> i64 {
        self.0.contradicted
    }
    /// Share of the resources that have a valid value: native, approved, pending and contradicted ones, from 0 to 1.
    async fn covered_share(&self) -> f64 {
        let counts = &self.0;
        self.part(counts.native + counts.approved + counts.pending + counts.contradicted)
    }
    /// Share of the resources without a value and without a suggestion, from 0 to 1.
    async fn missing_share(&self) -> f64 {
        self.part(self.0.missing)
    }
}

/// Coverage of a group: the taggable resources of each governed key, each in exactly one state.
pub struct CoverageObject(CoverageGroup);

/// Coverage of a group: the taggable resources of each governed key, each in exactly one state.
#[Object(name = "Coverage")]
impl CoverageObject {
    /// Governed tag key; null if not grouped by keys, where a resource counts once for each key.
    async fn tag_key(&self) -> Option<&str> {
        self.0.tag_key.as_deref()
    }
    /// Cloud; null if not grouped by clouds.
    async fn cloud(&self) -> Option<CloudEnum> {
        self.0.cloud.map(Into::into)
    }
    /// Account; null if not grouped by accounts.
    async fn account_id(&self) -> Option<&str> {
        self.0.account_id.as_deref()
    }
    /// Resource type; null if not grouped by resource types.
    async fn resource_type(&self) -> Option<&str> {
        self.0.resource_type.as_deref()
    }
    #[graphql(flatten)]
    async fn counts(&self) -> CoverageCountsObject {
        CoverageCountsObject(self.0.counts)
    }
    /// Time of the counts: all changes before it are counted. It is that of the request unless changes are still to be
    /// counted, which takes seconds.
    async fn computed_at(&self) -> DateTime<Utc> {
        self.0.computed_at
    }
}

/// Coverage of a governed tag key at the end of a day, or so far today.
pub struct CoverageDayObject(CoverageDay);

/// Coverage of a governed tag key at the end of a day, or so far today.
#[Object(name = "CoverageDay")]
impl CoverageDayObject {
    /// Beginning of the day, in UTC.
    async fn day(&self) -> DateTime<Utc> {
        self.0.day.and_time(NaiveTime::MIN).and_utc()
    }
    /// Governed tag key.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }
    #[graphql(flatten)]
    async fn counts(&self) -> CoverageCountsObject {
        CoverageCountsObject(self.0.counts)
    }
}

/// Queries on coverage.
#[derive(Default)]
pub struct CoverageQuery;

#[Object]
impl CoverageQuery {
    /// Coverage of governed tag keys, the largest groups first, at most 1,000. The resources' own tags count as of their
    /// last evaluation.
    async fn coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Dimensions of the groups; without any, one group of all.", default)] group_by: Vec<
            CoverageDimensionEnum,
        >,
        #[graphql(desc = "Filter of coverage.")] filter: Option<CoverageFilterInput>,
    ) -> FieldResult<Vec<CoverageObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let dimensions: Vec<CoverageDimension> = group_by.into_iter().map(Into::into).collect();
        let vocabulary = ctx.services()?.engine.vocabulary();
        let filter = filter.unwrap_or_default().into();
        let groups = coverage::report(db, &vocabulary, actor, &dimensions, &filter).await?;
        Ok(groups.into_iter().map(CoverageObject).collect())
    }

    /// Coverage of governed tag keys day by day, the newest days first, at most 10,000 rows. Days are kept for 400 days.
    async fn coverage_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the history.")] filter: Option<CoverageHistoryFilterInput>,
    ) -> FieldResult<Vec<CoverageDayObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let vocabulary = ctx.services()?.engine.vocabulary();
        let days = coverage::history(db, &vocabulary, actor, &filter.unwrap_or_default().into()).await?;
        Ok(days.into_iter().map(CoverageDayObject).collect())
    }
}
