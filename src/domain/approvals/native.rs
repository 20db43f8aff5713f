//! Denials of native values: a person says that what a resource's own tag states is wrong. The value does not hold until the
//! tag changes or the denial is undone. The denial is a virtual tag of source NATIVE.

use super::VirtualTag;
use super::limits::{check_reason, checked_key};
use super::manual::{check_tag_count, conflict, lock_resource};
use super::tags;
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::audit::{self, Cause};
use crate::domain::evaluation::subject;
use crate::domain::revision;
use crate::entities::virtual_tag::{self, Column};
use crate::entities::{ApprovalStatus, resource};
use crate::error::{Error, Result};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseConnection, QueryFilter, Value};
use tagging::{StatedTag, Vocabulary};

/// Denies the value that the resource's own tags state for a key, in any spelling of the key. Refused where they state none,
/// and where the same value is approved.
pub async fn deny_native(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    resource_id: i64,
    tag_key: &str,
    reason: Option<String>,
) -> Result<VirtualTag> {
    actor.require(Role::Approver)?;
    let key = checked_key(tag_key).map_err(|why| Error::invalid("tagKey", why))?;
    check_reason(reason.as_deref())?;
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    sql::retried(async || {
        let txn = db.begin().await?;
        lock_resource(&txn, actor, resource_id).await?;
        let stated = stated(&txn, vocabulary, actor, resource_id, key).await?;
        let denied = deny(&txn, actor, resource_id, &stated, &cause).await?;
        let forget = "UPDATE evaluations SET stated = stated - $2 WHERE resource_id = $1";
        sql::execute(&txn, forget, [resource_id.into(), stated.key.into()]).await?;
        revision::make_due(&txn, vec![resource_id]).await?;
        txn.commit().await?;
        Ok(denied)
    })
    .await
}

async fn stated(
    txn: &Transaction,
    vocabulary: &Vocabulary,
    actor: &Actor,
    resource_id: i64,
    key: &str,
) -> Result<StatedTag> {
    let found = resource::find(&actor.scope).filter(resource::Column::Id.eq(resource_id));
    let found = found.one(txn).await?;
    let resource = found.ok_or_else(|| Error::not_found("resourceId", "such resource"))?;
    let tags = tags::resolution_of(txn, &actor.scope, vec![resource_id]).await?;
    let resolved = subject(resource, &tags)?.resolve(vocabulary);
    let key = vocabulary.canonical_key(key).unwrap_or(key);
    let native = resolved
        .into_iter()
        .find(|tag| tag.key == key)
        .and_then(|tag| tag.native);
    native.ok_or_else(|| Error::not_found("tagKey", "native tag that states a value of this key"))
}

async fn deny(
    txn: &Transaction,
    actor: &Actor,
    resource_id: i64,
    stated: &StatedTag,
    cause: &Cause,
) -> Result<VirtualTag> {
    let same = virtual_tag::find(&actor.scope)
        .filter(Column::ResourceId.eq(resource_id))
        .filter(Column::TagKey.eq(stated.key.as_str()))
        .filter(Column::TagValue.eq(stated.value.as_str()));
    let old = same.one(txn).await?;
    match &old {
        Some(old) if old.approval_status == ApprovalStatus::Approved => {
            return Err(conflict(
                "tagKey",
                "this value is approved: undo the approval first",
            ));
        }
        Some(_) => {}
        None => check_tag_count(txn, resource_id).await?,
    }
    let statement = "changed AS (INSERT INTO virtual_tags AS t (resource_id, tag_key, tag_value, source, confidence,
                auto_applied, approval_status, evidence, evidence_signature, decided_by, decided_at, decision_reason,
                cloud, account_id, resource_type)
             SELECT id, $2, $3, 'NATIVE', 0, false, 'DENIED', $4, $5, $6, now(), $7, cloud, account_id, resource_type
               FROM resources WHERE id = $1
             ON CONFLICT (resource_id, tag_key, tag_value) DO UPDATE SET source = 'NATIVE', confidence = 0,
                auto_applied = false, approval_status = 'DENIED', rule_id = NULL, evidence = excluded.evidence,
                evidence_signature = excluded.evidence_signature, superseded_by = NULL, superseded_from = NULL,
                decided_by = excluded.decided_by, decided_at = now(), decision_reason = excluded.decision_reason,
                decision_mode = NULL, updated_at = now()
             RETURNING t.*, 'DENIED'::text AS action, $8::text AS old_value, $9::text AS old_status)";
    let evidence = serde_json::json!({
        "reason": format!("the tag `{}` says `{}`", stated.raw_key, stated.raw_value), "signals": [], "alternatives": []
    });
    let binds: Vec<Value> = vec![
        resource_id.into(),
        stated.key.clone().into(),
        stated.value.clone().into(),
        evidence.into(),
        stated.signature().into(),
        cause.actor.clone().into(),
        cause.reason.clone().into(),
        old.as_ref().map(|old| old.tag_value.clone()).into(),
        old.map(|old| old.approval_status.to_value()).into(),
    ];
    let mut denied = audit::with_trail(txn, statement, binds, cause).await?;
    denied
        .pop()
        .ok_or_else(|| Error::internal("a locked resource has gone"))
}
