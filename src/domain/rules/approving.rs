//! Rules that approve, made of accepted suggestions. Who accepts and revokes sees to it that engines load them anew.

use super::RuleDraft;
use super::edit::{name_taken, record, record_deleted};
use crate::auth::Actor;
use crate::db::Transaction;
use crate::entities::AdminAction;
use crate::entities::rule::{self, ActiveModel, Column};
use crate::error::Result;
use sea_orm::{ActiveModelTrait, ColumnTrait, ModelTrait, QueryFilter, QueryOrder, Set};

/// Stores a rule that approves its tags in the name of the actor, who accepted the suggestion.
pub(in crate::domain) async fn create(
    txn: &Transaction,
    actor: &Actor,
    suggestion_id: i64,
    draft: RuleDraft,
    reason: Option<String>,
) -> Result<rule::Model> {
    draft.compile(0, 1)?;
    let mut row = ActiveModel {
        created_by: Set(actor.subject.clone()),
        approves: Set(true),
        suggestion_id: Set(Some(suggestion_id)),
        accepted_by: Set(Some(actor.subject.clone())),
        accepted_at: Set(Some(chrono::Utc::now())),
        accepted_reason: Set(reason),
        ..Default::default()
    };
    draft.write_to(&mut row, actor);
    let made = row.insert(txn).await.map_err(name_taken)?;
    record(txn, actor, AdminAction::Created, None, Some(&made)).await?;
    Ok(made)
}

/// Rules that were made of a suggestion, in the order of their keys.
pub(in crate::domain) async fn of_suggestion(
    txn: &Transaction,
    actor: &Actor,
    suggestion_id: i64,
) -> Result<Vec<rule::Model>> {
    let found = rule::find(&actor.scope).filter(Column::SuggestionId.eq(suggestion_id));
    Ok(found.order_by_asc(Column::TagKey).all(txn).await?)
}

/// Deletes rules that were made of a suggestion. The reason is recorded with them, where
/// [`by_rule::withdraw`](crate::domain::approvals::by_rule::withdraw) finds it.
pub(in crate::domain) async fn delete(
    txn: &Transaction,
    actor: &Actor,
    rules: &[rule::Model],
    reason: Option<&str>,
) -> Result<()> {
    for old in rules {
        old.clone().delete(txn).await?;
        record_deleted(txn, actor, old, reason).await?;
    }
    Ok(())
}
