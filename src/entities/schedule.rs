//! `schedules`: when jobs run by themselves.

use super::{AccountScope, JobName};
use sea_orm::Iterable;
use sea_orm::entity::prelude::*;

/// The schedule of one job.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_name: JobName,
    #[sea_orm(column_type = "Text")]
    pub cron: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub arguments: Json,
    pub last_tick_at: Option<DateTimeUtc>,
    pub active_from: DateTimeUtc,
    pub paused_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub paused_by: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub time_zone: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub configured: Option<Json>,
    pub edited_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub edited_by: Option<String>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All schedules of the jobs that this program knows; they belong to no account.
pub fn find(_scope: &AccountScope) -> Select<Entity> {
    Entity::find().filter(Column::JobName.is_in(JobName::iter()))
}
