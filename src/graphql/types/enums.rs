//! The closed sets.

use crate::domain::admin_changes::{AdminAction as DomainAdminAction, AdminSubject as DomainAdminSubject};
use crate::domain::approvals::TagKind as DomainTagKind;
use crate::domain::imports::{
    ImportMode as DomainImportMode, SampleAction as DomainSampleAction, TagStatus as DomainImportedTagStatus,
};
use crate::domain::{
    ApprovalStatus as DomainApprovalStatus, AuditAction as DomainAuditAction, Cloud as DomainCloud,
    JobName as DomainJobName, RunStatus as DomainRunStatus, TagSource as DomainTagSource,
};
use async_graphql::Enum;

/// What a rejected entry of an import means for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainImportMode")]
pub enum ImportMode {
    /// Nothing: they are imported.
    #[default]
    GoodRows,
    /// Nothing at all is imported when one entry is rejected; the run fails, and tells which ones were.
    AllOrNothing,
}

/// What an imported virtual tag becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainImportedTagStatus")]
pub enum ImportedTagStatus {
    /// It waits for a decision.
    Pending,
    /// It holds at once, and supersedes the other values of its key.
    Approved,
}

/// What an import would do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainSampleAction")]
pub enum ImportAction {
    /// Make what is not there.
    Insert,
    /// Change what is there.
    Update,
    /// Leave what is there, for it is the same.
    Unchanged,
}

/// A cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainCloud")]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Gcp,
    /// Microsoft Azure.
    Azure,
}

/// Where the value of a virtual tag comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainTagSource")]
pub enum TagSource {
    /// The resource's own tags, normalised.
    Native,
    /// Words in the resource's name.
    Pattern,
    /// What the type of the resource says.
    Type,
    /// A rule that somebody wrote.
    Rule,
    /// A classifier trained on what people decided.
    Model,
    /// The account, project or resource group.
    Inherited,
    /// Made by hand.
    Manual,
    /// Imported with a file.
    Csv,
}

/// Where a virtual tag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[graphql(remote = "DomainApprovalStatus")]
pub enum ApprovalStatus {
    /// It waits for a decision.
    Pending,
    /// Somebody approved it: it holds.
    Approved,
    /// Somebody denied it; it comes back only on other evidence.
    Denied,
    /// Another value of its key was approved, or it is no longer proposed.
    Superseded,
}

/// Whether a tag was applied by itself or is only suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainTagKind")]
pub enum TagKind {
    /// Confident enough to have been applied at once.
    AutoApplied,
    /// Confident enough to be shown, no more.
    Suggestion,
}

/// What happened to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainAuditAction")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainRunStatus")]
pub enum RunStatus {
    /// It waits for a worker, perhaps after a failure.
    Queued,
    /// A worker is at it.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed, and has no attempts left.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainJobName")]
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
    /// Seals what was written to the audit trail, so that changes to it are noticed.
    Seal,
}

/// What was done to a rule, a schedule or a token of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainAdminAction")]
pub enum AdminAction {
    /// It was made.
    Created,
    /// It says something else.
    Updated,
    /// It is gone.
    Deleted,
    /// The rules have another order.
    Reordered,
    /// The schedule does not tick.
    Paused,
    /// The schedule ticks again.
    Resumed,
    /// The token was taken back.
    Revoked,
}

/// What administrators change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainAdminSubject")]
pub enum AdminSubject {
    /// A rule, or the order of all.
    Rule,
    /// A schedule.
    Schedule,
    /// A token of a script.
    ApiToken,
}
