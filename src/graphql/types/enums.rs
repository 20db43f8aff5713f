//! Enums that mirror columns of the database and options of the domain.

use crate::domain::approvals::TagKind;
use crate::domain::discovery::FileFormat;
use crate::domain::imports::{ImportMode, SampleAction, TagStatus};
use crate::domain::{ApprovalStatus, AuditAction, Cloud, DecisionMode, JobName, RunStatus, TagSource};
use crate::graphql::types::row::db_enum;

db_enum! {
    /// Effect of a rejected entry on the other entries of an import.
    #[derive(Default)]
    pub enum ImportModeEnum("ImportMode") mirrors ImportMode {
        /// The other entries are imported.
        #[default]
        GoodRows,
        /// No entry is imported; the run fails and lists the rejected entries.
        AllOrNothing,
    }
}

db_enum! {
    /// Approval status that an import gives to virtual tags.
    pub enum ImportedTagStatusEnum("ImportedTagStatus") mirrors TagStatus {
        /// The tag waits for a decision.
        Pending,
        /// The tag is approved and supersedes the other values of the key.
        Approved,
    }
}

db_enum! {
    /// Action of an import on a row.
    pub enum ImportActionEnum("ImportAction") mirrors SampleAction {
        /// A new row is inserted.
        Insert,
        /// An existing row is updated.
        Update,
        /// An equal row exists and stays.
        Unchanged,
    }
}

db_enum! {
    /// Format of an imported file of resources, detected by content.
    pub enum ImportFormatEnum("ImportFormat") mirrors FileFormat {
        /// CSV of the service.
        Csv,
        /// JSON Lines of the service.
        JsonLines,
        /// Output of `aws resourcegroupstaggingapi get-resources`.
        AwsTaggingApi,
        /// Output of `aws resource-explorer-2 search` or `list-resources`.
        AwsResourceExplorer,
        /// CSV export of AWS Tag Editor.
        AwsTagEditor,
        /// Output of `aws configservice select-resource-config` or `select-aggregate-resource-config`.
        AwsConfig,
        /// Output of `az resource list`, or a list of Azure Resource Manager.
        AzureResourceList,
        /// Output of `az graph query`.
        AzureResourceGraph,
        /// Output of `gcloud asset search-all-resources`.
        GcpAssetSearch,
        /// Export of Cloud Asset Inventory, or output of `gcloud asset list`.
        GcpAssetExport,
        /// List or object of the API of one service of Google Cloud.
        GcpServiceApi,
        /// Output of `terraform show -json`.
        TerraformShow,
        /// Terraform state of version 4.
        TerraformState,
        /// Recording of several answers.
        HttpRecording,
    }
}

db_enum! {
    /// Cloud provider.
    pub enum CloudEnum("Cloud") mirrors Cloud {
        /// Amazon Web Services.
        Aws,
        /// Google Cloud.
        Gcp,
        /// Microsoft Azure.
        Azure,
    }
}

db_enum! {
    /// Source of a virtual tag's value.
    pub enum TagSourceEnum("TagSource") mirrors TagSource {
        /// Native tags of the resource, normalized.
        Native,
        /// Words in the name of the resource.
        Pattern,
        /// Type of the resource.
        Type,
        /// Rule written by an admin.
        Rule,
        /// Values known in this estate that occur in the name of the resource.
        Model,
        /// Account, project, resource group, namespace or parent of the resource.
        Inherited,
        /// Tagged resources that are like this one: same beginning of the name, same words, same other tags.
        Neighbour,
        /// Person who created the tag.
        Manual,
        /// Imported file.
        Csv,
    }
}

db_enum! {
    /// Way in which a person judged a proposal.
    pub enum DecisionModeEnum("DecisionMode") mirrors DecisionMode {
        /// Alone: the call named one tag, by its id, or several that were judged `individually`.
        Single,
        /// With others: the call named several ids, a filter or a group.
        Bulk,
    }
}

db_enum! {
    /// Approval status of a virtual tag.
    pub enum ApprovalStatusEnum("ApprovalStatus") mirrors ApprovalStatus {
        /// The tag waits for a decision.
        Pending,
        /// The tag was approved and is in effect.
        Approved,
        /// The tag was denied; the value is proposed again only on other evidence.
        Denied,
        /// Another value of the key was approved, or the tag is no longer proposed.
        Superseded,
    }
}

db_enum! {
    /// Kind of a proposed virtual tag.
    pub enum TagKindEnum("TagKind") mirrors TagKind {
        /// Confidence high enough to apply the tag before a decision.
        AutoApplied,
        /// Confidence high enough to suggest the tag only.
        Suggestion,
        /// Confidence high enough for a suggestion, in another value than the resource's own tags state. Subscriptions
        /// cannot tell contradictions from other suggestions, since events have no evidence.
        Contradiction,
    }
}

db_enum! {
    /// Action on a virtual tag that the audit trail records.
    pub enum AuditActionEnum("AuditAction") mirrors AuditAction {
        /// The engine proposed the tag.
        Proposed,
        /// The engine proposed the tag again with another source, confidence or evidence.
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
        /// A person created the tag.
        Created,
        /// A person changed the value of the tag.
        Updated,
        /// The tag was deleted.
        Deleted,
    }
}

db_enum! {
    /// Status of a job run.
    pub enum RunStatusEnum("RunStatus") mirrors RunStatus {
        /// The run waits for a worker, for the first attempt or a retry.
        Queued,
        /// A worker executes the run.
        Running,
        /// The run succeeded.
        Succeeded,
        /// The run failed and has no attempts left.
        Failed,
        /// The run was cancelled.
        Cancelled,
    }
}

db_enum! {
    /// Name of a job.
    pub enum JobNameEnum("JobName") mirrors JobName {
        /// Reads the resources of the configured sources.
        Discover,
        /// Evaluates the resources that are due.
        AutoTag,
        /// Imports an uploaded file.
        Import,
        /// Creates audit partitions in advance and deletes expired data.
        Maintain,
        /// Executes a bulk decision.
        Decide,
        /// Seals new audit rows, which makes later changes to the rows detectable.
        Seal,
        /// Looks for patterns of resources that one decision settles, and suggests rules.
        MineSuggestions,
        /// Trains a model on the native tags and decisions of the estate.
        TrainModel,
        /// Writes the coverage of the present day into its history.
        SnapshotCoverage,
        /// Imports the cost of an uploaded bill.
        ImportCost,
    }
}
