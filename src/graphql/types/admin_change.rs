//! The trail of administration.

use crate::domain::admin_changes::AdminChange as Row;
use crate::graphql::scalars::id::{AdminChangeKind, Id};
use crate::graphql::types::enums::{AdminAction, AdminSubject};
use async_graphql::{Json, Object};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A change of a rule, a schedule or a token of a script.
pub struct AdminChange(Arc<Row>);

impl From<Arc<Row>> for AdminChange {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for AdminChange {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for AdminChange {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// One change of a rule, a schedule or a token of a script. It stays when what it speaks of is gone.
#[Object]
impl AdminChange {
    /// The global id.
    pub async fn id(&self) -> Id<AdminChangeKind> {
        Id(self.0.id)
    }

    /// When it happened.
    async fn timestamp(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// Who did it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What was done.
    async fn action(&self) -> AdminAction {
        self.0.action.into()
    }

    /// What kind of thing was changed.
    async fn subject_type(&self) -> AdminSubject {
        self.0.subject_type.into()
    }

    /// Its name at that time.
    async fn subject_name(&self) -> &str {
        &self.0.subject_name
    }

    /// What it said before; null when it is new.
    async fn before(&self) -> Option<Json<&serde_json::Value>> {
        self.0.before.as_ref().map(Json)
    }

    /// What it said afterwards; null when it is gone.
    async fn after(&self) -> Option<Json<&serde_json::Value>> {
        self.0.after.as_ref().map(Json)
    }
}
