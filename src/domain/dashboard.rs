//! Dashboard: counts of resources, tags and runs.

use crate::auth::Actor;
use crate::domain::counters;
pub use crate::domain::counters::{CloudCountRow, StatusCountRow};
use crate::entities::scheduler_job;
use crate::error::Result;
use crate::runs::Run;
use sea_orm::sea_query::Expr;
use sea_orm::{DatabaseConnection, PaginatorTrait, QueryFilter, QuerySelect};

/// Counts resources that are not retired, by cloud.
pub async fn clouds(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<CloudCountRow>> {
    counters::clouds(db, &actor.scope).await
}

/// Counts virtual tags by status.
pub async fn statuses(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<StatusCountRow>> {
    counters::statuses(db, &actor.scope).await
}

/// Counts runs that are queued or running.
pub async fn open_runs(db: &DatabaseConnection, actor: &Actor) -> Result<u64> {
    let open = Expr::cust("scheduler_jobs.status IN ('QUEUED', 'RUNNING')");
    Ok(scheduler_job::find(&actor.scope).filter(open).count(db).await?)
}

/// Last run of each job.
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
