//! Groups of the queue: tags that were proposed for the same reason, to be decided together.
//!
//! A group never spans what a person would want to see apart: another key, value or source, and another evidence. The
//! signature of evidence names what fired (a word, a tag, a rule, a family or an account of neighbours), and begins
//! otherwise where the resource's own tags say something else, so that contradictions are groups of their own. One word
//! may have fired in many accounts: they are one question, and the filter by account asks it of one of them.

mod group;
mod order;
mod ranked;
mod stake;

pub use group::Group;
pub use order::GroupOrder;
pub use stake::costs;

use super::filter::TagFilter;
use super::queue::plan::{self, OF_GROUP, QueryPlan};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, Page, Window};
use crate::db::opaque::opaque;
use crate::db::sql;
use crate::domain::account_pages::{for_each_account, of_account};
use crate::domain::counters::{self, GROUP_COUNTER_CONDITION, GroupCounterKey, TagCounterKey};
use crate::entities::{ApprovalStatus, virtual_tag};
use crate::error::Result;
use group::{COLUMNS, NO_COST, grouped, with_aggregates, with_extremes};
use sea_orm::sea_query::{Expr, PostgresQueryBuilder};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbBackend, EntityName, FromQueryResult, IdenStatic, QueryFilter,
    QuerySelect, QueryTrait, Select, Value,
};
use virtual_tag::Column;

/// Tags that are read for a page before it ends, even if it is shorter than requested.
pub const MAX_READ: i64 = 150_000;

/// Page of the groups of the queue. It is shorter than requested where groups are so large that more tags than
/// [`MAX_READ`] would have to be read; the next page continues from there.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    order: GroupOrder,
    window: &Window,
) -> Result<Page<Group>> {
    match order {
        GroupOrder::Name => list_within(db, actor, filter, window, MAX_READ).await,
        GroupOrder::Impact | GroupOrder::Cost | GroupOrder::Surest | GroupOrder::Oldest => {
            ranked::list(db, actor, filter, order, window).await
        }
    }
}

/// Page of groups as [`list`] in the order of their names, with another bound than [`MAX_READ`].
pub async fn list_within(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    window: &Window,
    max_read: i64,
) -> Result<Page<Group>> {
    if let Some(accounts) = actor.scope.accounts(filter.account_id.as_deref()) {
        return list_in_accounts(db, accounts, filter, window).await;
    }
    if let Some(key) = filter.group_counter_key() {
        return list_by_counters(db, key, window).await;
    }
    match plan::pending(db, actor, filter).await? {
        None => Ok(window.page(Vec::new())),
        Some(QueryPlan {
            select,
            is_small: true,
        }) => {
            let groups = window.statement(with_aggregates(grouped(select)), GroupOrder::Name);
            Ok(window.page(Group::find_by_statement(groups).all(db).await?))
        }
        Some(QueryPlan {
            select,
            is_small: false,
        }) => {
            let key = filter.group_counter_key_superset();
            list_by_scan(db, select, &key, window, max_read).await
        }
    }
}

/// Page of the groups of the tags of these accounts, merged from the first groups of each account: a group that is among
/// the first of all accounts is among the first of each account that has it.
async fn list_in_accounts(
    db: &DatabaseConnection,
    accounts: Vec<String>,
    filter: &TagFilter,
    window: &Window,
) -> Result<Page<Group>> {
    let tags = virtual_tag::find_pending(&AccountScope::All)
        .filter(of_account(Column::AccountId))
        .filter(opaque(filter.condition()));
    let first = window.part(with_aggregates(grouped(tags)), GroupOrder::Name);
    let mut groups = for_each_account(accounts, first, virtual_tag::Entity.table_name());
    for column in COLUMNS {
        groups.expr(column.into_expr()).add_group_by([column.into_expr()]);
    }
    for (aggregate, name) in [
        ("sum(virtual_tags.count)::bigint", "count"),
        ("min(virtual_tags.min_confidence)", "min_confidence"),
        ("max(virtual_tags.max_confidence)", "max_confidence"),
        ("min(virtual_tags.oldest)", "oldest"),
        (NO_COST, "cost"),
    ] {
        groups.expr_as(Expr::cust(aggregate), name);
    }
    window.limit_parts(&mut groups, GroupOrder::Name);
    let groups = Group::find_by_statement(DbBackend::Postgres.build(&groups));
    Ok(window.page(groups.all(db).await?))
}

/// Group of the queue by the counters of all accounts.
#[derive(FromQueryResult)]
struct CountedGroup {
    tag_key: String,
    tag_value: String,
    source: String,
    evidence_signature: String,
    count: i64,
}

/// Page of the groups of these tags, read group by group in the order of the counters of the key.
async fn list_by_scan(
    db: &DatabaseConnection,
    tags: Select<virtual_tag::Entity>,
    key: &GroupCounterKey,
    window: &Window,
    max_read: i64,
) -> Result<Page<Group>> {
    let mut rest = window.clone();
    let (mut found, mut read) = (Vec::new(), 0);
    let more = loop {
        let (next, binds) = next_groups(key, &rest);
        let mut counted: Vec<CountedGroup> = sql::rows(db, &next, binds).await?;
        let is_last = counted.len() as u64 <= window.size;
        let mut taken = 0;
        for group in &counted {
            if taken > 0 && read + group.count > max_read {
                break;
            }
            read += group.count;
            taken += 1;
        }
        let is_last = is_last && taken == counted.len();
        counted.truncate(taken);
        let bound = counted.last().map(CountedGroup::key);
        found.extend(with_matches(db, tags.clone(), counted).await?);
        if is_last || found.len() as u64 > window.size {
            break false;
        }
        if read >= max_read && !found.is_empty() {
            break true;
        }
        *(if window.backward {
            &mut rest.before
        } else {
            &mut rest.after
        }) = bound;
    };
    let mut page = window.page(found);
    if window.backward {
        page.has_previous |= more;
    } else {
        page.has_next |= more;
    }
    Ok(page)
}

impl CountedGroup {
    fn key(&self) -> Vec<Key> {
        [
            &self.tag_key,
            &self.tag_value,
            &self.source,
            &self.evidence_signature,
        ]
        .map(|text| Key::Text(text.clone()))
        .into()
    }
}

/// Reads the groups that have any of these tags, with their aggregates, in the same order.
async fn with_matches(
    db: &DatabaseConnection,
    tags: Select<virtual_tag::Entity>,
    groups: Vec<CountedGroup>,
) -> Result<Vec<Group>> {
    let of_group =
        with_aggregates(tags.filter(Expr::cust(OF_GROUP)).select_only()).having(Expr::cust("count(*) > 0"));
    let (of_group, values) = of_group.into_query().build(PostgresQueryBuilder);
    let mut values = values.0;
    let at = values.len();
    let column = |of: fn(&CountedGroup) -> &String| -> Value {
        groups
            .iter()
            .map(|group| of(group).clone())
            .collect::<Vec<_>>()
            .into()
    };
    values.extend([
        column(|group| &group.tag_key),
        column(|group| &group.tag_value),
        column(|group| &group.source),
        column(|group| &group.evidence_signature),
    ]);
    let found = format!(
        "SELECT groups.*, aggregates.*
           FROM unnest(${}::text[], ${}::text[], ${}::text[], ${}::text[]) WITH ORDINALITY
             AS groups (tag_key, tag_value, source, evidence_signature, number)
          CROSS JOIN LATERAL ({of_group}) AS aggregates ORDER BY number",
        at + 1,
        at + 2,
        at + 3,
        at + 4
    );
    sql::rows(db, &found, values).await
}

/// Statement for the groups of a page by the counters of the key, with its values.
fn next_groups(key: &GroupCounterKey, window: &Window) -> (String, Vec<Value>) {
    let text = format!(
        "SELECT tag_key, tag_value, source, evidence_signature, count FROM group_counts_now
          WHERE {GROUP_COUNTER_CONDITION}
            AND ($5::text IS NULL OR (tag_key, tag_value, source, evidence_signature) > ($5, $6, $7, $8))
            AND ($9::text IS NULL OR (tag_key, tag_value, source, evidence_signature) < ($9, $10, $11, $12))
          ORDER BY {} LIMIT {}",
        ordered(window),
        window.size + 1
    );
    let bound = |keys: &Option<Vec<Key>>| -> [Value; 4] {
        let text = |at: usize| match keys.as_ref().and_then(|keys| keys.get(at)) {
            Some(Key::Text(text)) => Some(text.clone()),
            _ => None,
        };
        [0, 1, 2, 3].map(|at| text(at).into())
    };
    let binds = key
        .binds()
        .into_iter()
        .chain(bound(&window.after))
        .chain(bound(&window.before));
    (text, binds.collect())
}

fn ordered(window: &Window) -> String {
    let direction = if window.backward { "DESC" } else { "ASC" };
    COLUMNS
        .map(|column| format!("{} {direction}", column.as_str()))
        .join(", ")
}

/// Page of the groups by the counters alone; confidences and age are read by one step in an index each.
async fn list_by_counters(
    db: &DatabaseConnection,
    key: GroupCounterKey,
    window: &Window,
) -> Result<Page<Group>> {
    let (groups, binds) = next_groups(&key, window);
    let page = with_extremes(&format!("page AS MATERIALIZED ({groups})"), &ordered(window));
    Ok(window.page(sql::rows(db, &page, binds).await?))
}

/// Counts the groups of the queue.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Total> {
    if actor.scope != AccountScope::All {
        let pending = TagCounterKey {
            status: Some(ApprovalStatus::Pending),
            ..TagCounterKey::default()
        };
        let all = counters::tags(db, &actor.scope, &pending).await?;
        let tags = virtual_tag::find_pending(&actor.scope);
        return estimate::of_part(
            db,
            tags,
            filter.condition(),
            &COLUMNS,
            estimate::LOOKED_AT,
            Some(all),
        )
        .await;
    }
    if let Some(key) = filter.group_counter_key() {
        return Ok(Total::exact(counters::groups(db, &key).await?));
    }
    match plan::pending(db, actor, filter).await? {
        Some(found) => estimate::of_rows(db, grouped(found.select)).await,
        None => Ok(Total::exact(0)),
    }
}
