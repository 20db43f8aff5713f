//! Names of the formats, and the source of each field of a resource in them.

use serde::{Deserialize, Serialize};

/// Format of a file of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileFormat {
    /// CSV of the service.
    Csv,
    /// JSON Lines of the service.
    JsonLines,
    /// `aws resourcegroupstaggingapi get-resources`.
    AwsTaggingApi,
    /// `aws resource-explorer-2 search` and `list-resources`.
    AwsResourceExplorer,
    /// CSV export of Tag Editor.
    AwsTagEditor,
    /// `aws configservice select-resource-config` and `select-aggregate-resource-config`.
    AwsConfig,
    /// `az resource list`, and lists of Azure Resource Manager.
    AzureResourceList,
    /// `az graph query`.
    AzureResourceGraph,
    /// `gcloud asset search-all-resources`.
    GcpAssetSearch,
    /// Cloud Asset export, and `gcloud asset list`.
    GcpAssetExport,
    /// Lists and objects of the API of one service of Google Cloud.
    GcpServiceApi,
    /// `terraform show -json`.
    TerraformShow,
    /// Terraform state of version 4.
    TerraformState,
    /// Recording of several answers of clouds.
    HttpRecording,
}

/// Fields, each with its source in the format.
type FormatMapping = &'static [(&'static str, &'static str)];

impl FileFormat {
    /// Name in words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
            Self::AwsTaggingApi => "aws resourcegroupstaggingapi get-resources",
            Self::AwsResourceExplorer => "aws resource-explorer-2 search or list-resources",
            Self::AwsTagEditor => "CSV export of AWS Tag Editor",
            Self::AwsConfig => "aws configservice select-resource-config",
            Self::AzureResourceList => "az resource list",
            Self::AzureResourceGraph => "az graph query",
            Self::GcpAssetSearch => "gcloud asset search-all-resources",
            Self::GcpAssetExport => "Cloud Asset export",
            Self::GcpServiceApi => "API of one service of Google Cloud",
            Self::TerraformShow => "terraform show -json",
            Self::TerraformState => "Terraform state",
            Self::HttpRecording => "recording of answers",
        }
    }

    /// Fields of a resource, each with its source in the file. Empty for the formats of the service, whose columns have
    /// the names of the fields.
    pub const fn mapping(self) -> FormatMapping {
        match self {
            Self::Csv | Self::JsonLines | Self::HttpRecording => &[],
            Self::AwsTaggingApi => TAGGING_API,
            Self::AwsResourceExplorer => RESOURCE_EXPLORER,
            Self::AwsTagEditor => TAG_EDITOR,
            Self::AwsConfig => AWS_CONFIG,
            Self::AzureResourceList | Self::AzureResourceGraph => AZURE,
            Self::GcpAssetSearch => ASSET_SEARCH,
            Self::GcpAssetExport => ASSET_EXPORT,
            Self::GcpServiceApi => SERVICE_API,
            Self::TerraformShow | Self::TerraformState => TERRAFORM,
        }
    }
}

const TAGGING_API: FormatMapping = &[
    ("resource_id", "ResourceARN"),
    ("account_id", "account of the ARN, or the one given"),
    ("resource_type", "service and type of the ARN"),
    ("name", "tag Name, or the end of the ARN"),
    ("region", "region of the ARN"),
    ("native_tags", "Tags[].Key, Tags[].Value"),
];

const RESOURCE_EXPLORER: FormatMapping = &[
    ("resource_id", "Arn"),
    ("account_id", "OwningAccountId"),
    ("resource_type", "service and type of the ARN, or ResourceType"),
    ("name", "tag Name, or the end of the ARN"),
    ("region", "Region; none for global"),
    ("native_tags", "Properties[Name=tags].Data[]"),
];

const TAG_EDITOR: FormatMapping = &[
    ("resource_id", "ARN"),
    ("account_id", "account of the ARN, or the one given"),
    (
        "resource_type",
        "service and type of the ARN, or Service and Type",
    ),
    ("name", "Tag: Name, or the end of the ARN"),
    ("region", "Region; none for global"),
    ("native_tags", "columns Tag: KEY, without (not tagged)"),
];

const AWS_CONFIG: FormatMapping = &[
    ("resource_id", "arn"),
    ("account_id", "accountId"),
    ("resource_type", "service and type of the ARN, or resourceType"),
    ("name", "resourceName, tag Name, or the end of the ARN"),
    ("region", "awsRegion; none for global"),
    ("created_at", "resourceCreationTime"),
    ("native_tags", "tags[].key, tags[].value"),
];

const AZURE: FormatMapping = &[
    ("resource_id", "id in lower case"),
    ("account_id", "subscription of the id"),
    ("resource_type", "type, in lower case"),
    ("name", "name"),
    ("region", "location"),
    ("created_at", "createdTime, or properties.timeCreated"),
    ("native_tags", "tags"),
];

const ASSET_SEARCH: FormatMapping = &[
    ("resource_id", "name"),
    ("account_id", "project of the name, of the parent, or project"),
    ("resource_type", "assetType"),
    ("name", "last part of displayName, or of name"),
    ("region", "location"),
    ("created_at", "createTime"),
    ("native_tags", "labels"),
];

const ASSET_EXPORT: FormatMapping = &[
    ("resource_id", "name"),
    ("account_id", "project of the name, or the first of ancestors"),
    ("resource_type", "assetType"),
    ("name", "resource.data.name, or the last part of name"),
    ("region", "resource.location, or data.location, zone or region"),
    ("created_at", "data.creationTimestamp, createTime or timeCreated"),
    (
        "native_tags",
        "data.labels, resourceLabels or settings.userLabels",
    ),
];

const SERVICE_API: FormatMapping = &[
    ("resource_id", "selfLink as a full resource name"),
    ("account_id", "project of selfLink, or projectNumber"),
    ("resource_type", "service and list of selfLink"),
    ("name", "name"),
    ("region", "location, zone or region"),
    ("created_at", "creationTimestamp, createTime or timeCreated"),
    ("native_tags", "labels, resourceLabels or settings.userLabels"),
];

const TERRAFORM: FormatMapping = &[
    ("resource_id", "arn, id or self_link"),
    ("account_id", "account of the ARN or of the id, or project"),
    (
        "resource_type",
        "type of the ARN, of the id, or of the Terraform type",
    ),
    ("name", "tag Name (AWS), name, or the end of the id"),
    ("region", "region of the ARN, location, zone or region"),
    ("native_tags", "tags_all, effective_labels, tags or labels"),
];
