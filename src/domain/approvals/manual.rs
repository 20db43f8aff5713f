//! Manual tags: created, changed and deleted by people. They are approved at once, because whoever may create one may
//! approve one.

use super::apply::{lock_resources, supersede};
use super::limits::{MAX_TAGS_PER_RESOURCE, check_reason, checked_key, checked_value};
use super::undo;
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::audit::{self, Cause};
use crate::domain::revision;
use crate::entities::virtual_tag::{self, Model as VirtualTag};
use crate::entities::{ApprovalStatus, DecisionMode, TagSource};
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, Value};
use tagging::Vocabulary;

/// Tag to create by hand.
#[derive(Clone, Debug)]
pub struct NewTag {
    /// Key of the resource in this database.
    pub resource_id: i64,
    /// 1 to 128 characters.
    pub tag_key: String,
    /// 1 to 1024 characters, of at most 1800 bytes in UTF-8.
    pub tag_value: String,
    /// Reason for the audit trail.
    pub reason: Option<String>,
}

/// Creates a tag that is approved at once, and supersedes the other pending and approved values of its key on the
/// resource. A pending, denied or superseded tag of the same value becomes this one; an approved one is a conflict. Key and
/// value are in the words of the vocabulary.
pub async fn create(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    new: NewTag,
) -> Result<VirtualTag> {
    actor.require(Role::Approver)?;
    let key = checked("tagKey", checked_key(&new.tag_key))?;
    let value = checked("tagValue", checked_value(&new.tag_value))?;
    let tag = vocabulary.canonical(key, value);
    let (key, value) = (&*tag.key, checked("tagValue", checked_value(&tag.value))?);
    let cause = cause(actor, new.reason)?;
    sql::retried(|| create_checked(db, actor, new.resource_id, (key, value), &cause)).await
}

async fn create_checked(
    db: &DatabaseConnection,
    actor: &Actor,
    resource_id: i64,
    (key, value): (&str, &str),
    cause: &Cause,
) -> Result<VirtualTag> {
    let txn = db.begin().await?;
    lock_resource(&txn, actor, resource_id).await?;
    let mut existing = tags_of_key(&txn, actor, resource_id, key).await?;
    if existing
        .iter()
        .any(|tag| tag.tag_value == value && is_approved(tag))
    {
        return Err(conflict("tagValue", "this value is approved already"));
    }
    let same = existing
        .iter()
        .position(|tag| tag.tag_value == value)
        .map(|at| existing.swap_remove(at));
    // The row must exist before others can be superseded by it, and they must be before it is approved.
    let id = if let Some(tag) = &same {
        tag.id
    } else {
        check_tag_count(&txn, resource_id).await?;
        insert_pending(&txn, resource_id, key, value).await?
    };
    let winner = "winner AS (SELECT id, resource_id, tag_key FROM virtual_tags WHERE id = $1)";
    let mode = Some(DecisionMode::Single);
    supersede(&txn, winner, None, mode, vec![id.into()], cause).await?;
    let approve = "changed AS (UPDATE virtual_tags SET approval_status = 'APPROVED', source = 'MANUAL', confidence = 1,
            auto_applied = false, rule_id = NULL, evidence = $2, evidence_signature = 'MANUAL', superseded_by = NULL,
            superseded_from = NULL, approved_by_rule = false, decision_mode = 'SINGLE', decided_by = $3, decided_at = now(),
            past_denial = NULL, decision_reason = $4, updated_at = now()
          WHERE id = $1 RETURNING *, 'CREATED'::text AS action, $5::text AS old_value, $6::text AS old_status)";
    let evidence = serde_json::json!({ "reason": format!("made by {}", actor.subject) });
    let old_status = same
        .as_ref()
        .map(|tag| sea_orm::ActiveEnum::to_value(&tag.approval_status));
    let old_value = same.map(|tag| tag.tag_value);
    let binds: Vec<Value> = vec![
        id.into(),
        evidence.into(),
        actor.subject.clone().into(),
        cause.reason.clone().into(),
        old_value.into(),
        old_status.into(),
    ];
    let made = one(audit::with_trail(&txn, approve, binds, cause).await?)?;
    revision::make_due(&txn, vec![resource_id]).await?;
    txn.commit().await?;
    Ok(made)
}

/// Changes the value of a manual tag, which is in the words of the vocabulary.
pub async fn update(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    id: i64,
    tag_value: &str,
    reason: Option<String>,
) -> Result<VirtualTag> {
    actor.require(Role::Approver)?;
    let value = checked("tagValue", checked_value(tag_value))?;
    let cause = cause(actor, reason)?;
    sql::retried(|| update_checked(db, vocabulary, actor, id, value, &cause)).await
}

async fn update_checked(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    id: i64,
    value: &str,
    cause: &Cause,
) -> Result<VirtualTag> {
    let txn = db.begin().await?;
    let tag = locked_manual(&txn, actor, id).await?;
    let value = vocabulary.canonical(&tag.tag_key, value).value;
    let value = checked("tagValue", checked_value(&value))?;
    let others = tags_of_key(&txn, actor, tag.resource_id, &tag.tag_key).await?;
    if others
        .iter()
        .any(|other| other.id != id && other.tag_value == value)
    {
        return Err(conflict(
            "tagValue",
            "the resource has a tag with this key and value already",
        ));
    }
    // The time of its last change links a superseded tag to the approval that superseded it, see `undo`.
    let update = "changed AS (UPDATE virtual_tags SET tag_value = $2,
                updated_at = CASE approval_status WHEN 'SUPERSEDED' THEN updated_at ELSE now() END
              WHERE id = $1
            RETURNING *, 'UPDATED'::text AS action, $3::text AS old_value, approval_status AS old_status)";
    let binds = vec![id.into(), value.into(), tag.tag_value.into()];
    let updated = one(audit::with_trail(&txn, update, binds, cause).await?)?;
    revision::make_due(&txn, vec![tag.resource_id]).await?;
    txn.commit().await?;
    Ok(updated)
}

/// Deletes a manual tag, and restores the tags that it had superseded. Returns the tag as it was.
pub async fn delete(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    reason: Option<String>,
) -> Result<VirtualTag> {
    actor.require(Role::Approver)?;
    let cause = cause(actor, reason)?;
    sql::retried(|| delete_checked(db, actor, id, &cause)).await
}

async fn delete_checked(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    cause: &Cause,
) -> Result<VirtualTag> {
    let txn = db.begin().await?;
    let tag = locked_manual(&txn, actor, id).await?;
    let superseded = undo::superseded_by_approval(&txn, &actor.scope, &[id]).await?;
    // The key must have no other approved value while an older one is restored; the row is deleted below.
    let unapprove = "UPDATE virtual_tags SET approval_status = 'PENDING', decision_mode = NULL WHERE id = $1";
    sql::execute(&txn, unapprove, [id.into()]).await?;
    undo::restore(&txn, superseded, cause).await?;
    // Other tags that it had superseded stay so, by the tag that superseded this one.
    let relink = "UPDATE virtual_tags SET superseded_by = $2 WHERE superseded_by = $1";
    sql::execute(&txn, relink, [id.into(), tag.superseded_by.into()]).await?;
    let delete = "changed AS (DELETE FROM virtual_tags WHERE id = $1
            RETURNING *, 'DELETED'::text AS action, tag_value AS old_value, $2::text AS old_status)";
    let old_status = sea_orm::ActiveEnum::to_value(&tag.approval_status);
    audit::with_trail::<VirtualTag>(&txn, delete, vec![id.into(), old_status.into()], cause).await?;
    revision::make_due(&txn, vec![tag.resource_id]).await?;
    txn.commit().await?;
    Ok(tag)
}

fn cause(actor: &Actor, reason: Option<String>) -> Result<Cause> {
    check_reason(reason.as_deref())?;
    Ok(Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    })
}

fn checked<'a>(field: &str, text: Result<&'a str, String>) -> Result<&'a str> {
    text.map_err(|why| Error::invalid(field, why))
}

pub(super) async fn lock_resource(txn: &Transaction, actor: &Actor, id: i64) -> Result<()> {
    let lock = "SELECT 1 FROM resources WHERE id = $1 AND ($2::text[] IS NULL OR account_id = ANY($2))
                 FOR NO KEY UPDATE";
    match sql::execute(txn, lock, [id.into(), actor.scope.as_bind().into()]).await? {
        0 => Err(Error::not_found("resourceId", "such resource")),
        _ => Ok(()),
    }
}

/// Refuses one more tag for a locked resource that has [`MAX_TAGS_PER_RESOURCE`].
pub(super) async fn check_tag_count(txn: &Transaction, resource_id: i64) -> Result<()> {
    #[derive(sea_orm::FromQueryResult)]
    struct TagCountRow {
        count: i64,
    }
    let tags = "SELECT count(*) AS count FROM virtual_tags WHERE resource_id = $1";
    let tags: Option<TagCountRow> = sql::row(txn, tags, [resource_id.into()]).await?;
    if tags.is_some_and(|tags| tags.count >= MAX_TAGS_PER_RESOURCE) {
        let message = format!("the resource has {MAX_TAGS_PER_RESOURCE} virtual tags, and cannot have more");
        let problem = Problem::field(ProblemCode::TooMany, "resourceId", message);
        return Err(Error::Validation(vec![problem]));
    }
    Ok(())
}

async fn locked_manual(txn: &Transaction, actor: &Actor, id: i64) -> Result<VirtualTag> {
    lock_resources(txn, &[id], &actor.scope).await?;
    let tag = virtual_tag::find(&actor.scope)
        .filter(virtual_tag::Column::Id.eq(id))
        .one(txn)
        .await?;
    let tag = tag.ok_or_else(|| Error::not_found("id", "such virtual tag"))?;
    match tag.source {
        TagSource::Manual | TagSource::Csv => Ok(tag),
        _ => Err(conflict(
            "id",
            "this tag was inferred: approve or deny it, or make a tag by hand in its place",
        )),
    }
}

async fn tags_of_key(
    txn: &Transaction,
    actor: &Actor,
    resource_id: i64,
    key: &str,
) -> Result<Vec<VirtualTag>> {
    let of_key = virtual_tag::find(&actor.scope)
        .filter(virtual_tag::Column::ResourceId.eq(resource_id))
        .filter(virtual_tag::Column::TagKey.eq(key));
    Ok(of_key.all(txn).await?)
}

async fn insert_pending(txn: &Transaction, resource_id: i64, key: &str, value: &str) -> Result<i64> {
    #[derive(sea_orm::FromQueryResult)]
    struct InsertedId {
        id: i64,
    }
    let insert =
        "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
            approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT id, $2, $3, 'MANUAL', 1, false, 'PENDING', '{}', 'MANUAL', cloud, account_id, resource_type
           FROM resources WHERE id = $1 RETURNING id";
    let made: Option<InsertedId> =
        sql::row(txn, insert, [resource_id.into(), key.into(), value.into()]).await?;
    Ok(made.ok_or_else(resource_gone)?.id)
}

fn is_approved(tag: &VirtualTag) -> bool {
    tag.approval_status == ApprovalStatus::Approved
}

pub(super) fn conflict(field: &str, message: &str) -> Error {
    Error::Validation(vec![Problem::field(ProblemCode::Conflict, field, message)])
}

fn one(mut rows: Vec<VirtualTag>) -> Result<VirtualTag> {
    rows.pop().ok_or_else(resource_gone)
}

/// Error that cannot occur while the row of the resource is locked.
fn resource_gone() -> Error {
    Error::internal("a locked resource has gone")
}
