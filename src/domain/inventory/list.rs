//! Reading resources: one, some, a page.

use super::Resource;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::AccountRows;
use crate::domain::counters::{self, ResourceCounterKey, TagCounterKey};
use crate::entities::{ApprovalStatus, Cloud, resource, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, PaginatorTrait, QueryFilter};

/// Which resources; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceFilter {
    /// The cloud that they live in.
    pub cloud: Option<Cloud>,
    /// Their account.
    pub account_id: Option<String>,
    /// Their type, as the provider names it.
    pub resource_type: Option<String>,
    /// Their region.
    pub region: Option<String>,
    /// What their name starts with; case matters.
    pub name_prefix: Option<String>,
    /// Whether they are gone. `None` gives both.
    pub retired: Option<bool>,
    /// Created at this moment or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Created before this moment.
    pub created_before: Option<DateTime<Utc>>,
    /// They have a virtual tag of this key that is approved or waits.
    pub tag_key: Option<String>,
    /// They have no approved virtual tag of this key.
    pub lacks_tag_key: Option<String>,
}

impl ResourceFilter {
    fn condition(&self) -> Condition {
        self.condition_with(tagged)
    }

    /// The same, where tags are looked for by resource, whatever there may be of their key: else PostgreSQL may collect
    /// all resources that have it first, of any account.
    fn condition_row_by_row(&self) -> Condition {
        self.condition_with(|key, statuses| {
            let mut found = tags(key, statuses);
            Expr::exists(found.offset(0).take())
        })
    }

    fn condition_with(&self, tagged: impl Fn(&str, &[&str]) -> Expr) -> Condition {
        use resource::Column as C;
        Condition::all()
            .add_option(self.cloud.map(|cloud| C::Cloud.eq(cloud)))
            .add_option(self.account_id.as_deref().map(|id| C::AccountId.eq(id)))
            .add_option(self.resource_type.as_deref().map(|kind| C::ResourceType.eq(kind)))
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
                self.tag_key
                    .as_deref()
                    .map(|key| tagged(key, &["APPROVED", "PENDING"])),
            )
            .add_option(
                self.lacks_tag_key
                    .as_deref()
                    .map(|key| tagged(key, &["APPROVED"]).not()),
            )
    }
}

/// Up to so many resources are collected and sorted rather than looked for along an order.
const SORT_THRESHOLD: u64 = 15_000;
/// The same where counters tell, of resources which may lie anywhere in the table.
const SORT_THRESHOLD_COUNTED: u64 = 5_000;

impl ResourceFilter {
    /// Whether what it takes may lie all in one place of an order: names go with time.
    fn may_be_elsewhere(&self) -> bool {
        self.name_prefix.is_some() && self.tag_key.is_none() && self.lacks_tag_key.is_none()
    }

    /// The counters that hold how many resources the filter lets through; `None` when it asks for more than they know.
    fn cells(&self) -> Option<ResourceCounterKey> {
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
            resource_type,
            retired,
        })
    }
}

/// As text, with no wildcards in it; and unlike LIKE, an operator that row-level security lets an index evaluate.
fn starts_with(prefix: &str) -> Expr {
    Expr::cust_with_values("resources.name ^@ $1", [prefix])
}

/// Whether the resource has a virtual tag of the key in one of the statuses.
fn tagged(key: &str, statuses: &[&str]) -> Expr {
    Expr::exists(tags(key, statuses))
}

/// The resource's virtual tags of the key in one of the statuses.
fn tags(key: &str, statuses: &[&str]) -> SelectStatement {
    use virtual_tag::Column as T;
    Query::select()
        .expr(Expr::val(1))
        .from(virtual_tag::Entity)
        .and_where(T::ResourceId.into_expr().eq(resource::Column::Id.into_expr()))
        .and_where(T::TagKey.eq(key))
        .and_where(T::ApprovalStatus.into_expr().is_in(statuses.iter().copied()))
        .take()
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResourceOrder {
    /// As they were first seen.
    #[default]
    Id,
    /// The last created first.
    Newest,
    /// The first created first.
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

/// A page of the resources that exist for the actor.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &ResourceFilter,
    order: ResourceOrder,
    window: &Window,
) -> Result<Page<Resource>> {
    if let Some(accounts) = actor.scope.accounts(filter.account_id.as_deref()) {
        let rows = AccountRows {
            all: resource::find(&actor.scope),
            wanted: resource::find(&AccountScope::All).filter(opaque(filter.condition_row_by_row())),
            account: resource::Column::AccountId,
            key: &[resource::Column::Id],
        };
        let rows = window.statement(rows.scan_ordered(accounts, order, window), order);
        return Ok(window.page(Resource::find_by_statement(rows).all(db).await?));
    }
    let mut select = resource::find(&actor.scope).filter(filter.condition());
    match filter.cells().filter(|_| *filter != ResourceFilter::default()) {
        Some(cells) => match counters::resources(db, &actor.scope, &cells).await? {
            0 => return Ok(window.page(Vec::new())),
            count if count <= SORT_THRESHOLD_COUNTED => select = keyset::collected(select),
            _ => {}
        },
        None if filter.may_be_elsewhere()
            && estimate::estimate(db, select.clone()).await? <= SORT_THRESHOLD
            && !estimate::exceeds(db, select.clone(), SORT_THRESHOLD).await? =>
        {
            select = keyset::collected(select);
        }
        None => {}
    }
    let rows = Resource::find_by_statement(window.statement(select, order));
    Ok(window.page(rows.all(db).await?))
}

/// How many resources the filter lets through.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &ResourceFilter) -> Result<Total> {
    if let Some(cells) = filter.cells() {
        return Ok(Total::exact(counters::resources(db, &actor.scope, &cells).await?));
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
    if let Some(total) = count_lacking(db, actor, filter).await? {
        return Ok(total);
    }
    estimate::of(db, resources.filter(filter.condition())).await
}

/// Retired resources that are looked at, for the counters know all approved tags, and not which resources are retired.
const RETIRED_READ: u64 = 10_000;

/// How many resources lack an approved tag of a key, by the counters: no figures of the planner are old enough to be
/// wrong after many decisions. `None` when the filter asks for more than they know.
async fn count_lacking(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &ResourceFilter,
) -> Result<Option<Total>> {
    let plain = ResourceFilter {
        lacks_tag_key: None,
        ..filter.clone()
    };
    let (Some(key), Some(cells)) = (&filter.lacks_tag_key, plain.cells()) else {
        return Ok(None);
    };
    if cells.resource_type.is_some() {
        return Ok(None);
    }
    let approved = TagCounterKey {
        status: Some(ApprovalStatus::Approved),
        tag_key: Some(key.clone()),
        account_id: cells.account_id.clone(),
        cloud: cells.cloud,
        ..TagCounterKey::default()
    };
    let of = |retired| ResourceCounterKey {
        retired,
        ..cells.clone()
    };
    let (all, retired) = (of(None), of(Some(true)));
    let (all, retired, approved) = tokio::try_join!(
        counters::resources(db, &actor.scope, &all),
        counters::resources(db, &actor.scope, &retired),
        counters::tags(db, &actor.scope, &approved),
    )?;
    // A key has one approved value on a resource.
    let lacking = all.saturating_sub(approved);
    let Some(gone) = filter.retired else {
        return Ok(Some(Total::exact(lacking)));
    };
    let lacking_retired = if retired <= RETIRED_READ {
        let filter = ResourceFilter {
            retired: Some(true),
            ..filter.clone()
        };
        let found = resource::find(&actor.scope).filter(filter.condition());
        Total::exact(found.count(db).await?)
    } else {
        // As often as of all resources.
        let share = (u128::from(lacking) * u128::from(retired)).checked_div(u128::from(all));
        Total::estimate(share.unwrap_or(0) as u64)
    };
    Ok(Some(Total {
        count: if gone {
            lacking_retired.count
        } else {
            lacking.saturating_sub(lacking_retired.count)
        },
        ..lacking_retired
    }))
}

/// The resources with these keys that exist within the scope, in no order.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<Resource>> {
    let any = PgFunc::any(Expr::val(ids));
    let select = resource::find(scope).filter(resource::Column::Id.into_expr().eq(any));
    Ok(select.all(db).await?)
}

/// The resource with the provider's id, if it exists for the actor.
pub async fn by_resource_id(
    db: &DatabaseConnection,
    actor: &Actor,
    resource_id: &str,
) -> Result<Option<Resource>> {
    let select = resource::find(&actor.scope).filter(resource::Column::ResourceId.eq(resource_id));
    Ok(select.one(db).await?)
}
