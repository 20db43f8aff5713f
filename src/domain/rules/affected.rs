//! Resources that a change of rules can affect: those that the rule matches, before the change or after it. Only these are
//! made due where they are few enough to be found.

use super::coarse::CoarseFilter;
use crate::db::{Transaction, sql};
use crate::domain::evaluation::scan::ResourceScan;
use crate::domain::revision::{self, MOST_AFFECTED};
use crate::entities::{AccountScope, rule};
use crate::error::Result;
use sea_orm::{FromQueryResult, Value};
use std::time::{Duration, Instant};
use tagging::rules::{Condition, FieldSet};

/// Time for a look at every resource, when PostgreSQL alone cannot tell that few are affected. Evaluation waits meanwhile.
const SCAN_TIME: Duration = Duration::from_secs(5);

/// Begins a change of rules: makes such changes serial, and evaluation wait for it.
pub(super) async fn begin(txn: &Transaction) -> Result<()> {
    revision::raise_generation(txn).await
}

/// Condition of a rule that engines have.
pub(super) fn active(rule: &rule::Model) -> Option<&str> {
    (rule.enabled && rule.in_effect).then_some(rule.condition.as_str())
}

/// Makes the resources due that any of the conditions matches, after [`begin`] in the same transaction; all of them if these
/// are many.
pub(super) async fn make_due(txn: &Transaction, conditions: impl Iterator<Item = &str>) -> Result<()> {
    // A condition that does not compile is in no engine.
    let conditions: Vec<Condition> = conditions
        .filter_map(|text| Condition::compile(text).ok())
        .collect();
    if conditions.is_empty() {
        return Ok(());
    }
    let requirements: Vec<_> = conditions.iter().map(Condition::requirement).collect();
    let filter = CoarseFilter::new(&requirements, 1);
    if !filter.is_open() {
        let ids = told(txn, &filter).await?;
        if ids.len() <= MOST_AFFECTED {
            return revision::make_affected_due(txn, ids).await;
        }
    }
    match looked_at(txn, &conditions).await? {
        Some(ids) => revision::make_affected_due(txn, ids).await,
        None => revision::raise(txn).await.map(drop),
    }
}

/// Resources that PostgreSQL lets through, one more than may be affected at most.
async fn told(txn: &Transaction, filter: &CoarseFilter) -> Result<Vec<i64>> {
    #[derive(FromQueryResult)]
    struct ResourceKey {
        id: i64,
    }
    let statement = format!("SELECT r.id FROM resources r WHERE {} LIMIT $1", filter.sql);
    let mut values: Vec<Value> = vec![(MOST_AFFECTED as i64 + 1).into()];
    values.extend(filter.values.iter().cloned());
    let found: Vec<ResourceKey> = sql::rows(txn, &statement, values).await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// Resources that the conditions match; `None` when they are too many, or the look takes too long.
async fn looked_at(txn: &Transaction, conditions: &[Condition]) -> Result<Option<Vec<i64>>> {
    let scan = ResourceScan::new(&AccountScope::All, conditions, FieldSet::default());
    if scan.reads_effective_tags() {
        return Ok(None);
    }
    let began = Instant::now();
    let (mut before, mut ids) = (i64::MAX, Vec::new());
    loop {
        let left = SCAN_TIME.saturating_sub(began.elapsed());
        if left.is_zero() || ids.len() > MOST_AFFECTED {
            return Ok(None);
        }
        let page = scan.page(txn, before).await?;
        let (last, has_more) = (page.last, page.has_more);
        let Some(matching) = page.matching(conditions.to_vec(), left).await? else {
            return Ok(None);
        };
        ids.extend(matching);
        match last {
            Some(last) if has_more => before = last,
            _ => return Ok(Some(ids)),
        }
    }
}
