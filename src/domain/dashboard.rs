//! The inventory at a glance.

use crate::domain::auth::Actor;
use crate::domain::runs::Run;
use crate::entities::{ApprovalStatus, Cloud, resource, scheduler_job, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, PaginatorTrait, QueryFilter, QuerySelect};

/// Resources of one cloud that are alive.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct CloudCount {
    /// The cloud.
    pub cloud: Cloud,
    /// How many there are.
    pub resources: i64,
    /// How many of them have an approved virtual tag.
    pub tagged: i64,
}

/// Virtual tags in one status.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct StatusCount {
    /// Where they stand.
    pub status: ApprovalStatus,
    /// How many there are.
    pub count: i64,
}

/// Resources that are alive, by cloud.
pub async fn clouds(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<CloudCount>> {
    use resource::Column as C;
    let tagged = "count(*) FILTER (WHERE EXISTS (SELECT 1 FROM virtual_tags t
        WHERE t.resource_id = resources.id AND t.approval_status = 'APPROVED'))";
    let counts = resource::find(&actor.scope)
        .filter(C::RetiredAt.is_null())
        .select_only()
        .column(C::Cloud)
        .column_as(Expr::cust("count(*)"), "resources")
        .column_as(Expr::cust(tagged), "tagged")
        .group_by(C::Cloud);
    Ok(counts.into_model().all(db).await?)
}

/// Virtual tags by status.
pub async fn statuses(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<StatusCount>> {
    use virtual_tag::Column as C;
    let counts = virtual_tag::find(&actor.scope)
        .select_only()
        .column_as(C::ApprovalStatus, "status")
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(C::ApprovalStatus);
    Ok(counts.into_model().all(db).await?)
}

/// Runs that wait or are worked on.
pub async fn open_runs(db: &DatabaseConnection, actor: &Actor) -> Result<u64> {
    let open = Expr::cust("scheduler_jobs.status IN ('QUEUED', 'RUNNING')");
    Ok(scheduler_job::find(&actor.scope).filter(open).count(db).await?)
}

/// The last run of each job.
pub async fn last_runs(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<Run>> {
    use scheduler_job::Column as C;
    use sea_orm::QueryOrder;
    use sea_orm::sea_query::Order;
    let mut last = scheduler_job::find(&actor.scope)
        .order_by(C::JobName, Order::Asc)
        .order_by(C::Id, Order::Desc);
    QuerySelect::query(&mut last).distinct_on([(scheduler_job::Entity, C::JobName)]);
    Ok(last.all(db).await?)
}
