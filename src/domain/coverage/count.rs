//! Counting of the resources of which something changed that coverage depends on.

use super::STATES;
use super::keys;
use crate::db::{Begin, Transaction, sql};
use crate::domain::evaluation::EngineSettings;
use crate::domain::vocabulary::StoredVocabulary;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::sync::LazyLock;
use tokio_util::sync::CancellationToken;

/// Key of the advisory lock of counting; any number that nothing else in the database uses.
const LOCK_KEY: i64 = 0x0076_745f_636f_7672;

/// Notes that are counted in one transaction, each of at most a thousand resources.
const NOTES: i64 = 40;

/// State of the counts.
#[derive(FromQueryResult)]
struct CountingState {
    /// Fingerprint of the settings of the engines that are at work; empty before any started.
    engine: String,
    /// Fingerprint of the vocabulary by which resources are counted.
    vocabulary: String,
    vocabulary_version: i64,
    has_notes: bool,
}

/// Resource of a note.
#[derive(FromQueryResult)]
struct NotedResource {
    id: i64,
}

/// Counts the noted resources again, in short transactions, until no note is left; gives their number. One process counts at
/// a time, and the others leave the notes to it: one that stands still must not keep their runs from ending.
///
/// Does nothing when the engines at work have other settings than these: then a replica of another version is being rolled
/// out or back, and counts by its own vocabulary.
pub async fn count(db: &DatabaseConnection, settings: &EngineSettings) -> Result<u64> {
    count_until(db, settings, &CancellationToken::new()).await
}

/// As [`count`], until `stop` is cancelled: looked at between two transactions, each of which is short.
pub async fn count_until(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    stop: &CancellationToken,
) -> Result<u64> {
    let mut counted = 0;
    loop {
        if stop.is_cancelled() {
            return Ok(counted);
        }
        let vocabulary = settings.live.current();
        let state = state(db).await?;
        let is_current = state.vocabulary == vocabulary.vocabulary.fingerprint();
        let is_engine_of_others = !state.engine.is_empty() && state.engine != settings.fingerprint();
        let is_others = is_engine_of_others || state.vocabulary_version > vocabulary.version;
        if is_others || (is_current && !state.has_notes) {
            return Ok(counted);
        }
        match part(db, &vocabulary).await? {
            Some(resources) => counted += resources,
            None => return Ok(counted),
        }
    }
}

/// Counts the resources of some notes; `None` if that is for others to do, who count already, or have a later vocabulary.
async fn part(db: &DatabaseConnection, vocabulary: &StoredVocabulary) -> Result<Option<u64>> {
    #[derive(FromQueryResult)]
    struct CountingLock {
        is_held: bool,
    }
    let txn = db.begin().await?;
    let lock = "SELECT pg_try_advisory_xact_lock($1) AS is_held";
    let lock: Option<CountingLock> = sql::row(&txn, lock, [LOCK_KEY.into()]).await?;
    let state = state(&txn).await?;
    if !lock.is_some_and(|lock| lock.is_held) || state.vocabulary_version > vocabulary.version {
        return Ok(None);
    }
    let keys = sql::recordset(&keys::rows(&vocabulary.vocabulary))?;
    if state.vocabulary != vocabulary.vocabulary.fingerprint() {
        adopt(&txn, vocabulary, keys.clone()).await?;
    }
    let take = "WITH taken AS (DELETE FROM coverage_unsure
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM coverage_unsure LIMIT $1)) RETURNING resource_ids)
         SELECT DISTINCT id FROM taken, unnest(resource_ids) id";
    let ids: Vec<NotedResource> = sql::rows(&txn, take, [NOTES.into()]).await?;
    let ids: Vec<i64> = ids.into_iter().map(|row| row.id).collect();
    let counted = ids.len() as u64;
    sql::execute(&txn, "SET LOCAL jit = off", []).await?;
    sql::execute(&txn, &COUNT, [ids.into(), keys]).await?;
    txn.commit().await?;
    Ok(Some(counted))
}

async fn state(db: &impl ConnectionTrait) -> Result<CountingState> {
    let state = "SELECT e.fingerprint AS engine, c.vocabulary, c.vocabulary_version,
                        EXISTS (SELECT FROM coverage_unsure) AS has_notes
                   FROM engine_state e, coverage_state c";
    let state: Option<CountingState> = sql::row(db, state, []).await?;
    state.ok_or_else(|| Error::internal("coverage_state has lost its row"))
}

/// Counts by another vocabulary from now on: its keys have positions, and all resources are noted.
async fn adopt(txn: &Transaction, vocabulary: &StoredVocabulary, keys: sea_orm::Value) -> Result<()> {
    tracing::debug!(
        version = vocabulary.version,
        "coverage is counted by another vocabulary"
    );
    let add = "INSERT INTO coverage_keys
         SELECT (SELECT coalesce(max(position), 0) FROM coverage_keys) + row_number() OVER (ORDER BY tag_key), tag_key
           FROM jsonb_to_recordset($1) AS k(tag_key text)
          WHERE tag_key NOT IN (SELECT tag_key FROM coverage_keys)";
    sql::execute(txn, add, [keys]).await?;
    let note = "INSERT INTO coverage_unsure
         SELECT array_agg(id) FROM resources WHERE retired_at IS NULL GROUP BY id / 1000";
    sql::execute(txn, note, []).await?;
    let state = "UPDATE coverage_state SET vocabulary = $1, vocabulary_version = $2";
    let fingerprint = vocabulary.vocabulary.fingerprint();
    sql::execute(txn, state, [fingerprint.into(), vocabulary.version.into()]).await?;
    Ok(())
}

/// Resolves resources (`$1`) by the governed keys (`$2`), and adds what differs from what was counted. What holds is
/// resolved as for effective tags; `stated` is what the resource's own tags said when the resource was evaluated last. Each
/// resource looks into the indexes, whatever the planner estimates for their number.
static COUNT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH keys AS MATERIALIZED (
            SELECT position, tag_key, k.untaggable IS NOT NULL AS is_governed, allowed, untaggable, untaggable_beginnings
              FROM coverage_keys LEFT JOIN jsonb_to_recordset($2)
                AS k(tag_key text, allowed text[], untaggable text[], untaggable_beginnings text[]) USING (tag_key)),
         inventory AS MATERIALIZED (SELECT * FROM resources WHERE id = ANY ($1) AND retired_at IS NULL),
         types AS MATERIALIZED (
            SELECT t.resource_type, array_agg(k.tag_key) AS asked
              FROM (SELECT resource_type, folded_type(resource_type) AS folded
                      FROM (SELECT DISTINCT resource_type FROM inventory) found) t
              JOIN keys k ON k.is_governed AND t.folded <> ALL (k.untaggable)
                         AND NOT t.folded ^@ ANY (k.untaggable_beginnings)
             GROUP BY t.resource_type),
         present AS MATERIALIZED (
            SELECT r.id, r.cloud, r.account_id, r.resource_type, (SELECT string_agg(CASE
                WHEN k.tag_key = ANY (types.asked) IS NOT TRUE THEN '-'
                WHEN coalesce(t.approved ->> k.tag_key, t.applied ->> k.tag_key) <> ALL (k.allowed) THEN 'i'
                WHEN t.approved ? k.tag_key THEN 'a'
                WHEN t.applied ? k.tag_key THEN 'p'
                WHEN e.stated ? k.tag_key THEN CASE
                     WHEN k.tag_key = ANY (t.contradicting) OR k.tag_key = ANY (e.disputed) THEN 'c' ELSE 'n' END
                WHEN k.tag_key = ANY (e.invalid) THEN 'i'
                WHEN k.tag_key = ANY (t.keys) THEN 's'
                ELSE 'm' END, '' ORDER BY k.position) FROM keys k) AS states
              FROM inventory r LEFT JOIN types USING (resource_type)
              LEFT JOIN LATERAL (SELECT stated, disputed, invalid FROM evaluations WHERE resource_id = r.id OFFSET 0) e ON true
              LEFT JOIN LATERAL (
                SELECT jsonb_object_agg(tag_key, tag_value) FILTER (WHERE approval_status = 'APPROVED') AS approved,
                       jsonb_object_agg(tag_key, tag_value) FILTER (WHERE approval_status = 'PENDING' AND auto_applied)
                           AS applied,
                       array_agg(tag_key) AS keys,
                       array_agg(tag_key) FILTER (WHERE evidence_signature ^@ 'CONTRADICTS:') AS contradicting
                  FROM virtual_tags WHERE resource_id = r.id AND approval_status IN ('APPROVED', 'PENDING')) t ON true),
         past AS MATERIALIZED (SELECT * FROM coverage_cells WHERE resource_id = ANY ($1)),
         changes AS MATERIALIZED (
            SELECT coalesce(n.id, o.resource_id) AS id, n.cloud, n.account_id, n.resource_type, n.states,
                   o.cloud AS old_cloud, o.account_id AS old_account, o.resource_type AS old_type, o.states AS old_states
              FROM present n FULL JOIN past o ON o.resource_id = n.id
             WHERE (n.cloud, n.account_id, n.resource_type, n.states)
                   IS DISTINCT FROM (o.cloud, o.account_id, o.resource_type, o.states)),
         gone AS (
            DELETE FROM coverage_cells
             WHERE resource_id = ANY (ARRAY(SELECT id FROM changes WHERE states IS NULL))),
         come AS (
            INSERT INTO coverage_cells
            SELECT id, cloud, account_id, resource_type, states FROM changes WHERE states IS NOT NULL
            ON CONFLICT (resource_id) DO UPDATE SET cloud = excluded.cloud, account_id = excluded.account_id,
                resource_type = excluded.resource_type, states = excluded.states),
         sums AS (
            SELECT cloud, account_id, resource_type, states, sum(n) AS n
              FROM (SELECT cloud, account_id, resource_type, states, 1 AS n FROM changes WHERE states IS NOT NULL
                    UNION ALL
                    SELECT old_cloud, old_account, old_type, old_states, -1 FROM changes WHERE old_states IS NOT NULL) both_sides
             GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0),
         cells AS MATERIALIZED (
            SELECT k.tag_key, s.cloud, s.account_id, s.resource_type, substr(s.states, k.position, 1) AS state, s.n
              FROM sums s JOIN coverage_keys k ON substr(s.states, k.position, 1) NOT IN ('', '-')),
         counted AS ({}),
         accounts AS ({})
         {}",
        added("coverage_counts", "account_id, tag_key, cloud, resource_type"),
        added("coverage_accounts", "account_id, tag_key, cloud"),
        added("coverage_totals", "tag_key, cloud, resource_type"),
    )
});

/// Statement that adds the cells to a table of counts with this primary key.
fn added(table: &str, key: &str) -> String {
    let names = STATES.map(|(state, _)| state).join(", ");
    let sums = STATES.map(|(_, letter)| format!("coalesce(sum(n) FILTER (WHERE state = '{letter}'), 0)"));
    let sets = STATES.map(|(state, _)| format!("{state} = {table}.{state} + excluded.{state}"));
    format!(
        "INSERT INTO {table} ({key}, {names}) SELECT {key}, {} FROM cells GROUP BY {key}
         ON CONFLICT ({key}) DO UPDATE SET {}",
        sums.join(", "),
        sets.join(", ")
    )
}
