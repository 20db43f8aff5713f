//! Columns that a page of tags reads, and their decoder by position. By name, as the entities do it, each column of each
//! row costs an allocation and a search, which is most of what a page of the queue would cost.

use crate::db::keyset::{Keyset, Page, Window};
use crate::entities::resource::{self, Model as Resource};
use crate::entities::virtual_tag::{self, Model as VirtualTag};
use crate::error::Result;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, JoinType, QueryResult, QuerySelect, RelationTrait, Select,
    TryGetable,
};
use serde_json::Value;

/// Columns to read beside the tags' plain ones. A JSON column that is not read is `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagProjection {
    /// The evidence of each tag.
    pub evidence: bool,
    /// The resource of each tag.
    pub resource: bool,
    /// The native tags of each resource.
    pub native_tags: bool,
}

/// A tag, with its resource where the projection asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TagWithResource {
    pub tag: VirtualTag,
    pub resource: Option<Resource>,
}

/// Decoder of a row that takes one column after the other.
struct PositionalRow<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl PositionalRow<'_> {
    fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// Generates, from one list, the columns of a SELECT and the decoder that takes them in the same order. A column with an
/// `if` is selected and decoded only if the projection has the flag.
macro_rules! positional_columns {
    ($entity:ident, $select:ident, $decode:ident, $($field:ident: $column:ident $(if $flag:ident)?),* $(,)?) => {
        fn $select(projection: TagProjection) -> Vec<$entity::Column> {
            let all = [$(($entity::Column::$column, true $(&& projection.$flag)?)),*];
            all.into_iter().filter(|(_, read)| *read).map(|(column, _)| column).collect()
        }

        fn $decode(row: &mut PositionalRow<'_>, projection: TagProjection) -> Result<$entity::Model, DbErr> {
            Ok($entity::Model {
                $($field: positional_columns!(@take row, projection $(, $flag)?)),*
            })
        }

        #[cfg(test)]
        mod $select {
            use crate::entities::$entity::Column;
            use sea_orm::{IdenStatic, Iterable};

            #[test]
            fn each_field_is_read_from_its_own_column() {
                let listed = [$((stringify!($field), Column::$column)),*];
                for (field, column) in listed {
                    assert_eq!(field, column.as_str());
                }
                assert_eq!(listed.len(), Column::iter().count());
            }
        }
    };
    (@take $row:ident, $projection:ident) => { $row.take()? };
    (@take $row:ident, $projection:ident, $flag:ident) => {
        if $projection.$flag { $row.take()? } else { Value::Null }
    };
}

positional_columns!(
    virtual_tag,
    tag_columns,
    decode_tag,
    id: Id,
    resource_id: ResourceId,
    tag_key: TagKey,
    tag_value: TagValue,
    source: Source,
    confidence: Confidence,
    auto_applied: AutoApplied,
    approval_status: ApprovalStatus,
    rule_id: RuleId,
    evidence: Evidence if evidence,
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

positional_columns!(
    resource,
    resource_columns,
    decode_resource,
    id: Id,
    resource_id: ResourceId,
    name: Name,
    cloud: Cloud,
    account_id: AccountId,
    resource_type: ResourceType,
    region: Region,
    native_tags: NativeTags if native_tags,
    created_at: CreatedAt,
    discovered_by: DiscoveredBy,
    first_seen_at: FirstSeenAt,
    last_seen_at: LastSeenAt,
    retired_at: RetiredAt,
    changed_at: ChangedAt,
);

fn decode(row: &QueryResult, projection: TagProjection) -> Result<TagWithResource, DbErr> {
    let mut row = PositionalRow { row, next: 0 };
    let tag = decode_tag(&mut row, projection)?;
    let resource = projection
        .resource
        .then(|| decode_resource(&mut row, projection))
        .transpose()?;
    Ok(TagWithResource { tag, resource })
}

/// Reads a page of the selected tags by one statement.
pub(super) async fn page_of<O: Keyset>(
    db: &DatabaseConnection,
    select: Select<virtual_tag::Entity>,
    order: O,
    window: &Window,
    projection: TagProjection,
) -> Result<Page<TagWithResource>> {
    let mut select = select.select_only().columns(tag_columns(projection));
    if projection.resource {
        select = select
            .join(JoinType::InnerJoin, virtual_tag::Relation::Resource.def())
            .columns(resource_columns(projection));
    }
    let found = db.query_all_raw(window.statement(select, order)).await?;
    let rows: Result<Vec<_>, _> = found.iter().map(|row| decode(row, projection)).collect();
    Ok(window.page(rows?))
}
