//! Reading runs and schedules.

use super::{Run, Schedule};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::db::sql;
use crate::entities::scheduler_job::Column;
use crate::entities::{JobName, RunStatus, schedule, scheduler_job};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryOrder};

/// Which runs; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this job.
    pub job: Option<JobName>,
    /// Status of the runs.
    pub status: Option<RunStatus>,
    /// Asked for by this person, or by `system:` and a job, as the actor is shown it.
    pub requested_by: Option<String>,
    /// Asked for at this moment or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Asked for before this moment.
    pub created_to: Option<DateTime<Utc>>,
}

impl RunFilter {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(self.job.map(|job| Column::JobName.eq(job)))
            .add_option(self.status.map(|status| Column::Status.eq(status)))
            .add_option(self.requested_by.as_ref().map(|who| Column::RequestedBy.eq(who)))
            .add_option(self.created_from.map(|from| Column::CreatedAt.gte(from)))
            .add_option(self.created_to.map(|to| Column::CreatedAt.lt(to)))
    }
}

/// The last run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunOrder;

impl Keyset for RunOrder {
    type Row = Run;

    fn name(self) -> &'static str {
        "jobRuns"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &Run) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// A page of runs.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &RunFilter,
    window: &Window,
) -> Result<Page<Run>> {
    let found = scheduler_job::find(&actor.scope).filter(filter.condition());
    let found = Run::find_by_statement(window.statement(found, RunOrder));
    Ok(window.page(found.all(db).await?))
}

/// Number of runs that match the filter.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &RunFilter) -> Result<Total> {
    estimate::of(db, scheduler_job::find(&actor.scope).filter(filter.condition())).await
}

/// The runs with these keys, in no order.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<Run>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(scheduler_job::find(scope)
        .filter(Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}

/// The newest run of each of the jobs, in no order.
pub async fn last_of_jobs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    jobs: Vec<JobName>,
) -> Result<Vec<Run>> {
    let names: Vec<String> = jobs.iter().map(ActiveEnum::to_value).collect();
    let last = format!(
        "SELECT r.* FROM unnest($1) AS job(name) CROSS JOIN LATERAL
         (SELECT * FROM {} WHERE job_name = job.name ORDER BY id DESC LIMIT 1) r",
        scheduler_job::relation(scope)
    );
    sql::rows(db, &last, [names.into()]).await
}

/// All schedules, by job.
pub async fn schedules(db: &DatabaseConnection, actor: &Actor) -> Result<Vec<Schedule>> {
    Ok(schedule::find(&actor.scope)
        .order_by_asc(schedule::Column::JobName)
        .all(db)
        .await?)
}
