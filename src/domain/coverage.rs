//! Coverage: how many resources have each governed key, by the one resolution of what holds (`crates/tagging/src/effective.rs`).

use crate::auth::Actor;
use crate::db::sql;
use crate::entities::Cloud;
use crate::error::{Error, Result};
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult, Value};
use serde::Serialize;
use tagging::Vocabulary;

/// Groups of one report at most, the largest first.
const MAX_GROUPS: usize = 1_000;

/// Column by which coverage is grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoverageDimension {
    Key,
    Cloud,
    Account,
    ResourceType,
}

/// Filter of coverage; an unset field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CoverageFilter {
    /// Governed key, in any spelling.
    pub tag_key: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
}

/// Coverage of a group. Each taggable resource counts once for each key, in one of the states.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct CoverageGroup {
    pub tag_key: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
    pub resources: i64,
    pub native: i64,
    pub approved: i64,
    pub pending: i64,
    pub suggested: i64,
    pub missing: i64,
    pub invalid: i64,
    pub contradicted: i64,
}

/// Governed key with the values that it may have, as the statement reads it; `None` for any.
#[derive(Serialize)]
struct GovernedKeyRow<'a> {
    tag_key: &'a str,
    allowed: Option<Vec<&'a str>>,
}

/// Type of resources that is not asked for a key.
#[derive(Serialize)]
struct UntaggableRow<'a> {
    tag_key: &'a str,
    resource_type: &'a str,
}

#[derive(FromQueryResult)]
struct ResourceTypeRow {
    resource_type: String,
}

/// Reads the coverage of governed keys in the actor's scope, by the dimensions, at most 1,000 groups.
pub async fn report(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    dimensions: &[CoverageDimension],
    filter: &CoverageFilter,
) -> Result<Vec<CoverageGroup>> {
    let texts = [&filter.tag_key, &filter.account_id, &filter.resource_type];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Error::BadInput(
            "the filter must not contain NUL characters".into(),
        ));
    }
    let wanted = filter.tag_key.as_deref();
    let wanted = wanted.map(|key| vocabulary.canonical_key(key).unwrap_or(key));
    let keys: Vec<GovernedKeyRow<'_>> = vocabulary
        .keys()
        .iter()
        .filter(|key| key.governed && wanted.is_none_or(|wanted| wanted == key.name))
        .map(|key| GovernedKeyRow {
            tag_key: &key.name,
            allowed: (!key.open && key.pattern.is_none())
                .then(|| key.values.iter().map(|value| value.name.as_str()).collect()),
        })
        .collect();
    let types = "SELECT DISTINCT resource_type FROM resource_counts_now
                  WHERE $1::text[] IS NULL OR account_id = ANY($1)";
    let types: Vec<ResourceTypeRow> = sql::rows(db, types, [actor.scope.as_bind().into()]).await?;
    let untaggable: Vec<UntaggableRow<'_>> = keys
        .iter()
        .flat_map(|key| {
            types
                .iter()
                .map(move |found| (key.tag_key, found.resource_type.as_str()))
        })
        .filter(|(tag_key, resource_type)| !vocabulary.is_taggable(tag_key, resource_type))
        .map(|(tag_key, resource_type)| UntaggableRow {
            tag_key,
            resource_type,
        })
        .collect();
    let binds: [Value; 6] = [
        actor.scope.as_bind().into(),
        filter.cloud.map(|cloud| cloud.to_value()).into(),
        filter.account_id.clone().into(),
        filter.resource_type.clone().into(),
        sql::recordset(&keys)?,
        sql::recordset(&untaggable)?,
    ];
    sql::rows(db, &statement(dimensions), binds).await
}

/// Statement of a report. What holds is resolved as for effective tags; `stated` is what the resource's own tags said when
/// the resource was evaluated last.
fn statement(dimensions: &[CoverageDimension]) -> String {
    let column = |dimension, column: &str| {
        if dimensions.contains(&dimension) {
            column.to_owned()
        } else {
            "NULL::text".to_owned()
        }
    };
    let columns = [
        column(CoverageDimension::Key, "tag_key"),
        column(CoverageDimension::Cloud, "cloud"),
        column(CoverageDimension::Account, "account_id"),
        column(CoverageDimension::ResourceType, "resource_type"),
    ];
    let [key, cloud, account, resource_type] = &columns;
    let states = [
        "native",
        "approved",
        "pending",
        "suggested",
        "missing",
        "invalid",
        "contradicted",
    ];
    let counts = states.map(|state| format!("count(*) FILTER (WHERE state = '{state}') AS {state}"));
    format!(
        "WITH keys AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($5) AS k(tag_key text, allowed text[])),
         untaggable AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset($6) AS u(tag_key text, resource_type text)),
         inventory AS (
            SELECT r.id, r.cloud, r.account_id, r.resource_type, e.stated, e.disputed, e.invalid
              FROM resources r LEFT JOIN evaluations e ON e.resource_id = r.id
             WHERE r.retired_at IS NULL AND ($1::text[] IS NULL OR r.account_id = ANY($1))
               AND ($2::text IS NULL OR r.cloud = $2) AND ($3::text IS NULL OR r.account_id = $3)
               AND ($4::text IS NULL OR r.resource_type = $4)),
         tagged AS (
            SELECT t.resource_id, t.tag_key,
                   max(t.tag_value) FILTER (WHERE t.approval_status = 'APPROVED') AS approved,
                   max(t.tag_value) FILTER (WHERE t.approval_status = 'PENDING' AND t.auto_applied) AS applied,
                   bool_or(t.evidence_signature ^@ 'CONTRADICTS:') AS contradiction
              FROM virtual_tags t JOIN keys k USING (tag_key)
             WHERE t.approval_status IN ('APPROVED', 'PENDING')
               AND ($1::text[] IS NULL OR t.account_id = ANY($1))
               AND ($2::text IS NULL OR t.cloud = $2) AND ($3::text IS NULL OR t.account_id = $3)
               AND ($4::text IS NULL OR t.resource_type = $4)
             GROUP BY t.resource_id, t.tag_key),
         cells AS (
            SELECT k.tag_key, i.cloud, i.account_id, i.resource_type, CASE
                WHEN coalesce(t.approved, t.applied) <> ALL (k.allowed) THEN 'invalid'
                WHEN t.approved IS NOT NULL THEN 'approved'
                WHEN t.applied IS NOT NULL THEN 'pending'
                WHEN i.stated ? k.tag_key
                     THEN CASE WHEN t.contradiction OR k.tag_key = ANY (i.disputed) THEN 'contradicted' ELSE 'native' END
                WHEN k.tag_key = ANY (i.invalid) THEN 'invalid'
                WHEN t.resource_id IS NOT NULL THEN 'suggested'
                ELSE 'missing' END AS state
              FROM inventory i CROSS JOIN keys k
              LEFT JOIN tagged t ON t.resource_id = i.id AND t.tag_key = k.tag_key
             WHERE NOT EXISTS (SELECT FROM untaggable u
                    WHERE u.tag_key = k.tag_key AND u.resource_type = i.resource_type))
         SELECT {key} AS tag_key, {cloud} AS cloud, {account} AS account_id, {resource_type} AS resource_type,
                count(*) AS resources, {}
           FROM cells GROUP BY 1, 2, 3, 4 ORDER BY resources DESC, 1, 2, 3, 4 LIMIT {MAX_GROUPS}",
        counts.join(", ")
    )
}
