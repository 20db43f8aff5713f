//! Finding the tags of a filter: whether an order is walked along until a page is full, or what there is collected first.
//! For callers limited to accounts only the counters of their accounts decide that, not the planner.

use crate::auth::{AccountScope, Actor};
use crate::db::estimate;
use crate::db::keyset::{self, KeyKind, Keyset, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::Rows;
use crate::domain::approvals::filter::TagFilter;
use crate::domain::counters::{self, GROUP_COUNTER_CONDITION, GroupCounterKey, TagCounterKey};
use crate::entities::{ApprovalStatus, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, FunctionCall, Query, extension::postgres::PgFunc,
};
use sea_orm::{ColumnTrait, DatabaseConnection, JoinType, QueryFilter, QuerySelect, Select};
use virtual_tag::Column;

/// Up to so many tags, when counters tell, are collected and sorted rather than looked for along an order.
const SORT_THRESHOLD: u64 = 2_000;
/// The same when the planner tells: a filter that no counter is kept for may have no index in that order either.
const SORT_THRESHOLD_ESTIMATED: u64 = 5_000;
/// Up to so many tags of a caller limited to accounts are collected where no counter tells how many the filter takes.
const FEW_IN_ACCOUNTS: u64 = 100_000;
/// Up to so many groups are looked through one by one for what comes first in each.
const MAX_MERGED_GROUPS: u64 = 100;

/// The tags of a filter, and how to find them.
pub(in crate::domain::approvals) struct QueryPlan {
    /// The tags.
    pub select: Select<virtual_tag::Entity>,
    /// Whether they are so few that they are collected, whatever is wanted of them.
    pub few: bool,
}

/// How many tags a filter takes, as the counters say.
pub(in crate::domain::approvals) struct CountBounds {
    /// No more.
    pub at_most: u64,
    /// And no less; or else nobody needs to ask the planner.
    pub exactly: bool,
    /// The lowest and the highest band of their confidences.
    pub bands: Option<(i32, i32)>,
}

/// The tags of a filter, given how many there are: none when there are none, and when there are few, collected before
/// they are sorted. The planner takes columns for independent of each other and of an order, and would walk along the
/// whole order in search of what is rare only in combination, or comes last in it.
pub(in crate::domain::approvals) async fn choose_plan(
    db: &DatabaseConnection,
    select: Select<virtual_tag::Entity>,
    known: CountBounds,
) -> Result<Option<QueryPlan>> {
    let few = match known.at_most {
        0 => return Ok(None),
        at_most if at_most <= SORT_THRESHOLD => true,
        _ if known.exactly => false,
        // The planner may be wrong by far where columns go together.
        _ => {
            estimate::estimate(db, select.clone()).await? <= SORT_THRESHOLD_ESTIMATED
                && !estimate::exceeds(db, select.clone(), SORT_THRESHOLD_ESTIMATED).await?
        }
    };
    let select = if few { keyset::collected(select) } else { select };
    Ok(Some(QueryPlan { select, few }))
}

/// The tags of the filter that wait for a decision, for an actor who may see all accounts, and what the counters know of
/// them.
async fn waiting(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<(Select<virtual_tag::Entity>, CountBounds)> {
    let select = virtual_tag::find_pending(&actor.scope).filter(filter.condition());
    if *filter == TagFilter::default() {
        let known = CountBounds {
            at_most: u64::MAX,
            exactly: true,
            bands: None,
        };
        return Ok((select, known));
    }
    let cells = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..filter.counter_key_superset()
    };
    let extent = counters::tag_count_range(db, &actor.scope, &cells).await?;
    let mut at_most = extent.count.unsigned_abs();
    if names_groups(filter) && at_most > SORT_THRESHOLD {
        let of_groups = counters::tags_of_groups(db, &filter.group_counter_key_superset()).await?;
        at_most = Ord::min(at_most, of_groups);
    }
    let known = CountBounds {
        at_most,
        exactly: filter.counter_key().is_some(),
        bands: extent.lowest.zip(extent.highest),
    };
    Ok((select, known))
}

/// Whether the filter takes few groups, though they may be large.
fn names_groups(filter: &TagFilter) -> bool {
    filter.tag_value.is_some() || filter.evidence_signature.is_some()
}

/// The tags of the filter that wait for a decision, for an actor who may see all accounts; `None` when it is known that
/// there are none.
pub(in crate::domain::approvals) async fn pending(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<Option<QueryPlan>> {
    let (select, known) = waiting(db, actor, filter).await?;
    choose_plan(db, select, known).await
}

/// The same for a page of them, and for any actor.
pub(in crate::domain::approvals) async fn page_of_pending<O: Keyset>(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    order: O,
    window: &Window,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    if let Some(accounts) = actor.scope.accounts(filter.account_id.as_deref()) {
        return page_in_accounts(db, actor, filter, accounts, order, window).await;
    }
    let (mut select, known) = waiting(db, actor, filter).await?;
    if order.columns().iter().any(|(_, kind)| *kind == KeyKind::Real) {
        select = select.filter(known.bounds());
    }
    if names_groups(filter) && known.at_most > SORT_THRESHOLD {
        let cells = filter.group_counter_key_superset();
        if counters::groups(db, &cells).await? <= MAX_MERGED_GROUPS {
            let ids = first_of_groups(select.clone(), &cells, order, window);
            return Ok(Some(select.filter(Column::Id.into_expr().eq(PgFunc::any(ids)))));
        }
    }
    Ok(choose_plan(db, select, known).await?.map(|found| found.select))
}

/// The tags of a page for an actor limited to accounts, `accounts` being those that the filter leaves.
async fn page_in_accounts<O: Keyset>(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    accounts: Vec<String>,
    order: O,
    window: &Window,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    let cells = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..filter.counter_key_superset()
    };
    let extent = counters::tag_count_range(db, &actor.scope, &cells).await?;
    let known = CountBounds {
        at_most: extent.count.unsigned_abs(),
        exactly: filter.counter_key().is_some(),
        bands: extent.lowest.zip(extent.highest),
    };
    if known.at_most == 0 {
        return Ok(None);
    }
    let mut wanted = virtual_tag::find_pending(&AccountScope::All).filter(opaque(filter.condition()));
    if order.columns().iter().any(|(_, kind)| *kind == KeyKind::Real) {
        wanted = wanted.filter(known.bounds());
    }
    let rows = Rows {
        all: virtual_tag::find_pending(&actor.scope),
        wanted,
        account: Column::AccountId,
        key: &[Column::Id],
    };
    let few = if known.exactly {
        SORT_THRESHOLD
    } else {
        FEW_IN_ACCOUNTS
    };
    Ok(Some(if known.at_most <= few {
        rows.collected(accounts, order, window)
    } else {
        rows.walked(accounts, order, window)
    }))
}

impl CountBounds {
    /// Where a walk along the confidences begins and ends: a kind and a source have some of their own. A hair more than
    /// the bands, for a tenth of a number and ten times a number need not agree in the last bit.
    fn bounds(&self) -> Condition {
        let tenth = |band: i32, hair: f64| f64::from(band) / 10.0 + hair;
        let (lowest, highest) = self.bands.unwrap_or((0, 9));
        let lowest = (lowest > 0).then(|| Column::Confidence.gte(tenth(lowest, -1e-9)));
        let highest = (highest < 9).then(|| Column::Confidence.lt(tenth(highest + 1, 1e-9)));
        Condition::all().add_option(lowest).add_option(highest)
    }
}

/// That a tag is of the group in the row `groups`.
pub(in crate::domain::approvals) const OF_GROUP: &str = "virtual_tags.tag_key = groups.tag_key
     AND virtual_tags.tag_value = groups.tag_value AND virtual_tags.source = groups.source
     AND virtual_tags.evidence_signature = groups.evidence_signature";

/// The ids of the tags of a page, found in each group apart: a group has an index in either order.
fn first_of_groups<O: Keyset>(
    select: Select<virtual_tag::Entity>,
    cells: &GroupCounterKey,
    order: O,
    window: &Window,
) -> FunctionCall {
    // The order's columns alone, so that the index that has the order is all that is read.
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
        .and_where(Expr::cust_with_values(GROUP_COUNTER_CONDITION, cells.binds()));
    window.limit_parts(&mut ids, order);
    Func::cust("ARRAY").arg(Expr::from(ids.take()))
}
