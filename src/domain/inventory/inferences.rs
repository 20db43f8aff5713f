//! Lists of inferences: the results of evaluations of resources.

use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
pub use crate::entities::ml_inference::Model as Inference;
use crate::entities::ml_inference::{self, Column};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter};
use std::collections::HashMap;

/// Order of inferences: newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InferenceOrder;

impl Keyset for InferenceOrder {
    type Row = Inference;

    fn name(self) -> &'static str {
        "mlInferences"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &Inference) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// Page of inferences: of one resource, or of all in the actor's scope.
pub async fn list(
    db: &impl ConnectionTrait,
    actor: &Actor,
    resource_id: Option<i64>,
    window: &Window,
) -> Result<Page<Inference>> {
    let found = find(&actor.scope, resource_id);
    let found = Inference::find_by_statement(window.statement(found, InferenceOrder));
    Ok(window.page(found.all(db).await?))
}

/// Counts the inferences of [`list`].
pub async fn count(db: &impl ConnectionTrait, actor: &Actor, resource_id: Option<i64>) -> Result<Total> {
    let found = find(&actor.scope, resource_id);
    match actor.scope {
        AccountScope::All => estimate::of(db, found).await,
        AccountScope::Only(_) => {
            estimate::of_part(db, found, Condition::all(), &[], estimate::LOOKED_AT, None).await
        }
    }
}

fn find(scope: &AccountScope, resource_id: Option<i64>) -> sea_orm::Select<ml_inference::Entity> {
    let found = ml_inference::find(scope);
    match resource_id {
        Some(id) => found.filter(Column::ResourceId.eq(id)),
        None => found,
    }
}

/// Inferences with these ids within the scope.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<Vec<Inference>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(ml_inference::find(scope)
        .filter(Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}

/// Pages of inferences of each of the resources, by one statement.
pub async fn of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    window: &Window,
) -> Result<HashMap<i64, Page<Inference>>> {
    keyset::per_parent(
        db,
        ml_inference::find(scope),
        Column::ResourceId,
        ids,
        InferenceOrder,
        window,
    )
    .await
}

/// Counts the inferences of each of the resources.
pub async fn count_of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    keyset::count_per_parent(db, ml_inference::find(scope), Column::ResourceId, ids).await
}
