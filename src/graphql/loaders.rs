//! The lookups that nested fields make, one batch each. A set of them belongs to one request, for what they find
//! is what exists for its actor.

use super::batch::Batch;
use crate::domain::auth::AccountScope;
use crate::domain::inventory::{self, Resource};
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;

/// All batches of one request.
pub struct Loaders {
    /// Resources by key.
    pub resources: Batch<i64, Arc<Resource>>,
}

impl Loaders {
    /// Loaders of what is within the scope.
    pub fn new(db: DatabaseConnection, scope: AccountScope) -> Self {
        let scope = Arc::new(scope);
        Self {
            resources: Batch::new(move |ids| {
                let (db, scope) = (db.clone(), scope.clone());
                async move {
                    let rows = inventory::list::by_ids(&db, &scope, ids).await?;
                    Ok(rows
                        .into_iter()
                        .map(|row| (row.id, Arc::new(row)))
                        .collect::<HashMap<_, _>>())
                }
            }),
        }
    }
}
