//! The query `calibration`.

use crate::domain::calibration;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::calibration::CalibrationObject;
use crate::graphql::types::enums::TagSourceEnum;
use async_graphql::{Context, Object};

/// Queries on calibration.
#[derive(Default)]
pub struct CalibrationQuery;

#[Object]
impl CalibrationQuery {
    /// Calibration: how often persons confirmed what was proposed, by key, source and confidence; the keys with most proposals
    /// first, at most 100. Decisions that stand count: `approveTags` and `denyTags`, and for a proposal that lost, the
    /// approval or creation of another value of its key. Tags that an accepted suggestion, the policy of a key or an import
    /// approved, tags made by hand, denied native tags and undone decisions do not. Exact at any moment.
    async fn calibration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Tag key.")] tag_key: Option<String>,
        #[graphql(desc = "Source of the proposals.")] source: Option<TagSourceEnum>,
        #[graphql(
            desc = "Precision that thresholds have to reach, with the lower end of the 95 % interval.",
            default = 0.97,
            validator(minimum = 0.0, maximum = 1.0)
        )]
        target_precision: f64,
    ) -> FieldResult<Vec<CalibrationObject>> {
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let keys = calibration::report(db, actor, tag_key.as_deref(), source.map(Into::into)).await?;
        let object = |key| CalibrationObject::new(key, target_precision);
        Ok(keys.into_iter().map(object).collect())
    }
}
