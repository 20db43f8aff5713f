//! The closed sets that columns hold. In the database they are text under a CHECK constraint.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// The cloud that a resource lives in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    Aws,
    Gcp,
    Azure,
}

/// Where the value of a virtual tag comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum TagSource {
    Native,
    Pattern,
    Type,
    Rule,
    Model,
    Inherited,
    Manual,
    Csv,
}

/// Where a virtual tag stands in the approval workflow.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum ApprovalStatus {
    Pending,
    Approved,
    Denied,
    Superseded,
}

/// What happened to a tag; one audit row carries one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum AuditAction {
    /// The engine proposed it.
    Proposed,
    /// The engine proposes it again, with another source, confidence or evidence.
    Refreshed,
    /// The engine no longer proposes it.
    Withdrawn,
    /// A person approved it.
    Approved,
    /// A person denied it.
    Denied,
    /// A decision on another value of the key took its place.
    Superseded,
    /// An undone decision on another value of the key gave its place back.
    Restored,
    /// A decision on it was taken back.
    Undone,
    /// A person made it by hand.
    Created,
    /// A person changed its value.
    Updated,
    /// It was removed.
    Deleted,
}

/// Where a run stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// The jobs that there are.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobName {
    /// Asks the providers for their resources.
    Discover,
    /// Evaluates the resources that are due.
    AutoTag,
    /// Reads an uploaded file.
    Import,
    /// Makes audit partitions ahead and prunes what is old.
    Maintain,
    /// Decides tags that somebody selected.
    Decide,
    /// Seals what was written to the audit trail.
    Seal,
}

/// What became of a tag that a run was to decide.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The run approved it.
    Approved,
    /// The run denied it.
    Denied,
    /// The run took the decision on it back.
    Undone,
    /// It was decided before, or another value of its key was approved.
    AlreadyDecided,
    /// There is no such tag.
    NotFound,
    /// It stands where this cannot be done.
    Conflict,
    /// It changed after it was selected.
    Stale,
    /// It is in none of the accounts of whoever has the run done.
    Forbidden,
}

/// What was done to a rule, a schedule or a token of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
pub enum AdminAction {
    Created,
    Updated,
    Deleted,
    /// The order of all rules.
    Reordered,
    Paused,
    Resumed,
    Revoked,
}

/// What administrators change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AdminSubject {
    Rule,
    Schedule,
    ApiToken,
}
