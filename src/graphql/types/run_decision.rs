//! The type `RunDecision`.

use crate::domain::Outcome;
use crate::domain::approvals::items::DecisionItem;
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::scalars::id::{Id, RunDecisionKey, RunDecisionKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::decision::DecisionOutcomeEnum;
use crate::graphql::types::projection;
use crate::graphql::types::row::row_object;
use crate::graphql::types::user_error::{UserError, UserErrorCode};
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::Context;
use chrono::{DateTime, Utc};

row_object! {
    /// Virtual tag of a bulk decision, with the outcome.
    pub struct RunDecision("RunDecision") of DecisionItem {
        /// Time of the decision; null if the run did not decide the tag.
        decided_at: Option<DateTime<Utc>>,
    }

    /// Id of this decision, unique per run and tag.
    async fn id(&self) -> Id<RunDecisionKind> {
        Id(RunDecisionKey {
            run_id: self.0.run_id,
            position: self.0.position,
        })
    }

    /// Global id of the virtual tag.
    async fn tag_id(&self) -> Id<VirtualTagKind> {
        Id(self.0.virtual_tag_id)
    }

    /// Outcome of the decision.
    async fn outcome(&self) -> DecisionOutcomeEnum {
        self.0.outcome.map_or(DecisionOutcomeEnum::Waiting, Into::into)
    }

    /// Virtual tag in the current state; null if the tag does not exist for the caller.
    async fn tag(&self, ctx: &Context<'_>) -> Nullable<VirtualTag> {
        nullable(async { ctx.loaders()?.virtual_tags.load((self.0.virtual_tag_id, projection::tag(ctx))).await }).await
    }

    /// Reason for which the tag was not decided; null if the tag was decided or waits.
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
            position: None,
        })
    }
}
