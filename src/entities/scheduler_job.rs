//! `scheduler_jobs`: every run of every job. The row is the truth; the queue only wakes.

use super::{AccountScope, JobName, RunStatus};
use sea_orm::entity::prelude::*;
use sea_orm::{EntityName, QueryTrait};

/// One run of a job.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scheduler_jobs")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub job_name: JobName,
    #[sea_orm(column_type = "JsonBinary")]
    pub arguments: Json,
    pub status: RunStatus,
    pub attempt: i32,
    pub max_attempts: i32,
    pub fence: i64,
    pub run_at: DateTimeUtc,
    pub woken_at: DateTimeUtc,
    pub scheduled_for: Option<DateTimeUtc>,
    pub progress_done: i64,
    pub progress_total: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub counts: Json,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub requested_by: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub worker: Option<String>,
    pub heartbeat_at: Option<DateTimeUtc>,
    pub cancel_requested_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub cancel_requested_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub singleton_key: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    pub priority: i16,
    #[sea_orm(column_type = "Text", nullable)]
    pub exclusive_key: Option<String>,
    pub worker_key: Option<i64>,
    pub claimed_at: Option<DateTimeUtc>,
    pub progress_claimed: Option<i64>,
    pub recruited_by: Option<i64>,
    /// Accounts that the run is about; `None` for all of them, or for a reader who may not see all of these.
    pub accounts: Option<Vec<String>>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All runs. To an actor limited to accounts, runs about others show their job, status and times, and nothing more:
/// the view `runs_in_scope` says what. A filter meets the columns as they are shown.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let mut find = Entity::find();
    if let AccountScope::Only(_) = scope {
        QueryTrait::query(&mut find)
            .from_clear()
            .from_as(relation(scope), Entity.table_name());
    }
    find
}

/// Relation in which an actor finds runs, for a statement written by hand.
pub fn relation(scope: &AccountScope) -> &'static str {
    match scope {
        AccountScope::All => "scheduler_jobs",
        AccountScope::Only(_) => "runs_in_scope",
    }
}
