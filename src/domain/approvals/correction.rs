//! Corrections: denials that name the right value. It is approved in place of the denied one, as if made by hand.

use super::apply::{apply, supersede};
use super::decision::DecideJob;
use super::limits::checked_value;
use super::selection::ResolvedSelection;
use crate::auth::AccountScope;
use crate::db::{Transaction, sql};
use crate::domain::audit::{self, Cause, ChangedTag};
use crate::entities::DecisionMode;
use crate::error::{Error, Result};
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult, Value};
use tagging::Vocabulary;

/// The corrected value for the selected tags, in the words of the vocabulary. Refuses a selection of several keys, and one with
/// tags that have that very value.
pub(super) async fn checked(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    selected: &ResolvedSelection,
    value: &str,
) -> Result<String> {
    #[derive(FromQueryResult)]
    struct SelectedKeys {
        first: Option<String>,
        last: Option<String>,
    }
    #[derive(FromQueryResult)]
    struct SameValue {
        found: bool,
    }
    let refused = |why: String| Error::invalid("correctedValue", why);
    let value = checked_value(value).map_err(refused)?;
    let from = format!(
        "virtual_tags t JOIN ({}) s ON s.id = t.id WHERE t.approval_status = 'PENDING'",
        selected.text
    );
    let keys = format!("SELECT min(t.tag_key) AS first, max(t.tag_key) AS last FROM {from}");
    let keys: Option<SelectedKeys> = sql::row(db, &keys, selected.values.clone()).await?;
    let key = match keys.map(|keys| (keys.first, keys.last)) {
        Some((Some(first), Some(last))) if first != last => {
            return Err(refused(format!(
                "tags of several keys are selected, {first} and {last} among them: correct one key at a time"
            )));
        }
        Some((Some(key), _)) => key,
        // Nothing waits, so nothing is denied.
        _ => return Ok(value.to_owned()),
    };
    let value = vocabulary.canonical(&key, value).value;
    let value = checked_value(&value).map_err(refused)?;
    let mut values = selected.values.clone();
    values.push(value.into());
    let same = format!(
        "SELECT EXISTS (SELECT FROM {from} AND t.tag_value = ${}) AS found",
        values.len()
    );
    let same: Option<SameValue> = sql::row(db, &same, values).await?;
    if same.is_some_and(|same| same.found) {
        return Err(refused(
            "a tag is selected that has this value: a value cannot be denied and right".into(),
        ));
    }
    Ok(value.to_owned())
}

/// Applies the decision of a job to those of `ids` that it can be made about, and returns them; a corrected value is approved
/// in place of the denied ones. The caller holds their resources.
pub(super) async fn apply_job(
    txn: &Transaction,
    scope: &AccountScope,
    (job, mode): (&DecideJob, DecisionMode),
    ids: &[i64],
    cause: &Cause,
) -> Result<Vec<ChangedTag>> {
    let changed = apply(txn, scope, (job.decision, mode), ids, cause).await?;
    if let Some(value) = &job.corrected_value {
        approve(txn, &changed, value, mode, cause).await?;
    }
    Ok(changed)
}

/// Approves the value for the keys of the tags that were just denied.
async fn approve(
    txn: &Transaction,
    denied: &[ChangedTag],
    value: &str,
    mode: DecisionMode,
    cause: &Cause,
) -> Result<()> {
    let ids: Vec<i64> = denied.iter().map(|tag| tag.id).collect();
    let binds = || -> Vec<Value> { vec![ids.clone().into(), value.into()] };
    // The rows must exist before others can be superseded by them. An empty signature marks those that are new.
    let insert = "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
             approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT DISTINCT resource_id, tag_key, $2, 'MANUAL', 1::float8, false, 'PENDING', '{}'::jsonb, '', cloud,
                account_id, resource_type
           FROM virtual_tags WHERE id = ANY($1) ORDER BY resource_id, tag_key
         ON CONFLICT (resource_id, tag_key, tag_value) DO NOTHING";
    sql::execute(txn, insert, binds()).await?;
    supersede(txn, WINNER, None, Some(mode), binds(), cause).await?;
    let approve = format!(
        "{WINNER},
         old AS (SELECT t.id, t.approval_status, t.evidence_signature = '' AS is_new
              FROM virtual_tags t JOIN winner w ON w.id = t.id),
         changed AS (UPDATE virtual_tags t SET approval_status = 'APPROVED', source = 'MANUAL', confidence = 1,
                auto_applied = false, rule_id = NULL, evidence = $3, evidence_signature = 'MANUAL', superseded_by = NULL,
                superseded_from = NULL, approved_by_rule = false, past_denial = NULL, decision_mode = $6,
                decided_by = $4,
                decided_at = now(), decision_reason = $5, updated_at = now()
              FROM old o WHERE t.id = o.id
            RETURNING t.*, 'CREATED'::text AS action, CASE WHEN NOT o.is_new THEN t.tag_value END AS old_value,
                CASE WHEN NOT o.is_new THEN o.approval_status END AS old_status)"
    );
    let evidence = serde_json::json!({ "reason": format!("corrected by {}", cause.actor) });
    let mut binds = binds();
    binds.extend([
        evidence.into(),
        cause.actor.clone().into(),
        cause.reason.clone().into(),
        mode.to_value().into(),
    ]);
    audit::count_with_trail(txn, &approve, binds, cause).await?;
    Ok(())
}

/// Tags with the corrected value, unless they are approved already.
const WINNER: &str = "winner AS (
    SELECT DISTINCT t.id, t.resource_id, t.tag_key FROM virtual_tags d JOIN virtual_tags t
        ON t.resource_id = d.resource_id AND t.tag_key = d.tag_key AND t.tag_value = $2
     WHERE d.id = ANY($1) AND t.approval_status <> 'APPROVED')";
