//! Filter of tags: the same one lists the queue, selects tags to decide, and filters events.

use crate::domain::audit::AuditRow;
use crate::domain::counters::{GroupCounterKey, TagCounterKey};
use crate::domain::discovery::written_type;
use crate::entities::virtual_tag::{Column, Entity, Model as VirtualTag};
use crate::entities::{Cloud, TagSource};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ActiveEnum, Value};
use serde::{Deserialize, Serialize};
use tagging::CONTRADICTS;

/// Kind of a pending tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TagKind {
    /// Confidence of at least `AUTO_APPLY_THRESHOLD`.
    AutoApplied,
    /// Confidence of at least `MANUAL_REVIEW_THRESHOLD`, but less than `AUTO_APPLY_THRESHOLD`.
    Suggestion,
    /// Confidence of at least `MANUAL_REVIEW_THRESHOLD` in another value than the resource's own tags state.
    Contradiction,
}

impl TagKind {
    /// Kind of a tag.
    pub fn of(tag: &VirtualTag) -> Self {
        match tag {
            _ if tag.auto_applied => Self::AutoApplied,
            _ if tag.evidence_signature.starts_with(CONTRADICTS) => Self::Contradiction,
            _ => Self::Suggestion,
        }
    }

    fn condition(self) -> Condition {
        let auto_applied = Expr::col((Entity, Column::AutoApplied)).eq(self == Self::AutoApplied);
        // In the text of the statement, as in that of the partial indexes.
        let contradicts = "virtual_tags.evidence_signature ^@ 'CONTRADICTS:'";
        Condition::all().add(auto_applied).add_option(match self {
            Self::AutoApplied => None,
            Self::Suggestion => Some(Expr::cust(format!("NOT {contradicts}"))),
            Self::Contradiction => Some(Expr::cust(contradicts)),
        })
    }
}

/// Filter of tags that meet all conditions that are set; of all tags if none is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TagFilter {
    pub kind: Option<TagKind>,
    pub tag_key: Option<String>,
    pub tag_value: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
    pub source: Option<TagSource>,
    /// Evidence, in words that are the same on every resource.
    pub evidence_signature: Option<String>,
    /// Proposals that are in the audit sample, or those that are not.
    pub audit_sample: Option<bool>,
    /// Lowest confidence, inclusive.
    pub min_confidence: Option<f64>,
    /// Highest confidence, inclusive.
    pub max_confidence: Option<f64>,
    /// Tags proposed before this time.
    pub created_before: Option<chrono::DateTime<chrono::Utc>>,
    /// Tags proposed at this time or later.
    pub created_after: Option<chrono::DateTime<chrono::Utc>>,
}

impl TagFilter {
    /// Condition on `virtual_tags`.
    pub fn condition(&self) -> Condition {
        fn column(column: Column) -> Expr {
            Expr::col((Entity, column))
        }
        fn equal(of: Column, value: Option<impl Into<Value>>) -> Option<Expr> {
            value.map(|value| column(of).eq(Expr::val(value)))
        }
        Condition::all()
            .add_option(self.kind.map(TagKind::condition))
            .add_option(equal(Column::TagKey, self.tag_key.clone()))
            .add_option(equal(Column::TagValue, self.tag_value.clone()))
            .add_option(equal(
                Column::Cloud,
                self.cloud.as_ref().map(ActiveEnum::to_value),
            ))
            .add_option(equal(Column::AccountId, self.account_id.clone()))
            .add_option(equal(
                Column::ResourceType,
                self.resource_type.as_deref().map(written_type),
            ))
            .add_option(equal(
                Column::Source,
                self.source.as_ref().map(ActiveEnum::to_value),
            ))
            .add_option(equal(Column::EvidenceSignature, self.evidence_signature.clone()))
            .add_option(equal(Column::AuditSample, self.audit_sample))
            .add_option(
                self.min_confidence
                    .map(|least| column(Column::Confidence).gte(least)),
            )
            .add_option(
                self.max_confidence
                    .map(|most| column(Column::Confidence).lte(most)),
            )
            .add_option(
                self.created_before
                    .map(|before| column(Column::CreatedAt).lt(before)),
            )
            .add_option(
                self.created_after
                    .map(|after| column(Column::CreatedAt).gte(after)),
            )
    }

    /// Key of the counters of exactly the tags that the filter selects; `None` when no counters have all its conditions.
    pub fn counter_key(&self) -> Option<TagCounterKey> {
        let Self {
            kind: None | Some(TagKind::AutoApplied),
            tag_value: None,
            resource_type: None,
            evidence_signature: None,
            audit_sample: None,
            min_confidence: None,
            max_confidence: None,
            created_before: None,
            created_after: None,
            ..
        } = self
        else {
            return None;
        };
        Some(self.counter_key_superset())
    }

    /// Key of the counters of all tags that the filter selects, and of more where it has conditions that counters lack.
    pub fn counter_key_superset(&self) -> TagCounterKey {
        TagCounterKey {
            status: None,
            account_id: self.account_id.clone(),
            tag_key: self.tag_key.clone(),
            source: self.source,
            auto_applied: self.kind.map(|kind| kind == TagKind::AutoApplied),
            cloud: self.cloud,
            from_band_of: self.min_confidence,
            to_band_of: self.max_confidence,
        }
    }

    /// Key of the counters of exactly the groups that the filter selects; `None` when no counters have all its conditions.
    pub fn group_counter_key(&self) -> Option<GroupCounterKey> {
        let Self {
            kind: None,
            cloud: None,
            account_id: None,
            resource_type: None,
            audit_sample: None,
            min_confidence: None,
            max_confidence: None,
            created_before: None,
            created_after: None,
            ..
        } = self
        else {
            return None;
        };
        Some(self.group_counter_key_superset())
    }

    /// Key of the counters of all groups that have tags which the filter selects.
    pub fn group_counter_key_superset(&self) -> GroupCounterKey {
        GroupCounterKey {
            tag_key: self.tag_key.clone(),
            tag_value: self.tag_value.clone(),
            source: self.source,
            evidence_signature: self.evidence_signature.clone(),
        }
    }

    /// True if an event is about a tag that the filter selects. Events have neither the time of the proposal nor its
    /// evidence, nor tell whether it is in the audit sample, so these conditions do not apply, and contradictions cannot be told from other suggestions.
    pub fn matches(&self, event: &AuditRow) -> bool {
        fn wants<T: PartialEq>(wanted: Option<&T>, has: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == has)
        }
        let value = event.new_value.as_ref().or(event.old_value.as_ref());
        self.kind
            .is_none_or(|kind| (kind == TagKind::AutoApplied) == event.auto_applied)
            && wants(self.tag_key.as_ref(), &event.tag_key)
            && (self.tag_value.is_none() || self.tag_value.as_ref() == value)
            && wants(self.cloud.as_ref(), &event.cloud)
            && wants(self.account_id.as_ref(), &event.account_id)
            && (self.resource_type.as_deref())
                .is_none_or(|kind| written_type(kind) == written_type(&event.resource_type))
            && wants(self.source.as_ref(), &event.source)
            && self.min_confidence.is_none_or(|least| event.confidence >= least)
            && self.max_confidence.is_none_or(|most| event.confidence <= most)
    }
}
