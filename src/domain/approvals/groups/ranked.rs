//! Pages of groups by rank: by impact or cost, surest or oldest first.
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
use crate::domain::cost::cost_at_stake;
use crate::domain::counters::{GROUP_COUNTER_CONDITION, GroupCounterKey};
use crate::entities::virtual_tag;
use crate::error::Result;
use sea_orm::sea_query::PostgresQueryBuilder;
use sea_orm::{DatabaseConnection, IdenStatic, QueryFilter, QuerySelect, QueryTrait, Select, Value};
use virtual_tag::Column;

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
    if order == GroupOrder::Cost {
        return by_cost(db, actor, select, window).await;
    }
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

/// Page of the groups of these tags whose resources cost most. The tags are read once for their numbers, and joined with the
/// lines of the month for their cost: adding those up by resource first would take more memory than both.
async fn by_cost(
    db: &DatabaseConnection,
    actor: &Actor,
    tags: Select<virtual_tag::Entity>,
    window: &Window,
) -> Result<Page<Group>> {
    let columns = [Column::ResourceId, Column::Confidence, Column::CreatedAt];
    let tags = tags.select_only().columns(COLUMNS).columns(columns);
    let (tags, values) = tags.into_query().build(PostgresQueryBuilder);
    let mut binds = values.0;
    binds.push(actor.scope.as_bind().into());
    let accounts = format!("${}", binds.len());
    let bounds = bounds(GroupOrder::Cost, window, &mut binds);
    let names = COLUMNS.map(|column| column.as_str()).join(", ");
    let page = format!(
        "WITH {},
         parts AS (
            SELECT {names}, 1 AS tags, confidence, created_at, NULL::numeric AS amount FROM ({tags}) AS tags
            UNION ALL
            SELECT {names}, 0, NULL, NULL, l.amount
              FROM stake s JOIN cost_lines l ON l.month = s.month AND l.currency = s.currency
                   AND ({accounts}::text[] IS NULL OR l.account_id = ANY({accounts}::text[]))
              JOIN ({tags}) AS tags ON tags.resource_id = l.resource_id),
         page AS (
            SELECT {names}, sum(tags)::bigint AS count, min(confidence) AS min_confidence,
                   max(confidence) AS max_confidence, min(created_at) AS oldest, coalesce(sum(amount), 0)::float8 AS cost
              FROM parts GROUP BY {names})
         SELECT * FROM page WHERE {bounds} ORDER BY {} LIMIT {}",
        cost_at_stake(&accounts),
        ordered(GroupOrder::Cost, window),
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
