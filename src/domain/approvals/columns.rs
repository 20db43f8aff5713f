//! Columns that a page of tags reads, of the tags and of their resources.

use crate::db::keyset::{Keyset, Page, Window};
use crate::db::projection::{Columns, PositionalRow, Projected, projected, unread};
use crate::entities::resource::{self, Model as Resource};
use crate::entities::virtual_tag::{self, Model as VirtualTag};
use crate::entities::{ApprovalStatus, Cloud, TagSource};
use crate::error::Result;
use sea_orm::{ConnectionTrait, DbErr, JoinType, QueryResult, QuerySelect, RelationTrait, Select};

/// Columns of tags.
pub type VirtualTagColumns = Columns<virtual_tag::Entity>;

/// Columns of resources.
pub type ResourceColumns = Columns<resource::Entity>;

unread! {
    ApprovalStatus: ApprovalStatus::Pending,
    Cloud: Cloud::Aws,
    TagSource: TagSource::Native,
}

projected!(
    virtual_tag,
    tests_of_tags,
    keys [Id, ResourceId, Confidence, CreatedAt],
    id: Id,
    resource_id: ResourceId,
    tag_key: TagKey,
    tag_value: TagValue,
    source: Source,
    confidence: Confidence,
    auto_applied: AutoApplied,
    approval_status: ApprovalStatus,
    rule_id: RuleId,
    evidence: Evidence,
    evidence_signature: EvidenceSignature,
    created_at: CreatedAt,
    updated_at: UpdatedAt,
    decided_by: DecidedBy,
    decided_at: DecidedAt,
    decision_reason: DecisionReason,
    superseded_by: SupersededBy,
    superseded_from: SupersededFrom,
    cloud: Cloud,
    account_id: AccountId,
    resource_type: ResourceType,
    approved_by_rule: ApprovedByRule,
    decision_mode: DecisionMode,
    audit_sample: AuditSample,
    past_denial: PastDenial,
);

projected!(
    resource,
    tests_of_resources,
    keys [Id, CreatedAt],
    id: Id,
    resource_id: ResourceId,
    name: Name,
    cloud: Cloud,
    account_id: AccountId,
    resource_type: ResourceType,
    region: Region,
    native_tags: NativeTags,
    created_at: CreatedAt,
    discovered_by: DiscoveredBy,
    first_seen_at: FirstSeenAt,
    last_seen_at: LastSeenAt,
    retired_at: RetiredAt,
    changed_at: ChangedAt,
);

/// Columns to read with tags. Those that are not read have values that mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagProjection {
    /// Columns of each tag.
    pub tag: VirtualTagColumns,
    /// Columns of the resource of each tag; `None` without the resource.
    pub resource: Option<ResourceColumns>,
}

impl Default for TagProjection {
    /// Tags alone, with all columns.
    fn default() -> Self {
        Self {
            tag: VirtualTagColumns::all(),
            resource: None,
        }
    }
}

/// A tag, with its resource where the projection asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TagWithResource {
    pub tag: VirtualTag,
    pub resource: Option<Resource>,
}

fn decode(row: &QueryResult, projection: TagProjection) -> Result<TagWithResource, DbErr> {
    let mut row = PositionalRow::new(row, 0);
    let tag = virtual_tag::Entity::decode(&mut row, projection.tag)?;
    let resource = (projection.resource)
        .map(|columns| resource::Entity::decode(&mut row, columns))
        .transpose()?;
    Ok(TagWithResource { tag, resource })
}

/// Reads a page of the selected tags by one statement.
pub(super) async fn page_of<O: Keyset>(
    db: &impl ConnectionTrait,
    select: Select<virtual_tag::Entity>,
    order: O,
    window: &Window,
    projection: TagProjection,
) -> Result<Page<TagWithResource>> {
    let mut select = projection.tag.select(select);
    if let Some(columns) = projection.resource {
        select = select
            .join(JoinType::InnerJoin, virtual_tag::Relation::Resource.def())
            .columns(columns.iter());
    }
    let found = db.query_all_raw(window.statement(select, order)).await?;
    let rows: Result<Vec<_>, _> = found.iter().map(|row| decode(row, projection)).collect();
    Ok(window.page(rows?))
}
