//! Lists of resources.

use super::Resource;
use super::held_key::{HeldKey, LackedKey};
use super::tagged::{ResourceProjection, ResourceWithTags};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::{AccountRows, hidden};
use crate::domain::approvals::ResourceColumns;
use crate::domain::counters::{self, ResourceCounterKey};
use crate::domain::discovery::identity::resource_key;
use crate::domain::discovery::written_type;
use crate::entities::{Cloud, resource, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, Select};
use serde::{Deserialize, Serialize};

/// Filter of resources; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceFilter {
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    /// Type, as the provider names it.
    pub resource_type: Option<String>,
    pub region: Option<String>,
    /// Prefix of the name, case-sensitive.
    pub name_prefix: Option<String>,
    /// Retired resources, or those that are not; `None` selects both.
    pub retired: Option<bool>,
    /// Resources created at this time or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Resources created before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Key of which a value holds for the resource.
    pub tag_key: Option<HeldKey>,
    /// Key of which no value holds for the resource, although it is asked for it.
    pub lacks_tag_key: Option<LackedKey>,
}

impl ResourceFilter {
    /// Query of all resources of the filter within the scope, for exports: pages of it follow the ids.
    pub fn select(&self, scope: &AccountScope) -> Select<resource::Entity> {
        resource::find(scope).filter(hidden(scope, self.condition_row_by_row()))
    }

    fn condition(&self) -> Condition {
        self.condition_with(|key| Expr::exists(virtual_tags(key)))
    }

    /// Same condition, with tags looked up per resource: otherwise PostgreSQL may first collect all resources that have
    /// the key, of any account.
    fn condition_row_by_row(&self) -> Condition {
        self.condition_with(|key| Expr::exists(virtual_tags(key).offset(0).take()))
    }

    fn condition_with(&self, tagged: impl Fn(&str) -> Expr) -> Condition {
        use resource::Column as C;
        Condition::all()
            .add_option(self.cloud.map(|cloud| C::Cloud.eq(cloud)))
            .add_option(self.account_id.as_deref().map(|id| C::AccountId.eq(id)))
            .add_option((self.resource_type.as_deref()).map(|kind| C::ResourceType.eq(written_type(kind))))
            .add_option(self.region.as_deref().map(|region| C::Region.eq(region)))
            .add_option(self.name_prefix.as_deref().map(starts_with))
            .add_option(self.retired.map(|gone| {
                if gone {
                    C::RetiredAt.is_not_null()
                } else {
                    C::RetiredAt.is_null()
                }
            }))
            .add_option(self.created_from.map(|from| C::CreatedAt.gte(from)))
            .add_option(self.created_before.map(|before| C::CreatedAt.lt(before)))
            .add_option(
                (self.tag_key.as_ref()).map(|key| Condition::any().add(tagged(key.name())).add(key.stated())),
            )
            .add_option(
                (self.lacks_tag_key.as_ref()).map(|lacked| lacked.condition(tagged(lacked.key.name()))),
            )
    }
}

/// Matches, by the planner's estimate, up to which they are fetched and sorted instead of scanning the order.
const SORT_THRESHOLD: u64 = 15_000;
/// Matches, by the counters, up to which they are fetched and sorted; they may be anywhere in the table.
const SORT_THRESHOLD_COUNTED: u64 = 5_000;

impl ResourceFilter {
    /// True if all matches may be in one range of an order: names correlate with time.
    fn may_cluster(&self) -> bool {
        self.name_prefix.is_some() && self.tag_key.is_none() && self.lacks_tag_key.is_none()
    }

    /// Key of the counters of exactly the resources that the filter selects; `None` when no counters have all its
    /// conditions.
    fn counter_key(&self) -> Option<ResourceCounterKey> {
        let Self {
            cloud,
            account_id,
            resource_type,
            region: None,
            name_prefix: None,
            retired,
            created_from: None,
            created_before: None,
            tag_key: None,
            lacks_tag_key: None,
        } = self.clone()
        else {
            return None;
        };
        Some(ResourceCounterKey {
            account_id,
            cloud,
            resource_type: resource_type.as_deref().map(written_type),
            retired,
        })
    }
}

/// Condition on the prefix of the name, without wildcards. Unlike LIKE, an operator that row-level security lets an index
/// evaluate.
fn starts_with(prefix: &str) -> Expr {
    Expr::cust_with_values("resources.name ^@ $1", [prefix])
}

/// Virtual tags of the resource with the key that hold.
fn virtual_tags(key: &str) -> SelectStatement {
    use virtual_tag::Column as T;
    Query::select()
        .expr(Expr::val(1))
        .from(virtual_tag::Entity)
        .and_where(T::ResourceId.into_expr().eq(resource::Column::Id.into_expr()))
        .and_where(T::TagKey.eq(key))
        .and_where(Expr::cust(
            "(virtual_tags.approval_status = 'APPROVED'
              OR virtual_tags.approval_status = 'PENDING' AND virtual_tags.auto_applied)",
        ))
        .take()
}

/// Order of resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResourceOrder {
    /// First seen first.
    #[default]
    Id,
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
}

impl Keyset for ResourceOrder {
    type Row = Resource;

    fn name(self) -> &'static str {
        match self {
            Self::Id => "resources.id",
            Self::Newest => "resources.newest",
            Self::Oldest => "resources.oldest",
        }
    }

    fn descending(self) -> bool {
        self == Self::Newest
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        let id = (resource::Column::Id.into_expr(), KeyKind::Int);
        match self {
            Self::Id => vec![id],
            Self::Newest | Self::Oldest => {
                vec![(resource::Column::CreatedAt.into_expr(), KeyKind::Time), id]
            }
        }
    }

    fn key(self, row: &Resource) -> Vec<Key> {
        match self {
            Self::Id => vec![Key::Int(row.id)],
            Self::Newest | Self::Oldest => vec![Key::Time(row.created_at), Key::Int(row.id)],
        }
    }
}

/// Page of the resources in the actor's scope, read by one statement after those that choose its plan.
pub async fn list(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &ResourceFilter,
    order: ResourceOrder,
    window: &Window,
    projection: &ResourceProjection,
) -> Result<Page<ResourceWithTags>> {
    if let Some(accounts) = actor.scope.accounts(filter.account_id.as_deref()) {
        let rows = AccountRows {
            all: resource::find(&actor.scope),
            wanted: resource::find(&AccountScope::All).filter(opaque(filter.condition_row_by_row())),
            account: resource::Column::AccountId,
            key: &[resource::Column::Id],
        };
        let rows = rows.scan_ordered(accounts, order, window);
        return projection.page_of(db, &actor.scope, rows, order, window).await;
    }
    let mut select = resource::find(&actor.scope).filter(filter.condition());
    match filter
        .counter_key()
        .filter(|_| *filter != ResourceFilter::default())
    {
        Some(key) => match counters::resources(db, &actor.scope, &key).await? {
            0 => return Ok(window.page(Vec::new())),
            count if count <= SORT_THRESHOLD_COUNTED => select = keyset::collected(select),
            _ => {}
        },
        None if filter.may_cluster()
            && estimate::estimate(db, select.clone()).await? <= SORT_THRESHOLD
            && !estimate::exceeds(db, select.clone(), SORT_THRESHOLD).await? =>
        {
            select = keyset::collected(select);
        }
        None => {}
    }
    projection.page_of(db, &actor.scope, select, order, window).await
}

/// Counts the resources of the filter.
pub async fn count(db: &impl ConnectionTrait, actor: &Actor, filter: &ResourceFilter) -> Result<Total> {
    if let Some(key) = filter.counter_key() {
        return Ok(Total::exact(counters::resources(db, &actor.scope, &key).await?));
    }
    let resources = resource::find(&actor.scope);
    if actor.scope != AccountScope::All {
        let all = counters::resources(db, &actor.scope, &ResourceCounterKey::default()).await?;
        return estimate::of_part(
            db,
            resources,
            filter.condition_row_by_row(),
            &[],
            estimate::LOOKED_AT,
            Some(all),
        )
        .await;
    }
    if filter.tag_key.is_some() || filter.lacks_tag_key.is_some() {
        // The planner does not know how many resources have a key.
        let all = counters::resources(db, &actor.scope, &ResourceCounterKey::default()).await?;
        let (condition, most) = (filter.condition_row_by_row(), estimate::LOOKED_AT);
        return estimate::of_part(db, resources, condition, &[], most, Some(all)).await;
    }
    estimate::of(db, resources.filter(filter.condition())).await
}

/// Resources with these ids within the scope, in no order.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    columns: ResourceColumns,
) -> Result<Vec<Resource>> {
    let any = PgFunc::any(Expr::val(ids));
    let select = resource::find(scope).filter(resource::Column::Id.into_expr().eq(any));
    columns.by_key(db, select).await
}

/// Condition that a resource is the one of that id; ids of Azure have no case.
pub(super) fn has_key(resource_id: &str) -> Expr {
    Expr::cust_with_values(
        "resources.resource_key = $1",
        [resource_key(resource_id).into_owned()],
    )
}

/// Name of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// Id of its row.
    Id(i64),
    /// Provider's id.
    ResourceId(String),
}

/// Resource with this name, if it exists in the actor's scope, read by one statement.
pub async fn by_name(
    db: &impl ConnectionTrait,
    actor: &Actor,
    name: &ResourceName,
    projection: &ResourceProjection,
) -> Result<Option<ResourceWithTags>> {
    let select = resource::find(&actor.scope).filter(match name {
        ResourceName::Id(id) => resource::Column::Id.eq(*id),
        ResourceName::ResourceId(id) => has_key(id),
    });
    projection
        .one_of(db, &actor.scope, select, ResourceOrder::Id)
        .await
}
