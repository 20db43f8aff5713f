//! Changes of the vocabulary. Each raises the revision, so that every resource is evaluated again; requests the run that
//! does so; and keeps all definitions as a version.

use super::store::{self, LiveVocabulary, StoredVocabulary, VocabularyKeyState};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::admin_changes::{self, AdminAction, AdminSubject, NewAdminChange};
use crate::domain::evaluation::AutoTagJob;
use crate::domain::revision;
use crate::entities::vocabulary_key;
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, Run};
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::collections::BTreeMap;
use tagging::{KeyChange, VocabularyError};

/// Keys that may be changed or added.
pub const MAX_KEYS: usize = 200;
/// Entries of a list of a key.
const MAX_ENTRIES: usize = 2_000;
/// Characters of a spelling, a type or a value.
const MAX_TEXT: usize = 256;
/// Characters of a description or a pattern.
const MAX_LONG_TEXT: usize = 1_000;

/// Key after a change.
#[derive(Clone, Debug)]
pub struct SavedKey {
    /// The key as it is now; for a key of the customer's own that was deleted, as it was.
    pub key: VocabularyKeyState,
    /// Run that evaluates all resources; `None` when nothing was changed.
    pub run: Option<Run>,
}

/// Key of a file that is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedKey {
    pub name: String,
    pub action: AdminAction,
}

/// Changes or adds a key. Fails if `version` is given and not the present one.
pub async fn update(
    db: &DatabaseConnection,
    actor: &Actor,
    live: &LiveVocabulary,
    name: &str,
    version: Option<i32>,
    change: impl FnOnce(&mut KeyChange) -> Result<()>,
) -> Result<SavedKey> {
    require(actor)?;
    let txn = begin(db).await?;
    let old = store::row(&txn, name).await?;
    check_version(old.as_ref(), version)?;
    let before = definition(old.as_ref())?;
    let mut after = before.clone();
    change(&mut after)?;
    if old.is_some() && after == before {
        return unchanged(&txn, name).await;
    }
    write(&txn, actor, name, old.as_ref(), Some(&after)).await?;
    let stored = checked(&txn).await?;
    let key = stored
        .key(name)
        .ok_or_else(|| Error::not_found("name", "such key"))?;
    let run = finish(db, txn, actor, live).await?;
    Ok(SavedKey { key, run: Some(run) })
}

/// Takes back all changes of a key; a key of the customer's own is deleted with them.
pub async fn delete(
    db: &DatabaseConnection,
    actor: &Actor,
    live: &LiveVocabulary,
    name: &str,
    version: Option<i32>,
) -> Result<SavedKey> {
    require(actor)?;
    let txn = begin(db).await?;
    let old = store::row(&txn, name).await?;
    check_version(old.as_ref(), version)?;
    let was = checked(&txn).await?.key(name);
    let was = was.ok_or_else(|| Error::not_found("name", "such key"))?;
    if old.is_none() {
        return Ok(SavedKey { key: was, run: None });
    }
    write(&txn, actor, name, old.as_ref(), None).await?;
    let key = checked(&txn).await?.key(name).unwrap_or(was);
    let run = finish(db, txn, actor, live).await?;
    Ok(SavedKey { key, run: Some(run) })
}

/// Gives keys the changes of a file. Keys that the file does not name stay as they are. A dry run tells what would be
/// changed, and changes nothing.
pub async fn apply(
    db: &DatabaseConnection,
    actor: &Actor,
    live: &LiveVocabulary,
    changes: &BTreeMap<String, KeyChange>,
    is_dry_run: bool,
) -> Result<Vec<AppliedKey>> {
    require(actor)?;
    let txn = begin(db).await?;
    let mut applied = Vec::new();
    for (name, change) in changes {
        let old = store::row(&txn, name).await?;
        if old.is_some() && definition(old.as_ref())? == *change {
            continue;
        }
        write(&txn, actor, name, old.as_ref(), Some(change)).await?;
        applied.push(AppliedKey {
            name: name.clone(),
            action: if old.is_some() {
                AdminAction::Updated
            } else {
                AdminAction::Created
            },
        });
    }
    checked(&txn).await?;
    if !is_dry_run && !applied.is_empty() {
        finish(db, txn, actor, live).await?;
    }
    Ok(applied)
}

fn require(actor: &Actor) -> Result<()> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()
}

/// Begins a change with the new revision; changes of the vocabulary wait for each other.
async fn begin(db: &DatabaseConnection) -> Result<Transaction> {
    let txn = db.begin().await?;
    revision::raise(&txn).await?;
    store::lock(&txn).await?;
    Ok(txn)
}

fn check_version(row: Option<&vocabulary_key::Model>, version: Option<i32>) -> Result<()> {
    let present = row.map_or(0, |row| row.version);
    if version.is_none_or(|version| version == present) {
        return Ok(());
    }
    let by = row.map_or_else(String::new, |row| format!(" by {}", row.updated_by));
    let message = format!("changed{by} since you read it; it is at version {present}");
    let problem = Problem::field(ProblemCode::Stale, "version", message);
    Err(Error::Validation(vec![problem]))
}

fn definition(row: Option<&vocabulary_key::Model>) -> Result<KeyChange> {
    match row {
        Some(row) => serde_json::from_value(row.definition.clone()).map_err(Error::internal),
        None => Ok(KeyChange::default()),
    }
}

async fn unchanged(txn: &Transaction, name: &str) -> Result<SavedKey> {
    let key = checked(txn).await?.key(name);
    let key = key.ok_or_else(|| Error::not_found("name", "such key"))?;
    Ok(SavedKey { key, run: None })
}

/// Writes a definition, or deletes it, with its row in the trail of administration.
async fn write(
    txn: &Transaction,
    actor: &Actor,
    name: &str,
    old: Option<&vocabulary_key::Model>,
    change: Option<&KeyChange>,
) -> Result<()> {
    let after = change
        .map(serde_json::to_value)
        .transpose()
        .map_err(Error::internal)?;
    let action = match (old, &after) {
        (_, None) => AdminAction::Deleted,
        (None, Some(_)) => AdminAction::Created,
        (Some(_), Some(_)) => AdminAction::Updated,
    };
    match (change, &after) {
        (Some(change), Some(after)) => {
            check_name(name)?;
            check_sizes(change)?;
            let upsert = "INSERT INTO vocabulary_keys AS k (name, definition, created_by, updated_by) VALUES ($1, $2, $3, $3)
                ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, version = k.version + 1,
                    updated_at = now(), updated_by = excluded.updated_by";
            let binds = [name.into(), after.clone().into(), actor.subject.clone().into()];
            sql::execute(txn, upsert, binds).await?;
        }
        _ => {
            sql::execute(txn, "DELETE FROM vocabulary_keys WHERE name = $1", [name.into()]).await?;
        }
    }
    let change = NewAdminChange {
        action,
        subject: AdminSubject::VocabularyKey,
        subject_id: Some(name.to_owned()),
        subject_name: name.to_owned(),
        before: old.map(|row| row.definition.clone()),
        after,
    };
    admin_changes::record(txn, actor, change).await
}

/// The vocabulary with all changes of the transaction; the error says what does not fit.
async fn checked(txn: &Transaction) -> Result<StoredVocabulary> {
    #[derive(FromQueryResult)]
    struct CountRow {
        count: i64,
    }
    let count: Option<CountRow> = sql::row(txn, "SELECT count(*) AS count FROM vocabulary_keys", []).await?;
    if count.is_some_and(|row| row.count > MAX_KEYS as i64) {
        let message = format!("at most {MAX_KEYS} keys may be changed or added");
        return Err(Error::Validation(vec![Problem::new(
            ProblemCode::TooMany,
            message,
        )]));
    }
    store::read_strictly(txn).await?.map_err(|error| refused(&error))
}

fn refused(error: &VocabularyError) -> Error {
    let field = match error {
        VocabularyError::KeyName(_) | VocabularyError::TwiceDefined(_) | VocabularyError::Json(_) => "name",
        VocabularyError::ValueName { .. } | VocabularyError::AmbiguousValue { .. } => "values",
        VocabularyError::AmbiguousKey { .. } => "synonyms",
        VocabularyError::Pattern { .. } => "pattern",
        VocabularyError::KeyThresholds(_) => "autoApplyThreshold",
    };
    Error::invalid(field, error.to_string())
}

fn check_name(name: &str) -> Result<()> {
    let words = name
        .split('-')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if words && name.len() <= 128 {
        Ok(())
    } else {
        Err(Error::invalid(
            "name",
            "must be lower-case words joined by hyphens, 128 characters at most",
        ))
    }
}

fn check_sizes(change: &KeyChange) -> Result<()> {
    let long = [("description", &change.description), ("pattern", &change.pattern)];
    for (field, text) in long {
        check_text(field, text.iter().map(String::as_str), MAX_LONG_TEXT)?;
    }
    let lists = [
        ("synonyms", &change.synonyms),
        ("weakSynonyms", &change.weak_synonyms),
        ("notTaggable", &change.not_taggable),
    ];
    for (field, list) in lists {
        check_text(field, list.iter().flatten().map(String::as_str), MAX_TEXT)?;
    }
    let values = change.values.iter().flatten();
    let values = values.flat_map(|value| std::iter::once(&value.name).chain(&value.synonyms));
    check_text("values", values.map(String::as_str), MAX_TEXT)?;
    let mappings = change
        .mappings
        .iter()
        .flat_map(|(raw, value)| [raw.as_str(), value.as_str()]);
    check_text("mappings", mappings, MAX_TEXT)
}

fn check_text<'a>(field: &str, texts: impl Iterator<Item = &'a str>, most: usize) -> Result<()> {
    let mut count = 0;
    for text in texts {
        count += 1;
        let letters = text.chars().any(char::is_alphanumeric) || most == MAX_LONG_TEXT;
        if text.chars().count() > most || text.chars().any(char::is_control) || !letters {
            let message = format!(
                "texts must have a letter or digit, at most {most} characters, and no control characters"
            );
            return Err(Error::invalid(field, message));
        }
    }
    if count > MAX_ENTRIES {
        return Err(Error::invalid(
            field,
            format!("must have at most {MAX_ENTRIES} entries"),
        ));
    }
    Ok(())
}

/// Keeps the version, requests the evaluation, commits, and lets this process use the change.
async fn finish(
    db: &DatabaseConnection,
    txn: Transaction,
    actor: &Actor,
    live: &LiveVocabulary,
) -> Result<Run> {
    let keep = "INSERT INTO vocabulary_versions (changed_by, keys)
         SELECT $1, coalesce(jsonb_object_agg(name, definition), '{}') FROM vocabulary_keys";
    sql::execute(&txn, keep, [actor.subject.clone().into()]).await?;
    let run = runs::request_within(&txn, actor, &AutoTagJob {}).await?.run;
    txn.commit().await?;
    live.refresh(db).await?;
    Ok(run)
}
