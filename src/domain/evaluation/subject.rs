//! Stored resources and tags as the engine sees them, and its words as they are stored.

use crate::entities::{ApprovalStatus, Cloud, TagSource, resource, virtual_tag};
use crate::error::{Error, Result};
use tagging::{CloudProvider, DeniedStatement, SourceKind, Subject};

impl From<Cloud> for CloudProvider {
    fn from(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Aws => Self::Aws,
            Cloud::Gcp => Self::Gcp,
            Cloud::Azure => Self::Azure,
        }
    }
}

impl From<SourceKind> for TagSource {
    fn from(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Native => Self::Native,
            SourceKind::Pattern => Self::Pattern,
            SourceKind::Type => Self::Type,
            SourceKind::Rule => Self::Rule,
            SourceKind::Model => Self::Model,
            SourceKind::Inherited => Self::Inherited,
            SourceKind::Neighbour => Self::Neighbour,
        }
    }
}

/// Subject of a stored resource with its stored tags.
pub fn subject<'a>(
    resource: resource::Model,
    tags: impl IntoIterator<Item = &'a virtual_tag::Model>,
) -> Result<Subject> {
    let tags: Vec<&virtual_tag::Model> = tags.into_iter().collect();
    let values = |holds: fn(&virtual_tag::Model) -> bool| {
        let held = tags.iter().filter(|tag| holds(tag));
        held.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone()))
            .collect()
    };
    let denied = tags
        .iter()
        .filter(|tag| tag.approval_status == ApprovalStatus::Denied && tag.source == TagSource::Native);
    Ok(Subject {
        resource_id: resource.resource_id,
        name: resource.name,
        cloud: resource.cloud.into(),
        account_id: resource.account_id,
        resource_type: resource.resource_type,
        region: resource.region,
        native_tags: serde_json::from_value(resource.native_tags).map_err(Error::internal)?,
        approved: values(|tag| tag.approval_status == ApprovalStatus::Approved),
        applied: values(|tag| tag.approval_status == ApprovalStatus::Pending && tag.auto_applied),
        denied_native: denied
            .map(|tag| DeniedStatement {
                key: tag.tag_key.clone(),
                value: tag.tag_value.clone(),
                signature: tag.evidence_signature.clone(),
            })
            .collect(),
    })
}
