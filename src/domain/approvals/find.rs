//! Finding the tags of a filter: whether an order is walked along until a page is full, or what there is collected first.

use super::filter::TagFilter;
use crate::domain::auth::{AccountScope, Actor};
use crate::domain::counters::{self, GROUP_CELLS, TagCells};
use crate::domain::page::{self, Keyset, Window};
use crate::domain::total;
use crate::entities::{ApprovalStatus, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, JoinType, QueryFilter, QuerySelect, Select};
use virtual_tag::Column;

/// Up to so many tags, when counters tell, are collected and sorted rather than looked for along an order.
const FEW: u64 = 2_000;
/// The same when the planner tells: a filter that no counter is kept for may have no index in that order either.
const FEW_ESTIMATED: u64 = 5_000;
/// Up to so many groups are looked through one by one for what comes first in each.
const FEW_GROUPS: u64 = 100;

/// The tags of a filter, and how to find them.
pub(super) struct Found {
    /// The tags.
    pub select: Select<virtual_tag::Entity>,
    /// Whether they are so few that they are collected, whatever is wanted of them.
    pub few: bool,
}

/// How many tags a filter takes, as the counters say.
pub(super) struct Known {
    /// No more.
    pub at_most: u64,
    /// And no less; or else nobody needs to ask the planner.
    pub exactly: bool,
}

/// The tags of a filter, given how many there are: none when there are none, and when there are few, collected before
/// they are sorted. The planner takes columns for independent of each other and of an order, and would walk along the
/// whole order in search of what is rare only in combination, or comes last in it.
pub(super) async fn narrowed(
    db: &DatabaseConnection,
    select: Select<virtual_tag::Entity>,
    known: Known,
) -> Result<Option<Found>> {
    let few = match known.at_most {
        0 => return Ok(None),
        at_most if at_most <= FEW => true,
        _ if known.exactly => false,
        _ => total::estimate(db, select.clone()).await? <= FEW_ESTIMATED,
    };
    let select = if few { page::collected(select) } else { select };
    Ok(Some(Found { select, few }))
}

/// The tags of the filter that wait for a decision; `None` when it is known that there are none.
pub(super) async fn pending(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<Option<Found>> {
    let select = virtual_tag::find_pending(&actor.scope).filter(filter.condition());
    if actor.scope == AccountScope::All && *filter == TagFilter::default() {
        return Ok(Some(Found { select, few: false }));
    }
    let known = match (&actor.scope, filter.group_cells()) {
        (AccountScope::All, Some(groups)) if filter.cells().is_none() => Known {
            at_most: counters::tags_of_groups(db, &groups).await?,
            exactly: false,
        },
        _ => {
            let status = Some(ApprovalStatus::Pending);
            let cells = TagCells {
                status,
                ..filter.cells_around()
            };
            Known {
                at_most: counters::tags(db, &actor.scope, &cells).await?,
                exactly: filter.cells().is_some(),
            }
        }
    };
    narrowed(db, select, known).await
}

/// The tags of a page of the queue, when the filter takes a few whole groups: each has an index in either order.
pub(super) async fn of_groups<O: Keyset>(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    order: O,
    window: &Window,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    let Some(cells) = filter.group_cells().filter(|_| filter.cells().is_none()) else {
        return Ok(None);
    };
    if actor.scope != AccountScope::All || counters::groups(db, &cells).await? > FEW_GROUPS {
        return Ok(None);
    }
    let of_group = "virtual_tags.tag_key = groups.tag_key AND virtual_tags.tag_value = groups.tag_value
         AND virtual_tags.source = groups.source AND virtual_tags.evidence_signature = groups.evidence_signature";
    let of_group = virtual_tag::find_pending(&actor.scope).filter(Expr::cust(of_group));
    let of_group = of_group
        .select_only()
        .columns([Column::Id, Column::Confidence, Column::CreatedAt]);
    let mut ids = Query::select();
    ids.column((virtual_tag::Entity, Column::Id))
        .from_as("group_counts_now", "groups")
        .join_lateral(
            JoinType::InnerJoin,
            window.part(of_group, order),
            virtual_tag::Entity,
            Expr::val(true),
        )
        .and_where(Expr::cust_with_values(GROUP_CELLS, cells.binds()));
    window.limit_parts(&mut ids, order);
    let ids = Func::cust("ARRAY").arg(Expr::from(ids.take()));
    let select = virtual_tag::find_pending(&actor.scope).filter(filter.condition());
    Ok(Some(select.filter(Column::Id.into_expr().eq(PgFunc::any(ids)))))
}
