//! Stored changes of the vocabulary, and the vocabulary of this process.

use crate::db::sql;
use crate::entities::{AccountScope, vocabulary_key};
use crate::error::{Error, Result};
use parking_lot::RwLock;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryOrder};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tagging::{CanonicalKey, KeyChange, Vocabulary, VocabularyError, VocabularyFile};
use tokio_util::sync::CancellationToken;

/// Interval at which a process looks for changes that others made.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(2);

/// Changes by names of keys, with the version of each.
type StoredChanges = BTreeMap<String, (KeyChange, i32)>;

/// Vocabulary of this process, shared by all that use it: the shipped one until the stored changes are read.
#[derive(Clone, Default)]
pub struct LiveVocabulary(Arc<RwLock<Arc<StoredVocabulary>>>);

/// Vocabulary with the changes that were stored at a version.
#[derive(Default)]
pub struct StoredVocabulary {
    /// Number of the last change; 0 before any.
    pub version: i64,
    pub vocabulary: Arc<Vocabulary>,
    changes: StoredChanges,
}

/// Key of the vocabulary as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct VocabularyKeyState {
    pub key: CanonicalKey,
    /// Version of its changes; 0 for a key as shipped.
    pub version: i32,
    /// Names of the fields that differ from the shipped key.
    pub customized: Vec<&'static str>,
    /// The product ships the key.
    pub is_shipped: bool,
}

impl StoredVocabulary {
    /// All keys: those that are shipped in their order, then those that were added.
    pub fn keys(&self) -> Vec<VocabularyKeyState> {
        self.vocabulary.keys().iter().map(|key| self.state(key)).collect()
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<VocabularyKeyState> {
        self.vocabulary.key(name).map(|key| self.state(key))
    }

    /// The changes by names of keys.
    pub fn changes(&self) -> BTreeMap<String, KeyChange> {
        let changes = self.changes.iter();
        changes
            .map(|(name, (change, _))| (name.clone(), change.clone()))
            .collect()
    }

    fn state(&self, key: &CanonicalKey) -> VocabularyKeyState {
        let change = self.changes.get(&key.name);
        VocabularyKeyState {
            key: key.clone(),
            version: change.map_or(0, |(_, version)| *version),
            customized: change.map_or_else(Vec::new, |(change, _)| change.fields()),
            is_shipped: Vocabulary::shipped_file()
                .is_ok_and(|file| file.keys.iter().any(|own| own.name == key.name)),
        }
    }
}

impl LiveVocabulary {
    /// The vocabulary as this process knows it.
    pub fn current(&self) -> Arc<StoredVocabulary> {
        Arc::clone(&self.0.read())
    }

    /// Reads the stored changes if there are others than those of this process.
    pub async fn refresh(&self, db: &impl ConnectionTrait) -> Result<Arc<StoredVocabulary>> {
        let version = version(db).await?;
        let known = self.current();
        if version == known.version {
            return Ok(known);
        }
        let read = Arc::new(read(db, version).await?);
        let mut held = self.0.write();
        if held.version < read.version {
            *held = Arc::clone(&read);
        }
        Ok(read)
    }

    /// Looks for changes of others until the process ends.
    pub async fn follow(self, db: DatabaseConnection, ending: CancellationToken) {
        while ending
            .run_until_cancelled(tokio::time::sleep(FOLLOW_INTERVAL))
            .await
            .is_some()
        {
            if let Err(error) = self.refresh(&db).await {
                error.log("the vocabulary could not be read");
            }
        }
    }
}

async fn version(db: &impl ConnectionTrait) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct VocabularyVersionRow {
        version: i64,
    }
    let version = "SELECT coalesce(max(version), 0) AS version FROM vocabulary_versions";
    let row: Option<VocabularyVersionRow> = sql::row(db, version, []).await?;
    Ok(row.map_or(0, |row| row.version))
}

/// Reads the changes as they are now. Changes that do not fit the shipped vocabulary any more, since a newer version of the
/// product claims their spellings, are left out, and logged.
async fn read(db: &impl ConnectionTrait, version: i64) -> Result<StoredVocabulary> {
    let changes = changes(db).await?;
    let shipped = Vocabulary::shipped_file().map_err(Error::internal)?;
    let vocabulary = merged(&shipped, &changes).or_else(|_| fitting(&shipped, &changes))?;
    Ok(StoredVocabulary {
        version,
        vocabulary: Arc::new(vocabulary),
        changes,
    })
}

/// Reads the changes within the transaction that makes them; the inner error says which of them does not fit.
pub(super) async fn read_strictly(
    txn: &impl ConnectionTrait,
) -> Result<std::result::Result<StoredVocabulary, VocabularyError>> {
    let changes = changes(txn).await?;
    let shipped = Vocabulary::shipped_file().map_err(Error::internal)?;
    Ok(merged(&shipped, &changes).map(|vocabulary| StoredVocabulary {
        version: 0,
        vocabulary: Arc::new(vocabulary),
        changes,
    }))
}

fn merged(
    shipped: &VocabularyFile,
    changes: &StoredChanges,
) -> std::result::Result<Vocabulary, VocabularyError> {
    let changes = changes.iter().map(|(name, (change, _))| (name, change));
    Vocabulary::from_file(shipped.changed(changes))
}

async fn changes(db: &impl ConnectionTrait) -> Result<StoredChanges> {
    let rows = vocabulary_key::find(&AccountScope::All)
        .order_by_asc(vocabulary_key::Column::Name)
        .all(db)
        .await?;
    let mut changes = BTreeMap::new();
    for row in rows {
        let change: KeyChange = serde_json::from_value(row.definition).map_err(Error::internal)?;
        changes.insert(row.name, (change, row.version));
    }
    Ok(changes)
}

fn fitting(shipped: &VocabularyFile, changes: &StoredChanges) -> Result<Vocabulary> {
    let mut file = shipped.clone();
    for (name, (change, _)) in changes {
        let with = file.changed([(name, change)]);
        match Vocabulary::from_file(with.clone()) {
            Ok(_) => file = with,
            Err(error) => {
                tracing::error!(key = name, %error, "a stored key does not fit the vocabulary; it is as shipped");
            }
        }
    }
    Vocabulary::from_file(file).map_err(Error::internal)
}

/// Keeps others from changing keys until the transaction ends.
pub(super) async fn lock(db: &impl ConnectionTrait) -> Result<()> {
    let lock = "LOCK TABLE vocabulary_keys IN SHARE ROW EXCLUSIVE MODE";
    sql::execute(db, lock, []).await.map(drop)
}

/// The row of a key.
pub(super) async fn row(db: &impl ConnectionTrait, name: &str) -> Result<Option<vocabulary_key::Model>> {
    let of_name = vocabulary_key::find(&AccountScope::All).filter(vocabulary_key::Column::Name.eq(name));
    Ok(of_name.one(db).await?)
}
