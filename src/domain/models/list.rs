//! Lists of models.

use super::ModelVersion;
use crate::auth::{AccountScope, Actor, Role};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::trained_model::{self, Column};
use crate::error::Result;
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};

/// Order of models: newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModelOrder;

impl Keyset for ModelOrder {
    type Row = ModelVersion;

    fn name(self) -> &'static str {
        "models"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Version.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &ModelVersion) -> Vec<Key> {
        vec![Key::Int(row.version)]
    }
}

/// Page of the models. Needs access to all accounts, from which they learned.
pub async fn list(db: &DatabaseConnection, actor: &Actor, window: &Window) -> Result<Page<ModelVersion>> {
    require(actor)?;
    let statement = window.statement(trained_model::find(&actor.scope), ModelOrder);
    Ok(window.page(ModelVersion::find_by_statement(statement).all(db).await?))
}

/// Counts the models of [`list`], which needs the same rights.
pub async fn count(db: &DatabaseConnection, actor: &Actor) -> Result<Total> {
    require(actor)?;
    estimate::of(db, trained_model::find(&actor.scope)).await
}

/// Models of these versions within the scope.
pub async fn by_versions(
    db: &DatabaseConnection,
    scope: &AccountScope,
    versions: Vec<i64>,
) -> Result<Vec<ModelVersion>> {
    if *scope != AccountScope::All {
        return Ok(Vec::new());
    }
    let any = PgFunc::any(Expr::val(versions));
    let found = trained_model::find(scope).filter(Column::Version.into_expr().eq(any));
    Ok(found.all(db).await?)
}

fn require(actor: &Actor) -> Result<()> {
    actor.require(Role::Viewer)?;
    actor.require_all_accounts()
}
