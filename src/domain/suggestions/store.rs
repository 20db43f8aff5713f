//! Open suggestions as they were mined last.

use super::tags::TagOffer;
use crate::db::{Transaction, sql};
use crate::error::{Error, Result};
use sea_orm::{DatabaseConnection, FromQueryResult};
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tagging::suggestions::{DecidedSuggestion, MinedSuggestion};

/// Longest condition of a rule, in characters.
const MAX_CONDITION: usize = 4096;

/// Suggestion to store, a row of the statement that stores it.
#[derive(Debug, Serialize)]
pub(super) struct NewSuggestion {
    pattern_key: String,
    pattern: Json,
    condition: String,
    description: String,
    accounts: Vec<String>,
    resource_count: i64,
    cost: Option<f64>,
    gain: f64,
    tags: Vec<TagOffer>,
    tag_keys: Vec<String>,
    signature: String,
    samples: Vec<i64>,
}

impl NewSuggestion {
    /// The suggestion with the accounts of its members and the ids of some; `None` if no rule can have its condition.
    pub(super) fn of(
        mined: MinedSuggestion,
        accounts: Vec<String>,
        samples: Vec<i64>,
    ) -> Result<Option<Self>> {
        if mined.condition.chars().count() > MAX_CONDITION || mined.tags.is_empty() {
            return Ok(None);
        }
        let pattern = serde_json::to_value(&mined.pattern).map_err(Error::internal)?;
        Ok(Some(Self {
            pattern_key: hex::encode(Sha256::digest(pattern.to_string())),
            pattern,
            condition: mined.condition,
            description: mined.description,
            accounts,
            resource_count: mined.resource_count as i64,
            cost: mined.cost,
            gain: mined.gain,
            tag_keys: mined.tags.iter().map(|tag| tag.key.clone()).collect(),
            tags: mined.tags.into_iter().map(Into::into).collect(),
            signature: mined.signature,
            samples,
        }))
    }
}

/// Decided suggestions, with their ids, in the order of the decisions.
pub(super) async fn decided(db: &DatabaseConnection) -> Result<(Vec<i64>, Vec<DecidedSuggestion>)> {
    #[derive(FromQueryResult)]
    struct DecidedRow {
        id: i64,
        pattern: Json,
        signature: String,
        decided_keys: Json,
    }
    let decided = "SELECT id, pattern, signature, coalesce(decided_keys, '{}') AS decided_keys
                     FROM rule_suggestions WHERE status <> 'OPEN' ORDER BY decided_at, id";
    let rows: Vec<DecidedRow> = sql::rows(db, decided, []).await?;
    let ids = rows.iter().map(|row| row.id).collect();
    let read = |row: DecidedRow| {
        Ok(DecidedSuggestion {
            pattern: serde_json::from_value(row.pattern).map_err(Error::internal)?,
            signature: row.signature,
            keys: serde_json::from_value(row.decided_keys).map_err(Error::internal)?,
        })
    };
    let decided = rows.into_iter().map(read).collect::<Result<_>>()?;
    Ok((ids, decided))
}

/// Stores what was mined in place of the open suggestions. A pattern that is open already keeps its row; one that was
/// decided since `known` decisions were looked at stays decided.
pub(super) async fn replace(
    txn: &Transaction,
    mut suggestions: Vec<NewSuggestion>,
    known: Vec<i64>,
) -> Result<u64> {
    // Each was ranked as if those before it had been decided, and the order is by gain.
    let mut least = f64::INFINITY;
    for suggestion in &mut suggestions {
        least = least.min(suggestion.gain);
        suggestion.gain = least;
    }
    let keys: Vec<String> = suggestions.iter().map(|each| each.pattern_key.clone()).collect();
    let gone = "DELETE FROM rule_suggestions WHERE status = 'OPEN' AND pattern_key <> ALL($1)";
    sql::execute(txn, gone, [keys.into()]).await?;
    if suggestions.is_empty() {
        return Ok(0);
    }
    // The last comes first, because among equal ones the greater id does.
    suggestions.reverse();
    sql::execute(txn, STORE, [sql::recordset(&suggestions)?, known.into()]).await
}

const STORE: &str = "
    INSERT INTO rule_suggestions (pattern_key, pattern, condition, description, accounts, resource_count, cost, gain,
        tags, tag_keys, signature, samples)
    SELECT pattern_key, pattern, condition, description, accounts, resource_count, cost, gain, tags, tag_keys,
           signature, samples
      FROM jsonb_to_recordset($1) AS i(pattern_key text, pattern jsonb, condition text, description text,
           accounts text[], resource_count bigint, cost float8, gain float8, tags jsonb, tag_keys text[],
           signature text, samples bigint[])
     WHERE NOT EXISTS (SELECT FROM rule_suggestions d WHERE d.pattern_key = i.pattern_key AND d.status <> 'OPEN'
                          AND d.id <> ALL($2))
    ON CONFLICT (pattern_key) WHERE status = 'OPEN' DO UPDATE SET
        condition = excluded.condition, description = excluded.description, accounts = excluded.accounts,
        resource_count = excluded.resource_count, cost = excluded.cost, gain = excluded.gain, tags = excluded.tags,
        tag_keys = excluded.tag_keys, signature = excluded.signature, samples = excluded.samples, mined_at = now()";
