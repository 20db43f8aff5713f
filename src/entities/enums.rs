//! Closed sets of values that columns hold. In the database they are text under a CHECK constraint.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Declares enums that columns and JSON hold as text, each with the case of its values.
macro_rules! db_enum {
    ($($(#[$meta:meta])* $name:ident $case:literal {
        $($(#[$variant_meta:meta])* $variant:ident),+ $(,)?
    })+) => {
        $(
            $(#[$meta])*
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
            #[sea_orm(rs_type = "String", db_type = "Text", rename_all = $case)]
            #[serde(rename_all = $case)]
            pub enum $name {
                $($(#[$variant_meta])* $variant),+
            }
        )+
    };
}

db_enum! {
    /// Cloud that a resource lives in.
    Cloud "lowercase" {
        Aws,
        Gcp,
        Azure,
    }

    /// Source of the value of a virtual tag.
    TagSource "UPPERCASE" {
        Native,
        Pattern,
        Type,
        Rule,
        Model,
        Inherited,
        Neighbour,
        Manual,
        Csv,
    }

    /// State of a virtual tag in the approval workflow.
    ApprovalStatus "UPPERCASE" {
        Pending,
        Approved,
        Denied,
        Superseded,
    }

    /// Way in which a person judged a proposal.
    DecisionMode "UPPERCASE" {
        /// The call named the tag alone, by its id, or said that each of its tags was judged on its own.
        Single,
        /// The tag was one of several of a call, or was selected by a filter or a group.
        Bulk,
    }

    /// Change of a tag; one audit row carries one.
    AuditAction "UPPERCASE" {
        /// The engine proposed the tag.
        Proposed,
        /// The engine proposes the tag again, with another source, confidence or evidence.
        Refreshed,
        /// The engine no longer proposes the tag.
        Withdrawn,
        /// A person approved the tag.
        Approved,
        /// A person denied the tag.
        Denied,
        /// A decision on another value of the key superseded the tag.
        Superseded,
        /// An undone decision on another value of the key restored the tag.
        Restored,
        /// A decision on the tag was undone.
        Undone,
        /// A person created the tag by hand.
        Created,
        /// A person changed the tag's value.
        Updated,
        /// The tag was removed.
        Deleted,
    }

    /// State of a run.
    RunStatus "UPPERCASE" {
        Queued,
        Running,
        Succeeded,
        Failed,
        Cancelled,
    }

    /// State of a suggestion.
    SuggestionStatus "UPPERCASE" {
        Open,
        Accepted,
        Dismissed,
    }

    /// Names of the jobs.
    JobName "snake_case" {
        /// Asks the providers for their resources.
        Discover,
        /// Evaluates the resources that are due.
        AutoTag,
        /// Reads an uploaded file.
        Import,
        /// Makes audit partitions ahead and prunes what is old.
        Maintain,
        /// Decides the tags that a caller selected.
        Decide,
        /// Seals what was written to the audit trail.
        Seal,
        /// Looks for patterns of resources that one decision would settle.
        MineSuggestions,
        /// Trains a model on the estate.
        TrainModel,
        /// Writes the coverage of the present day.
        SnapshotCoverage,
        /// Reads an uploaded bill.
        ImportCost,
    }

    /// Outcome for a tag that a run was to decide.
    Outcome "SCREAMING_SNAKE_CASE" {
        /// The run approved the tag.
        Approved,
        /// The run denied the tag.
        Denied,
        /// The run undid the decision on the tag.
        Undone,
        /// The tag was decided before, or another value of its key was approved.
        AlreadyDecided,
        /// The tag does not exist.
        NotFound,
        /// The tag is in a state in which this cannot be done.
        Conflict,
        /// The tag changed after it was selected.
        Stale,
        /// The tag is in none of the accounts of the run's caller.
        Forbidden,
    }

    /// Change of a rule, a schedule or an API token.
    AdminAction "UPPERCASE" {
        Created,
        Updated,
        Deleted,
        /// The order of all rules.
        Reordered,
        Paused,
        Resumed,
        Revoked,
        /// The retirement of resources that a source no longer reports.
        Confirmed,
    }

    /// State of a trained model.
    ModelStatus "UPPERCASE" {
        /// It was trained, and nothing was decided about it.
        Candidate,
        /// Engines work with it.
        Active,
        /// Another one took its place.
        Retired,
        /// It was not better than the one in use.
        Rejected,
    }

    /// Objects that administrators change.
    AdminSubject "SCREAMING_SNAKE_CASE" {
        Model,
        Rule,
        Schedule,
        ApiToken,
        VocabularyKey,
        /// Source of resources.
        Source,
    }

    /// Part of an account's resources that a report lists.
    AccountCoverage "SCREAMING_SNAKE_CASE" {
        /// All resources.
        Complete,
        /// Resources that have or had tags.
        TaggedOnly,
        /// Some resources.
        Partial,
        /// The account could not be read.
        Failed,
    }
}
