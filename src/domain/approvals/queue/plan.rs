//! Choice of the query plan of a filtered list: scan the index of the order until the page is full or, when the filter is
//! selective, fetch all matches and sort them. For callers limited to accounts the counters of their accounts decide,
//! not the planner.

use crate::auth::{AccountScope, Actor};
use crate::db::estimate;
use crate::db::keyset::{self, KeyKind, Keyset, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::AccountRows;
use crate::domain::approvals::filter::TagFilter;
use crate::domain::counters::{self, GROUP_COUNTER_CONDITION, GroupCounterKey, TagCounterKey};
use crate::entities::{ApprovalStatus, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, FunctionCall, Query, extension::postgres::PgFunc,
};
use sea_orm::{ColumnTrait, ConnectionTrait, JoinType, QueryFilter, QuerySelect, Select};
use virtual_tag::Column;

/// Matches, by the counters, up to which they are fetched and sorted.
const SORT_THRESHOLD: u64 = 2_000;
/// Matches, by the planner's estimate, up to which they are fetched and sorted: a filter without counters may have no
/// index in the order either.
const SORT_THRESHOLD_ESTIMATED: u64 = 5_000;
/// Tags of the accounts of a limited caller up to which they are fetched and sorted if no counter has the filter.
const SORT_THRESHOLD_IN_ACCOUNTS: u64 = 100_000;
/// Groups up to which the first tags of each are merged.
const MAX_MERGED_GROUPS: u64 = 100;

/// Tags of a filter, and the way to read them.
pub(in crate::domain::approvals) struct QueryPlan {
    pub select: Select<virtual_tag::Entity>,
    /// True if the tags are so few that all are fetched.
    pub is_small: bool,
}

/// Bounds of the number of tags that a filter selects, by the counters.
pub(in crate::domain::approvals) struct CountBounds {
    /// Upper bound.
    pub at_most: u64,
    /// True if the upper bound is exact, or an index has the filter in the order: the planner need not be asked.
    pub is_exact: bool,
    /// Lowest and highest band of the confidences.
    pub bands: Option<(i32, i32)>,
}

/// Chooses the plan for the tags of a filter by their number; `None` if there are none. PostgreSQL takes columns for
/// independent of each other and of an order, and would scan the whole order in search of a combination that is rare, or
/// that comes last in it.
pub(in crate::domain::approvals) async fn choose_plan(
    db: &impl ConnectionTrait,
    select: Select<virtual_tag::Entity>,
    bounds: CountBounds,
) -> Result<Option<QueryPlan>> {
    let is_small = match bounds.at_most {
        0 => return Ok(None),
        at_most if at_most <= SORT_THRESHOLD => true,
        _ if bounds.is_exact => false,
        // The estimate may be far off where columns correlate.
        _ => {
            estimate::estimate(db, select.clone()).await? <= SORT_THRESHOLD_ESTIMATED
                && !estimate::exceeds(db, select.clone(), SORT_THRESHOLD_ESTIMATED).await?
        }
    };
    let select = if is_small {
        keyset::collected(select)
    } else {
        select
    };
    Ok(Some(QueryPlan { select, is_small }))
}

/// Pending tags of the filter, for an actor who may see all accounts, with the bounds of their number.
async fn pending_with_bounds(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<(Select<virtual_tag::Entity>, CountBounds)> {
    let select = virtual_tag::find_pending(&actor.scope).filter(filter.condition());
    if *filter == TagFilter::default() {
        let bounds = CountBounds {
            at_most: u64::MAX,
            is_exact: true,
            bands: None,
        };
        return Ok((select, bounds));
    }
    let key = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..filter.counter_key_superset()
    };
    let range = counters::tag_count_range(db, &actor.scope, &key).await?;
    let mut at_most = range.count.unsigned_abs();
    if names_groups(filter) && at_most > SORT_THRESHOLD {
        let of_groups = counters::tags_of_groups(db, &filter.group_counter_key_superset()).await?;
        at_most = Ord::min(at_most, of_groups);
    }
    let bounds = CountBounds {
        at_most,
        is_exact: filter.counter_key().is_some(),
        bands: range.lowest.zip(range.highest),
    };
    Ok((select, bounds))
}

/// True if the filter selects few groups, though they may be large.
fn names_groups(filter: &TagFilter) -> bool {
    filter.tag_value.is_some() || filter.evidence_signature.is_some()
}

/// Plan for the pending tags of the filter, for an actor who may see all accounts; `None` if there are none.
pub(in crate::domain::approvals) async fn pending(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<Option<QueryPlan>> {
    let (select, bounds) = pending_with_bounds(db, actor, filter).await?;
    choose_plan(db, select, bounds).await
}

/// Query of a page of the pending tags of the filter, for any actor; `None` if there are none.
pub(in crate::domain::approvals) async fn page_of_pending<O: Keyset>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &TagFilter,
    order: O,
    window: &Window,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    if let Some(accounts) = actor.scope.accounts(filter.account_id.as_deref()) {
        return page_in_accounts(db, actor, filter, accounts, order, window).await;
    }
    let (mut select, bounds) = pending_with_bounds(db, actor, filter).await?;
    if order.columns().iter().any(|(_, kind)| *kind == KeyKind::Real) {
        select = select.filter(bounds.confidences());
    }
    if names_groups(filter) && bounds.at_most > SORT_THRESHOLD {
        let key = filter.group_counter_key_superset();
        if counters::groups(db, &key).await? <= MAX_MERGED_GROUPS {
            let ids = first_of_groups(select.clone(), &key, order, window);
            return Ok(Some(select.filter(Column::Id.into_expr().eq(PgFunc::any(ids)))));
        }
    }
    Ok(choose_plan(db, select, bounds).await?.map(|plan| plan.select))
}

/// Query of a page for an actor limited to accounts, of which the filter leaves `accounts`.
async fn page_in_accounts<O: Keyset>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &TagFilter,
    accounts: Vec<String>,
    order: O,
    window: &Window,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    let key = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..filter.counter_key_superset()
    };
    let range = counters::tag_count_range(db, &actor.scope, &key).await?;
    let bounds = CountBounds {
        at_most: range.count.unsigned_abs(),
        is_exact: filter.counter_key().is_some(),
        bands: range.lowest.zip(range.highest),
    };
    if bounds.at_most == 0 {
        return Ok(None);
    }
    let mut wanted = virtual_tag::find_pending(&AccountScope::All).filter(opaque(filter.condition()));
    if order.columns().iter().any(|(_, kind)| *kind == KeyKind::Real) {
        wanted = wanted.filter(bounds.confidences());
    }
    let rows = AccountRows {
        all: virtual_tag::find_pending(&actor.scope),
        wanted,
        account: Column::AccountId,
        key: &[Column::Id],
    };
    let threshold = if bounds.is_exact {
        SORT_THRESHOLD
    } else {
        SORT_THRESHOLD_IN_ACCOUNTS
    };
    Ok(Some(if bounds.at_most <= threshold {
        rows.fetch_and_sort(accounts, order, window)
    } else {
        rows.scan_ordered(accounts, order, window)
    }))
}

impl CountBounds {
    /// Condition that bounds a scan along the confidences: kinds and sources have typical ones. Slightly wider than the
    /// bands, because dividing by twenty and multiplying by twenty need not agree in the last bit.
    fn confidences(&self) -> Condition {
        let bound = |band: i32, margin: f64| f64::from(band) / 20.0 + margin;
        let (lowest, highest) = self.bands.unwrap_or((0, 19));
        let lowest = (lowest > 0).then(|| Column::Confidence.gte(bound(lowest, -1e-9)));
        let highest = (highest < 19).then(|| Column::Confidence.lt(bound(highest + 1, 1e-9)));
        Condition::all().add_option(lowest).add_option(highest)
    }
}

/// Condition that a tag belongs to the group in the row `groups`.
pub(in crate::domain::approvals) const OF_GROUP: &str = "virtual_tags.tag_key = groups.tag_key
     AND virtual_tags.tag_value = groups.tag_value AND virtual_tags.source = groups.source
     AND virtual_tags.evidence_signature = groups.evidence_signature";

/// Ids of the tags of a page, from the first tags of each group: a group has an index in either order.
fn first_of_groups<O: Keyset>(
    select: Select<virtual_tag::Entity>,
    key: &GroupCounterKey,
    order: O,
    window: &Window,
) -> FunctionCall {
    // Only the columns of the order, so that only the index is read.
    let columns = order.columns().into_iter().map(|(column, _)| column);
    let of_group = select.filter(Expr::cust(OF_GROUP)).select_only();
    let of_group = columns.fold(of_group, QuerySelect::expr);
    let mut ids = Query::select();
    ids.column((virtual_tag::Entity, Column::Id))
        .from_as("group_counts_now", "groups")
        .join_lateral(
            JoinType::InnerJoin,
            window.part(of_group, order),
            virtual_tag::Entity,
            Expr::val(true),
        )
        .and_where(Expr::cust_with_values(GROUP_COUNTER_CONDITION, key.binds()));
    window.limit_parts(&mut ids, order);
    Func::cust("ARRAY").arg(Expr::from(ids.take()))
}
