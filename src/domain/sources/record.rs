//! Records of what providers report: kept for people, and for the next report.

use crate::db::{Begin, sql};
use crate::entities::AccountCoverage;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde::Serialize;

/// Account, as a report covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountReport {
    pub account_id: String,
    pub coverage: AccountCoverage,
    /// Reasons for which resources may be missing.
    pub reasons: Vec<String>,
    pub resource_count: u64,
}

/// Resources that a snapshot lacks, and that are not retired unasked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    pub ids: Vec<i64>,
    /// Number of resources of the provider before its report.
    pub known: u64,
}

/// Report of a provider that has ended.
pub struct ProviderReport<'a> {
    pub run_id: i64,
    pub source_id: i64,
    /// Name of the provider.
    pub name: &'a str,
    pub account_id: Option<&'a str>,
    /// Fault for which the report ended early.
    pub error: Option<String>,
    pub accounts: Vec<AccountReport>,
    /// Resources that are not retired, as a snapshot found; `None` for a report that found nothing about that.
    pub withheld: Option<Withheld>,
}

/// Provider of an account that its source no longer lists.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Departed {
    pub name: String,
    pub account_id: Option<String>,
    /// Number of its resources.
    pub resources: i64,
}

#[derive(FromQueryResult)]
struct SourceIdRow {
    id: i64,
}

/// Id of a source, which is made when it is asked for the first time.
pub async fn source_id(db: &DatabaseConnection, name: &str) -> Result<i64> {
    let find = "INSERT INTO discovery_sources (name) VALUES ($1)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
    let row: Option<SourceIdRow> = sql::row(db, find, [name.into()]).await?;
    Ok(row.ok_or_else(|| Error::internal("a source has no row"))?.id)
}

/// Records that a source has reported completely and without a fault.
pub async fn complete(db: &DatabaseConnection, source_id: i64) -> Result<()> {
    let complete = "UPDATE discovery_sources SET reported_at = now() WHERE id = $1";
    sql::execute(db, complete, [source_id.into()]).await.map(drop)
}

/// Records the report of a provider.
pub async fn record(db: &DatabaseConnection, report: ProviderReport<'_>) -> Result<()> {
    let txn = db.begin().await?;
    let provider = "INSERT INTO discovery_providers AS p
             (name, source_id, account_id, attempted_at, reported_at, error, withheld, withheld_of, withheld_at)
         VALUES ($1, $2, $3, now(), CASE WHEN $4::text IS NULL THEN now() END, $4, coalesce($5, '{}'), $6,
                 CASE WHEN cardinality($5) > 0 THEN now() END)
         ON CONFLICT (name) DO UPDATE SET source_id = excluded.source_id, account_id = excluded.account_id,
             attempted_at = excluded.attempted_at, reported_at = coalesce(excluded.reported_at, p.reported_at),
             error = excluded.error,
             withheld = coalesce($5, p.withheld), withheld_of = CASE WHEN $5 IS NULL THEN p.withheld_of ELSE $6 END,
             withheld_at = CASE WHEN $5 IS NULL THEN p.withheld_at
                                WHEN cardinality($5) > 0 THEN coalesce(p.withheld_at, now()) END,
             confirmed = CASE WHEN $5 IS NULL THEN p.confirmed ELSE '{}' END,
             confirmed_by = CASE WHEN $5 IS NULL THEN p.confirmed_by END,
             confirmed_at = CASE WHEN $5 IS NULL THEN p.confirmed_at END"
        .replace("$5", "$5::bigint[]");
    let (withheld, known) = match report.withheld {
        Some(withheld) => (Some(withheld.ids), withheld.known),
        None => (None, 0),
    };
    let binds = [
        report.name.into(),
        report.source_id.into(),
        report.account_id.into(),
        report.error.into(),
        withheld.into(),
        i64::try_from(known).unwrap_or(i64::MAX).into(),
    ];
    sql::execute(&txn, &provider, binds).await?;
    if !report.accounts.is_empty() {
        replace_accounts(&txn, report.source_id, report.name).await?;
        // An earlier attempt of the run may have reported them.
        let again = "DELETE FROM discovery_accounts WHERE run_id = $1 AND provider = $2";
        sql::execute(&txn, again, [report.run_id.into(), report.name.into()]).await?;
        let insert = "INSERT INTO discovery_accounts
                 (run_id, source_id, provider, account_id, coverage, reasons, resource_count)
             SELECT $1, $2, $3, a.account_id, a.coverage, a.reasons, a.resource_count
               FROM jsonb_to_recordset($4) AS a(account_id text, coverage text, reasons text[], resource_count bigint)
              ORDER BY a.account_id";
        let binds = [
            report.run_id.into(),
            report.source_id.into(),
            report.name.into(),
            sql::recordset(&report.accounts)?,
        ];
        sql::execute(&txn, insert, binds).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// Ends that the accounts of a provider's last report are its current ones.
async fn replace_accounts(db: &impl ConnectionTrait, source_id: i64, provider: &str) -> Result<()> {
    let replace = "UPDATE discovery_accounts SET is_current = false
         WHERE source_id = $1 AND is_current AND provider = $2";
    sql::execute(db, replace, [source_id.into(), provider.into()])
        .await
        .map(drop)
}

/// Records that a source could not list its accounts, or that it could again.
pub async fn listing_failed(
    db: &DatabaseConnection,
    source_id: i64,
    name: &str,
    error: Option<String>,
) -> Result<()> {
    let listed = "DELETE FROM discovery_providers WHERE name = $1 AND source_id = $2 AND $3::text IS NULL";
    let failed = "INSERT INTO discovery_providers AS p (name, source_id, attempted_at, error)
         VALUES ($1, $2, now(), $3)
         ON CONFLICT (name) DO UPDATE SET attempted_at = now(), error = excluded.error";
    let statement = if error.is_none() { listed } else { failed };
    let binds = [name.into(), source_id.into(), error.into()];
    sql::execute(db, statement, binds).await.map(drop)
}

/// Providers of accounts that the source does not list any more, with their numbers of resources.
pub async fn departed(db: &DatabaseConnection, source_id: i64, listed: Vec<String>) -> Result<Vec<Departed>> {
    let departed = "SELECT p.name, p.account_id, r.resources FROM discovery_providers p
         CROSS JOIN LATERAL (SELECT count(*) AS resources FROM resources r
                              WHERE r.discovered_by = p.name AND r.retired_at IS NULL) r
         WHERE p.source_id = $1 AND p.name <> ALL ($2) ORDER BY p.name";
    sql::rows(db, departed, [source_id.into(), listed.into()]).await
}

/// Forgets a provider that its source does not list any more, and that has no resources.
pub async fn leave(db: &DatabaseConnection, source_id: i64, provider: &str) -> Result<()> {
    let txn = db.begin().await?;
    replace_accounts(&txn, source_id, provider).await?;
    let leave = "DELETE FROM discovery_providers WHERE name = $1";
    sql::execute(&txn, leave, [provider.into()]).await?;
    txn.commit().await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct ConfirmedRow {
    confirmed: Vec<i64>,
}

/// Resources of the provider whose retirement a person confirmed.
pub async fn confirmed(db: &DatabaseConnection, provider: &str) -> Result<Vec<i64>> {
    let confirmed = "SELECT confirmed FROM discovery_providers WHERE name = $1";
    let row: Option<ConfirmedRow> = sql::row(db, confirmed, [provider.into()]).await?;
    Ok(row.map(|row| row.confirmed).unwrap_or_default())
}

/// Confirms what waits of a provider: at most what was shown is retired by the next snapshot that lacks it. Returns the name
/// of the source and the number of resources; `None` if nothing waits.
pub async fn confirm(
    txn: &impl ConnectionTrait,
    provider: &str,
    actor: &str,
) -> Result<Option<(String, i64)>> {
    #[derive(FromQueryResult)]
    struct ConfirmationRow {
        source: String,
        resources: i64,
    }
    let confirm =
        "UPDATE discovery_providers p SET confirmed = p.withheld, confirmed_by = $2, confirmed_at = now()
           FROM discovery_sources s
         WHERE p.name = $1 AND s.id = p.source_id AND cardinality(p.withheld) > 0
         RETURNING s.name AS source, cardinality(p.withheld)::bigint AS resources";
    let row: Option<ConfirmationRow> = sql::row(txn, confirm, [provider.into(), actor.into()]).await?;
    Ok(row.map(|row| (row.source, row.resources)))
}

/// Runs of discovery whose accounts are kept, besides those of each provider's last report.
const KEPT_RUNS: i64 = 5;

/// Deletes the accounts of runs of discovery before the last few. Each run does so when it starts, so it is enough to check a
/// hundred of them.
pub async fn forget_old(db: &impl ConnectionTrait) -> Result<()> {
    let forget = "DELETE FROM discovery_accounts WHERE NOT is_current AND run_id IN
         (SELECT id FROM scheduler_jobs WHERE job_name = 'discover' ORDER BY id DESC OFFSET $1 LIMIT 100)";
    sql::execute(db, forget, [KEPT_RUNS.into()]).await.map(drop)
}
