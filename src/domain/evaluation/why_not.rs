//! Why a value does not hold for a resource, or is not proposed.

use super::dry_run;
use super::dry_runs::DryRuns;
use super::engine::EngineSettings;
use super::subject::subject;
use crate::auth::Actor;
use crate::domain::approvals::{self, ResourceColumns};
use crate::domain::inventory;
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::{self, Column};
use crate::error::{Error, Result};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter};
use tagging::{Evaluation, KeyOutcome};

/// Reason why a value does not hold or is not proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNotReason {
    Holds,
    Proposed,
    Denied,
    Superseded,
    NotTaggable,
    UnknownKey,
    InvalidValue,
    BelowThreshold,
    Lost,
    NoEvidence,
}

/// Explanation for a value of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    pub reason: WhyNotReason,
    /// The reason in words.
    pub detail: String,
    /// Confidence in the value, where evidence speaks for it.
    pub confidence: Option<f64>,
}

impl WhyNot {
    fn new(reason: WhyNotReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            confidence: None,
        }
    }
}

/// Says why a resource does not have a value of a key, in any spelling of both. A dry run: stores nothing.
pub async fn why_not(
    db: &DatabaseConnection,
    runs: &DryRuns,
    settings: &EngineSettings,
    actor: &Actor,
    id: i64,
    key: &str,
    value: &str,
) -> Result<WhyNot> {
    let vocabulary = &settings.vocabulary();
    let canonical = vocabulary.canonical_key(key);
    let key = canonical.unwrap_or(key);
    let given = vocabulary.canonical_value(key, value);
    let wanted = given.clone().unwrap_or_else(|| value.to_owned());
    let found = inventory::list::by_ids(db, &actor.scope, vec![id], ResourceColumns::all())
        .await?
        .pop();
    let resource = found.ok_or_else(|| Error::not_found("id", "such resource"))?;
    let resource_type = resource.resource_type.clone();
    let tags = approvals::tags::resolution_of(db, &actor.scope, vec![id]).await?;
    let resolved = subject(resource, &tags)?.resolve(vocabulary);
    let is_it = |held: &str| held == wanted || held == value;
    if resolved.iter().any(|tag| tag.key == key && is_it(&tag.value)) {
        return Ok(WhyNot::new(WhyNotReason::Holds, "the value holds"));
    }
    let of_key = virtual_tag::find(&actor.scope)
        .filter(Column::ResourceId.eq(id))
        .filter(Column::TagKey.eq(key));
    let of_key = of_key.all(db).await?;
    if let Some(why) = of_key.iter().find(|tag| is_it(&tag.tag_value)).and_then(of_tag) {
        return Ok(why);
    }
    if canonical.is_none() {
        return Ok(WhyNot::new(
            WhyNotReason::UnknownKey,
            "the vocabulary has no such key",
        ));
    }
    if !vocabulary.is_taggable(key, &resource_type) {
        let detail = format!("resources of the type `{resource_type}` are not asked for the key");
        return Ok(WhyNot::new(WhyNotReason::NotTaggable, detail));
    }
    if given.is_none() {
        return Ok(WhyNot::new(
            WhyNotReason::InvalidValue,
            "the key cannot have the value",
        ));
    }
    let evaluation = dry_run::stored(db, runs, settings, actor, id).await?;
    Ok(of_evaluation(&evaluation, key, &wanted))
}

/// Explanation by the tag that there is with the value.
fn of_tag(tag: &virtual_tag::Model) -> Option<WhyNot> {
    let by = tag.decided_by.as_deref().unwrap_or("somebody");
    match tag.approval_status {
        ApprovalStatus::Denied => {
            let detail = format!("denied by {by}; it is proposed again only on other evidence");
            Some(WhyNot::new(WhyNotReason::Denied, detail))
        }
        ApprovalStatus::Superseded if tag.superseded_by.is_some() => {
            let detail = "another value of the key was approved";
            Some(WhyNot::new(WhyNotReason::Superseded, detail))
        }
        ApprovalStatus::Pending => Some(WhyNot {
            confidence: Some(tag.confidence),
            ..WhyNot::new(WhyNotReason::Proposed, "it is proposed and waits for a decision")
        }),
        _ => None,
    }
}

/// Explanation by an evaluation that does not find the value among the tags.
fn of_evaluation(evaluation: &Evaluation, key: &str, value: &str) -> WhyNot {
    let Some(prediction) = evaluation.predictions.iter().find(|found| found.key == key) else {
        return WhyNot::new(
            WhyNotReason::NoEvidence,
            "nothing speaks for any value of the key",
        );
    };
    if prediction.value == value {
        let (reason, detail) = match prediction.outcome {
            KeyOutcome::Discard => (
                WhyNotReason::BelowThreshold,
                "its confidence is too low for a suggestion",
            ),
            _ => (WhyNotReason::Proposed, "it is proposed by the next evaluation"),
        };
        return WhyNot {
            confidence: Some(prediction.confidence),
            ..WhyNot::new(reason, detail)
        };
    }
    let lost = prediction.alternatives.iter().find(|lost| lost.value == value);
    match lost {
        Some(lost) => WhyNot {
            confidence: Some(lost.confidence),
            ..WhyNot::new(
                WhyNotReason::Lost,
                format!("`{}` won: {}", prediction.value, lost.lost_because),
            )
        },
        None => WhyNot::new(
            WhyNotReason::NoEvidence,
            format!("nothing speaks for it; `{}` is found instead", prediction.value),
        ),
    }
}
