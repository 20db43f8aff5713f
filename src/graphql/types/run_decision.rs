//! Tags of a bulk decision, each with its outcome.

use crate::domain::Outcome;
use crate::domain::approvals::items::DecisionItem;
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::scalars::id::{Id, RunDecisionKey, RunDecisionKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::decision::DecisionOutcome;
use crate::graphql::types::user_error::{UserError, UserErrorCode};
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A tag of a bulk decision.
pub struct RunDecision(Arc<DecisionItem>);

impl From<Arc<DecisionItem>> for RunDecision {
    fn from(row: Arc<DecisionItem>) -> Self {
        Self(row)
    }
}

impl AsRef<DecisionItem> for RunDecision {
    fn as_ref(&self) -> &DecisionItem {
        &self.0
    }
}

/// What became of one tag that a run decides.
#[Object]
impl RunDecision {
    /// The id of this decision: each run has its own about a tag.
    async fn id(&self) -> Id<RunDecisionKind> {
        Id(RunDecisionKey {
            run_id: self.0.run_id,
            position: self.0.position,
        })
    }

    /// The id of the tag.
    async fn tag_id(&self) -> Id<VirtualTagKind> {
        Id(self.0.virtual_tag_id)
    }

    /// What became of it.
    async fn outcome(&self) -> DecisionOutcome {
        self.0.outcome.map_or(DecisionOutcome::Waiting, Into::into)
    }

    /// When the run decided it; null when it did not.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// The tag as it is now; null when there is none.
    async fn tag(&self, ctx: &Context<'_>) -> Nullable<VirtualTag> {
        nullable(async { ctx.loaders()?.virtual_tags.load(self.0.virtual_tag_id).await }).await
    }

    /// Why it was not done; null when it was, or waits.
    async fn user_error(&self) -> Option<UserError> {
        let code = match self.0.outcome? {
            Outcome::Approved | Outcome::Denied | Outcome::Undone => return None,
            Outcome::AlreadyDecided => UserErrorCode::AlreadyDecided,
            Outcome::NotFound => UserErrorCode::NotFound,
            Outcome::Conflict => UserErrorCode::Conflict,
            Outcome::Stale => UserErrorCode::Stale,
            Outcome::Forbidden => UserErrorCode::Forbidden,
        };
        Some(UserError {
            code,
            field: None,
            message: self.0.message.clone().unwrap_or_default(),
        })
    }
}
