//! Reading rows of the queue by position. By name, as the entities do it, each column of each row costs an
//! allocation and a search, which is most of what a page of the queue would cost.

use super::VirtualTag;
use super::list::{Listed, Load};
use crate::domain::inventory::Resource;
use crate::entities::resource;
use crate::entities::virtual_tag::Column;
use sea_orm::{DbErr, QueryResult, TryGetable};
use serde_json::Value;

/// The columns of a row, one after the other.
struct Columns<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns<'_> {
    fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn take_if(&mut self, read: bool) -> Result<Value, DbErr> {
        if read { self.take() } else { Ok(Value::Null) }
    }
}

/// A row that holds the columns of a tag, and of its resource when that was asked for, in the entities' order.
pub(super) fn listed(row: &QueryResult, load: Load) -> Result<Listed, DbErr> {
    let mut columns = Columns { row, next: 0 };
    let tag = tag(&mut columns, load)?;
    let resource = load.resource.then(|| resource(&mut columns, load)).transpose()?;
    Ok(Listed { tag, resource })
}

/// The fields stand in the order in which they are evaluated, which is that of the columns.
fn tag(columns: &mut Columns<'_>, load: Load) -> Result<VirtualTag, DbErr> {
    Ok(VirtualTag {
        id: columns.take()?,
        resource_id: columns.take()?,
        tag_key: columns.take()?,
        tag_value: columns.take()?,
        source: columns.take()?,
        confidence: columns.take()?,
        auto_applied: columns.take()?,
        approval_status: columns.take()?,
        rule_id: columns.take()?,
        evidence: columns.take_if(load.reads(Column::Evidence))?,
        evidence_signature: columns.take()?,
        created_at: columns.take()?,
        updated_at: columns.take()?,
        decided_by: columns.take()?,
        decided_at: columns.take()?,
        decision_reason: columns.take()?,
        superseded_by: columns.take()?,
        superseded_from: columns.take()?,
        cloud: columns.take()?,
        account_id: columns.take()?,
        resource_type: columns.take()?,
    })
}

fn resource(columns: &mut Columns<'_>, load: Load) -> Result<Resource, DbErr> {
    Ok(Resource {
        id: columns.take()?,
        resource_id: columns.take()?,
        name: columns.take()?,
        cloud: columns.take()?,
        account_id: columns.take()?,
        resource_type: columns.take()?,
        region: columns.take()?,
        native_tags: columns.take_if(load.reads_of_resource(resource::Column::NativeTags))?,
        created_at: columns.take()?,
        discovered_by: columns.take()?,
        first_seen_at: columns.take()?,
        last_seen_at: columns.take()?,
        retired_at: columns.take()?,
        changed_at: columns.take()?,
    })
}
