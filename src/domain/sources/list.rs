//! List of the configured sources.

use crate::auth::{AccountScope, Actor};
use crate::clock::Clock;
use crate::db::sql;
use crate::entities::{JobName, schedule};
use crate::error::Result;
use crate::runs;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};

/// Faults and withheld retirements that a source shows.
const SHOWN_PROVIDERS: i64 = 100;

/// Source as the configuration names it, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredSource {
    /// `None` for one that was never asked.
    pub id: Option<i64>,
    pub name: String,
    /// Time of the last report without a fault.
    pub reported_at: Option<DateTime<Utc>>,
    /// Time at which it is asked next; `None` while the schedule is paused.
    pub next_run_at: Option<DateTime<Utc>>,
    /// Faults of the last attempts, of the source or of its accounts.
    pub errors: Vec<SourceFault>,
    pub withheld: Vec<WithheldRetirement>,
}

/// Fault of the last attempt of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFault {
    pub provider: String,
    pub account_id: Option<String>,
    pub message: String,
    pub attempted_at: DateTime<Utc>,
}

/// Resources that a provider no longer reports, and whose retirement waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithheldRetirement {
    pub provider: String,
    pub account_id: Option<String>,
    pub resource_count: i64,
    /// Number of resources of the provider.
    pub known_count: i64,
    pub withheld_at: DateTime<Utc>,
    pub confirmed_by: Option<String>,
    pub confirmed_at: Option<DateTime<Utc>>,
    /// First of the resources.
    pub samples: Vec<i64>,
}

#[derive(FromQueryResult)]
struct DiscoverySourceRow {
    id: i64,
    name: String,
    reported_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct ProviderRow {
    source_id: i64,
    name: String,
    account_id: Option<String>,
    attempted_at: DateTime<Utc>,
    error: Option<String>,
    resource_count: i64,
    withheld_of: i64,
    withheld_at: Option<DateTime<Utc>>,
    confirmed_by: Option<String>,
    confirmed_at: Option<DateTime<Utc>>,
    samples: Vec<i64>,
}

/// Sources of the configuration, in its order. Faults and withheld retirements may speak of any account: callers limited to
/// some see none of them.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    clock: &dyn Clock,
    names: &[String],
) -> Result<Vec<ConfiguredSource>> {
    let found = "SELECT id, name, reported_at FROM discovery_sources WHERE name = ANY($1)";
    let found: Vec<DiscoverySourceRow> = sql::rows(db, found, [names.to_vec().into()]).await?;
    let mut providers = match actor.scope {
        AccountScope::All => providers(db, found.iter().map(|row| row.id).collect()).await?,
        AccountScope::Only(_) => Vec::new(),
    };
    let schedule = schedule::find(&actor.scope)
        .filter(schedule::Column::JobName.eq(JobName::Discover))
        .one(db)
        .await?;
    let next_run_at = schedule.and_then(|schedule| runs::next_run_at(&schedule, clock.now()));
    let source = |name: &String| {
        let row = found.iter().find(|row| row.name == *name);
        let id = row.map(|row| row.id);
        let own = providers.extract_if(.., |row| Some(row.source_id) == id);
        let (errors, withheld): (Vec<_>, Vec<_>) = own.map(ProviderRow::parts).unzip();
        ConfiguredSource {
            id,
            name: name.clone(),
            reported_at: row.and_then(|row| row.reported_at),
            next_run_at,
            errors: errors.into_iter().flatten().collect(),
            withheld: withheld.into_iter().flatten().collect(),
        }
    };
    Ok(names.iter().map(source).collect())
}

/// Providers of the sources with something to show, some of each.
async fn providers(db: &DatabaseConnection, sources: Vec<i64>) -> Result<Vec<ProviderRow>> {
    let providers = "SELECT p.source_id, p.name, p.account_id, p.attempted_at, p.error,
             cardinality(p.withheld)::bigint AS resource_count, p.withheld_of, p.withheld_at, p.confirmed_by,
             p.confirmed_at, p.withheld[1:100] AS samples
           FROM unnest($1::bigint[]) AS s(id)
          CROSS JOIN LATERAL (SELECT * FROM discovery_providers p
                WHERE p.source_id = s.id AND (p.error IS NOT NULL OR p.withheld_at IS NOT NULL)
                ORDER BY p.name LIMIT $2) p
          ORDER BY p.source_id, p.name";
    sql::rows(db, providers, [sources.into(), SHOWN_PROVIDERS.into()]).await
}

impl ProviderRow {
    fn parts(self) -> (Option<SourceFault>, Option<WithheldRetirement>) {
        let fault = self.error.map(|message| SourceFault {
            provider: self.name.clone(),
            account_id: self.account_id.clone(),
            message,
            attempted_at: self.attempted_at,
        });
        let withheld = self.withheld_at.map(|withheld_at| WithheldRetirement {
            provider: self.name,
            account_id: self.account_id,
            resource_count: self.resource_count,
            known_count: self.withheld_of,
            withheld_at,
            confirmed_by: self.confirmed_by,
            confirmed_at: self.confirmed_at,
            samples: self.samples,
        });
        (fault, withheld)
    }
}
