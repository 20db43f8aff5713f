//! Approval queue: the tags that are PENDING.

pub(super) mod plan;

use super::columns::{TagProjection, TagWithResource, page_of};
use super::filter::TagFilter;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::domain::counters::{self, TagCounterKey};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::{self, Column, Model as VirtualTag};
use crate::error::Result;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

/// Order of the approval queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueueOrder {
    /// Highest confidence first.
    #[default]
    ConfidenceDesc,
    /// Lowest confidence first.
    ConfidenceAsc,
    /// Oldest proposal first.
    Age,
    /// Newest proposal first.
    Newest,
}

impl Keyset for QueueOrder {
    type Row = VirtualTag;

    fn name(self) -> &'static str {
        match self {
            Self::ConfidenceDesc => "approvals.confidence-desc",
            Self::ConfidenceAsc => "approvals.confidence-asc",
            Self::Age => "approvals.age",
            Self::Newest => "approvals.newest",
        }
    }

    fn descending(self) -> bool {
        matches!(self, Self::ConfidenceDesc | Self::Newest)
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        let first = match self {
            Self::ConfidenceDesc | Self::ConfidenceAsc => (Column::Confidence.into_expr(), KeyKind::Real),
            Self::Age | Self::Newest => (Column::CreatedAt.into_expr(), KeyKind::Time),
        };
        vec![first, (Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &VirtualTag) -> Vec<Key> {
        let first = match self {
            Self::ConfidenceDesc | Self::ConfidenceAsc => Key::Real(row.confidence),
            Self::Age | Self::Newest => Key::Time(row.created_at),
        };
        vec![first, Key::Int(row.id)]
    }
}

/// Page of the queue, read by one statement after those that choose its plan.
pub async fn list(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &TagFilter,
    order: QueueOrder,
    window: &Window,
    projection: TagProjection,
) -> Result<Page<TagWithResource>> {
    match plan::page_of_pending(db, actor, filter, order, window).await? {
        Some(select) => page_of(db, select, order, window, projection).await,
        None => Ok(window.page(Vec::new())),
    }
}

/// Counts the pending tags of the filter.
pub async fn count(db: &impl ConnectionTrait, actor: &Actor, filter: &TagFilter) -> Result<Total> {
    if let Some(key) = filter.counter_key() {
        let status = Some(ApprovalStatus::Pending);
        let count = counters::tags(db, &actor.scope, &TagCounterKey { status, ..key }).await?;
        return Ok(Total::exact(count));
    }
    let pending = virtual_tag::find_pending(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, pending.filter(filter.condition())).await;
    }
    let all = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..TagCounterKey::default()
    };
    let all = counters::tags(db, &actor.scope, &all).await?;
    estimate::of_part(
        db,
        pending,
        filter.condition(),
        &[],
        estimate::LOOKED_AT,
        Some(all),
    )
    .await
}
