//! `import_rejections`: lines that an import or a discovery run refused, each with its reason.

use super::AccountScope;
use sea_orm::entity::prelude::*;

/// One refused line or field.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_rejections")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub run_id: i64,
    pub line: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub column_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub value: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All rejections, to one who may see all accounts; a refused line may speak of any account, so nothing to others.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(_) => find.filter(Expr::val(false)),
    }
}
