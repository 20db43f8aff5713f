//! The type `AdminChange`.

use crate::domain::admin_changes::{AdminAction, AdminChange as AdminChangeRow, AdminSubject};
use crate::graphql::scalars::id::AdminChangeKind;
use crate::graphql::types::row::{db_enum, row_object};
use async_graphql::Json;
use chrono::{DateTime, Utc};

row_object! {
    /// Change of a rule, a schedule or an API token. The record remains when the changed object is deleted.
    pub struct AdminChange("AdminChange", AdminChangeKind) of AdminChangeRow {
        /// Actor who made the change.
        actor: &str,
        /// Action.
        action: AdminActionEnum,
        /// Type of the changed object.
        subject_type: AdminSubjectEnum,
        /// Name of the changed object at the time of the change.
        subject_name: &str,
        /// State before the change; null if the object was created.
        before: Option<Json<&serde_json::Value>>,
        /// State after the change; if the object was deleted, the reason for it as `reason`, or null without one.
        after: Option<Json<&serde_json::Value>>,
    }

    /// Time of the change.
    async fn timestamp(&self) -> DateTime<Utc> {
        self.0.changed_at
    }
}

db_enum! {
    /// Action on a rule, a schedule or an API token.
    pub enum AdminActionEnum("AdminAction") mirrors AdminAction {
        /// The object was created.
        Created,
        /// The object was updated.
        Updated,
        /// The object was deleted.
        Deleted,
        /// The rules were reordered.
        Reordered,
        /// The schedule was paused.
        Paused,
        /// The schedule was resumed.
        Resumed,
        /// The API token was revoked.
        Revoked,
        /// The retirement of resources that the source no longer reports was confirmed.
        Confirmed,
    }
}

db_enum! {
    /// Type of an object that admins change.
    pub enum AdminSubjectEnum("AdminSubject") mirrors AdminSubject {
        /// Rule, or the order of all rules.
        Rule,
        /// Schedule.
        Schedule,
        /// API token.
        ApiToken,
        /// Key of the vocabulary.
        VocabularyKey,
        /// Trained model; the version in use was changed.
        Model,
        /// Source of resources.
        Source,
    }
}
