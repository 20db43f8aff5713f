//! Index of all resources for the miner. It is kept from one run to the next, so that after a decision only what was
//! evaluated since is read again.

use super::input::{self, MinedRow};
use super::store::NewSuggestion;
use crate::db::sql;
use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::collections::HashMap;
use std::sync::Arc;
use tagging::Vocabulary;
use tagging::suggestions::{DecidedSuggestion, MinerSettings, SuggestionIndex, SuggestionMiner};
use tokio::sync::mpsc;

/// Resources read at once.
const PAGE: u64 = 5_000;
/// Resources of an inventory whose index is kept in memory at most.
const MOST_KEPT: usize = 200_000;
/// Transactions that began so long before they committed are not missed.
const MARGIN: TimeDelta = TimeDelta::seconds(30);

/// Index that was used last.
#[derive(Clone, Default)]
pub struct SuggestionCache(Arc<Mutex<Option<Box<IndexedInventory>>>>);

/// Resources of an inventory as they were read.
struct IndexedInventory {
    index: SuggestionIndex,
    vocabulary: Arc<Vocabulary>,
    /// Fingerprint of the vocabulary.
    fingerprint: String,
    /// Id of each resource, by its number in the index.
    ids: Vec<i64>,
    /// Account of each resource.
    accounts: Vec<Arc<str>>,
    /// Number of each resource in the index, by its id.
    numbers: HashMap<i64, u32>,
    /// Time of the database before the resources were read.
    read_at: DateTime<Utc>,
}

impl SuggestionCache {
    /// Suggestions for the inventory as it is, the most worthwhile first.
    pub(super) async fn mine(
        &self,
        db: &DatabaseConnection,
        vocabulary: &Arc<Vocabulary>,
        decided: Vec<DecidedSuggestion>,
    ) -> Result<Vec<NewSuggestion>> {
        let kept = self.0.lock().take();
        let inventory = match kept {
            Some(inventory) if inventory.fingerprint == vocabulary.fingerprint() => {
                refreshed(db, inventory).await?
            }
            _ => None,
        };
        let inventory = match inventory {
            Some(inventory) => inventory,
            None => read(db, vocabulary).await?,
        };
        let (inventory, suggestions) = blocking(move || {
            let mined = inventory.index.rank(&decided);
            let suggestions = mined.into_iter().filter_map(|mined| {
                let members = mined
                    .members
                    .iter()
                    .filter_map(|number| inventory.account(*number));
                let samples = mined
                    .samples
                    .iter()
                    .filter_map(|number| inventory.id(*number))
                    .collect();
                let mut accounts: Vec<&str> = members.collect();
                accounts.sort_unstable();
                accounts.dedup();
                let accounts = accounts.into_iter().map(str::to_owned).collect();
                NewSuggestion::of(mined, accounts, samples).transpose()
            });
            let suggestions = suggestions.collect::<Result<Vec<_>>>()?;
            Ok((inventory, suggestions))
        })
        .await?;
        if inventory.ids.len() <= MOST_KEPT {
            *self.0.lock() = Some(inventory);
        }
        Ok(suggestions)
    }
}

impl IndexedInventory {
    fn id(&self, number: u32) -> Option<i64> {
        self.ids.get(number as usize).copied()
    }

    fn account(&self, number: u32) -> Option<&str> {
        self.accounts.get(number as usize).map(|account| &**account)
    }

    fn set_cells(&mut self, rows: Vec<MinedRow>) -> Result<()> {
        for row in rows {
            let Some(number) = self.numbers.get(&row.resource.id).copied() else {
                continue;
            };
            let (input, denied) = row.into_input(&self.vocabulary)?;
            self.index.set_cells(number, &input.holds, &input.guesses);
            self.index.set_denied(number, &denied);
        }
        Ok(())
    }
}

/// Reads all resources, and has a thread of its own make the index meanwhile.
async fn read(db: &DatabaseConnection, vocabulary: &Arc<Vocabulary>) -> Result<Box<IndexedInventory>> {
    let read_at = time(db).await?;
    let (pages, mut arriving) = mpsc::channel::<Vec<MinedRow>>(2);
    let vocabulary = Arc::clone(vocabulary);
    let making = blocking(move || {
        let mut miner = SuggestionMiner::new(Arc::clone(&vocabulary), MinerSettings::default());
        let (mut ids, mut accounts, mut denied_of) = (Vec::new(), Vec::new(), Vec::new());
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        while let Some(page) = arriving.blocking_recv() {
            for row in page {
                ids.push(row.resource.id);
                let name = row.resource.account_id.as_str();
                let name = match names.get(name) {
                    Some(name) => Arc::clone(name),
                    None => Arc::clone(names.entry(name.to_owned()).or_insert_with(|| name.into())),
                };
                accounts.push(name);
                let (input, denied) = row.into_input(&vocabulary)?;
                if !denied.is_empty() {
                    denied_of.push((ids.len() as u32 - 1, denied));
                }
                miner.add(input);
            }
        }
        let numbers = ids.iter().zip(0u32..).map(|(id, number)| (*id, number)).collect();
        let mut index = miner.finish();
        for (row, denied) in denied_of {
            index.set_denied(row, &denied);
        }
        Ok(Box::new(IndexedInventory {
            index,
            fingerprint: vocabulary.fingerprint().to_owned(),
            vocabulary,
            ids,
            accounts,
            numbers,
            read_at,
        }))
    });
    let reading = async move {
        let mut after = 0;
        loop {
            let page = input::page(db, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.resource.id;
            // The other side only ends early with an error of its own.
            if pages.send(page).await.is_err() {
                return Ok(());
            }
        }
    };
    let (inventory, ()) = tokio::try_join!(making, reading)?;
    Ok(inventory)
}

/// The same inventory with what was evaluated since; `None` if resources themselves or their cost changed.
async fn refreshed(
    db: &DatabaseConnection,
    mut inventory: Box<IndexedInventory>,
) -> Result<Option<Box<IndexedInventory>>> {
    #[derive(FromQueryResult)]
    struct InventoryState {
        present: i64,
        changed: i64,
        bills: i64,
    }
    #[derive(FromQueryResult)]
    struct EvaluatedResource {
        resource_id: i64,
    }
    let read_at = time(db).await?;
    let since = inventory.read_at - MARGIN;
    let state = "SELECT count(*) FILTER (WHERE retired_at IS NULL) AS present,
                        count(*) FILTER (WHERE changed_at >= $1) AS changed,
                        (SELECT count(*) FROM cost_bills WHERE imported_at >= $1) AS bills FROM resources";
    let state: Option<InventoryState> = sql::row(db, state, [since.into()]).await?;
    let is_same = |state: InventoryState| {
        state.changed == 0 && state.bills == 0 && state.present == inventory.ids.len() as i64
    };
    if !state.is_some_and(is_same) {
        return Ok(None);
    }
    let evaluated = "SELECT resource_id FROM evaluations WHERE evaluated_at >= $1";
    let evaluated: Vec<EvaluatedResource> = sql::rows(db, evaluated, [since.into()]).await?;
    for part in evaluated.chunks(PAGE as usize) {
        let ids = part.iter().map(|row| row.resource_id).collect();
        let rows = input::by_ids(db, ids).await?;
        inventory = blocking(move || {
            inventory.set_cells(rows)?;
            Ok(inventory)
        })
        .await?;
    }
    inventory.read_at = read_at;
    Ok(Some(inventory))
}

async fn time(db: &DatabaseConnection) -> Result<DateTime<Utc>> {
    #[derive(FromQueryResult)]
    struct DatabaseTime {
        now: DateTime<Utc>,
    }
    let now: Option<DatabaseTime> = sql::row(db, "SELECT clock_timestamp() AS now", []).await?;
    now.map(|row| row.now)
        .ok_or_else(|| Error::internal("PostgreSQL has no time"))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
