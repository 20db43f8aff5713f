//! Pages of groups by rank: by impact, surest or oldest first.
//!
//! The largest groups of all accounts come from an index of the counters, whatever their number; groups that changed within
//! the last second are counted beside it. Everything else is aggregated: the pending tags of the
//! filter are read once, from the index of groups alone where the filter leaves it the choice.

use super::group::{COLUMNS, Group, grouped, with_aggregates, with_extremes};
use super::order::GroupOrder;
use crate::auth::{AccountScope, Actor};
use crate::db::keyset::{Key, Page, Window};
use crate::db::sql;
use crate::domain::approvals::filter::TagFilter;
use crate::domain::approvals::queue::plan;
use crate::domain::counters::{GROUP_COUNTER_CONDITION, GroupCounterKey};
use crate::entities::virtual_tag;
use crate::error::Result;
use sea_orm::sea_query::PostgresQueryBuilder;
use sea_orm::{DatabaseConnection, IdenStatic, QueryFilter, QueryTrait, Value};

/// Page of the groups in an order that ranks them.
pub(super) async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    order: GroupOrder,
    window: &Window,
) -> Result<Page<Group>> {
    if actor.scope == AccountScope::All
        && order == GroupOrder::Impact
        && let Some(key) = filter.group_counter_key()
    {
        return by_counters(db, &key, window).await;
    }
    let select = if actor.scope == AccountScope::All {
        match plan::pending(db, actor, filter).await? {
            Some(plan) => plan.select,
            None => return Ok(window.page(Vec::new())),
        }
    } else {
        virtual_tag::find_pending(&actor.scope).filter(filter.condition())
    };
    let (groups, values) = with_aggregates(grouped(select))
        .into_query()
        .build(PostgresQueryBuilder);
    let mut binds = values.0;
    let bounds = bounds(order, window, &mut binds);
    let page = format!(
        "SELECT * FROM ({groups}) AS page WHERE {bounds} ORDER BY {} LIMIT {}",
        ordered(order, window),
        window.size + 1
    );
    Ok(window.page(sql::rows(db, &page, binds).await?))
}

/// Page of the largest groups by the counters.
async fn by_counters(db: &DatabaseConnection, key: &GroupCounterKey, window: &Window) -> Result<Page<Group>> {
    let names = COLUMNS.map(|column| column.as_str()).join(", ");
    let mut binds: Vec<Value> = key.binds().into();
    let bounds = bounds(GroupOrder::Impact, window, &mut binds);
    let order = ordered(GroupOrder::Impact, window);
    let limit = window.size + 1;
    let page = format!(
        "moved AS MATERIALIZED (
            SELECT {names}, sum(count)::bigint AS count FROM group_count_deltas GROUP BY {names}),
         at_rest AS (
            SELECT {names}, count FROM group_counts g
             WHERE count > 0 AND {GROUP_COUNTER_CONDITION} AND {bounds}
               AND NOT EXISTS (SELECT FROM moved m WHERE m.tag_key = g.tag_key AND m.tag_value = g.tag_value
                       AND m.source = g.source AND m.evidence_signature = g.evidence_signature)
             ORDER BY {order} LIMIT {limit}),
         counted AS (
            SELECT {names}, m.count + coalesce(g.count, 0) AS count
              FROM moved m LEFT JOIN group_counts g USING ({names})),
         page AS MATERIALIZED (
            SELECT * FROM (TABLE at_rest UNION ALL
                SELECT * FROM counted WHERE count > 0 AND {GROUP_COUNTER_CONDITION} AND {bounds}) both_parts
             ORDER BY {order} LIMIT {limit})"
    );
    let statement = with_extremes(&page, &order);
    Ok(window.page(sql::rows(db, &statement, binds).await?))
}

/// Condition of the window's bounds, whose values it adds to the binds.
fn bounds(order: GroupOrder, window: &Window, binds: &mut Vec<Value>) -> String {
    let row = order.texts().join(", ");
    let mut conditions = Vec::new();
    for (keys, comparison) in [(&window.after, ">"), (&window.before, "<")] {
        if let Some(keys) = keys {
            let places = keys.iter().map(|key| {
                binds.push(bind(key));
                format!("${}", binds.len())
            });
            let places = places.collect::<Vec<_>>().join(", ");
            conditions.push(format!("({row}) {comparison} ({places})"));
        }
    }
    if conditions.is_empty() {
        "true".to_owned()
    } else {
        conditions.join(" AND ")
    }
}

fn bind(key: &Key) -> Value {
    match key {
        Key::Int(value) => (*value).into(),
        Key::Real(value) => (*value).into(),
        Key::Time(value) => (*value).into(),
        Key::Text(value) => value.clone().into(),
    }
}

fn ordered(order: GroupOrder, window: &Window) -> String {
    let direction = if window.backward { "DESC" } else { "ASC" };
    let columns = order.texts();
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} {direction}"))
        .collect();
    columns.join(", ")
}
