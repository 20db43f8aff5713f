//! `scheduler_jobs`: every run of every job. The row is the truth; the queue only wakes.

use super::{AccountScope, JobName, RunStatus};
use sea_orm::entity::prelude::*;

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
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All runs. They belong to no account: an actor limited to some sees progress, never a resource.
pub fn find(_scope: &AccountScope) -> Select<Entity> {
    Entity::find()
}
