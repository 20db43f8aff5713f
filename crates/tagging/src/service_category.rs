//! Service categories of types: facts, which follow from a resource's type alone. They are effective at once, are no tags,
//! and so collide with no key of a customer.
//!
//! The categories and their names are those of the column `ServiceCategory` of FOCUS, the `FinOps` Open Cost and Usage
//! Specification (versions 1.0 to 1.2).

use crate::CloudProvider;
use crate::vocabulary::folded_type;

const ANALYTICS: &str = "Analytics";
const BUSINESS_APPLICATIONS: &str = "Business Applications";
const COMPUTE: &str = "Compute";
const DATABASES: &str = "Databases";
const DEVELOPER_TOOLS: &str = "Developer Tools";
const IDENTITY: &str = "Identity";
const INTEGRATION: &str = "Integration";
const INTERNET_OF_THINGS: &str = "Internet of Things";
const MACHINE_LEARNING: &str = "AI and Machine Learning";
const MANAGEMENT: &str = "Management and Governance";
const MEDIA: &str = "Media";
const MIGRATION: &str = "Migration";
const NETWORKING: &str = "Networking";
const SECURITY: &str = "Security";
const STORAGE: &str = "Storage";
const WEB: &str = "Web";

/// The category of a type, in any of the spellings `ec2/instance`, `AWS::EC2::Instance`,
/// `compute.googleapis.com/Instance`, `Microsoft.Compute/disks`. `None` for types that the table does not know.
pub fn service_category(cloud: CloudProvider, resource_type: &str) -> Option<&'static str> {
    let folded = folded_type(resource_type);
    let (service, kind) = folded.split_once('/').unwrap_or((&folded, ""));
    match cloud {
        CloudProvider::Aws => aws(service, kind),
        CloudProvider::Gcp => gcp(service.trim_end_matches(".googleapis.com"), kind),
        CloudProvider::Azure => azure(service.trim_start_matches("microsoft."), kind),
    }
}

fn aws(service: &str, kind: &str) -> Option<&'static str> {
    Some(match service {
        "ec2" => ec2(kind),
        "autoscaling" | "imagebuilder" | "lightsail" | "batch" | "ecs" | "eks" | "ecr" | "ecr-public"
        | "lambda" | "serverlessrepo" | "workspaces" | "workspaces-web" | "appstream" => COMPUTE,
        "apprunner" | "elasticbeanstalk" | "amplify" => WEB,
        "s3" | "elasticfilesystem" | "efs" | "fsx" | "backup" | "glacier" | "storagegateway" | "dlm"
        | "transfer" => STORAGE,
        "rds" | "dynamodb" | "elasticache" | "memorydb" | "docdb" | "neptune" | "cassandra" | "dsql"
        | "timestream" | "dax" | "qldb" => DATABASES,
        "elasticloadbalancing"
        | "elasticloadbalancingv2"
        | "route53"
        | "route53resolver"
        | "cloudfront"
        | "directconnect"
        | "appmesh"
        | "networkmanager"
        | "vpc-lattice"
        | "globalaccelerator"
        | "servicediscovery" => NETWORKING,
        "iam" | "sso" | "cognito-idp" | "cognito-identity" | "cognito" | "ds" => IDENTITY,
        "kms" | "secretsmanager" | "acm" | "acm-pca" | "wafv2" | "waf" | "waf-regional"
        | "network-firewall" | "guardduty" | "securityhub" | "inspector2" | "macie2" | "shield"
        | "cloudhsm" | "fms" | "detective" => SECURITY,
        "sqs" | "sns" | "events" | "mq" | "ses" | "scheduler" | "schemas" | "pipes" | "pinpoint"
        | "states" | "apigateway" | "apigatewayv2" | "appsync" => INTEGRATION,
        "dms" | "datasync" | "mgn" | "migrationhub" => MIGRATION,
        "iot" | "iotsitewise" | "greengrass" => INTERNET_OF_THINGS,
        "mediaconvert" | "medialive" | "mediapackage" | "ivs" => MEDIA,
        "glue"
        | "athena"
        | "redshift"
        | "redshift-serverless"
        | "kinesis"
        | "kinesisanalytics"
        | "firehose"
        | "es"
        | "opensearch"
        | "aoss"
        | "kafka"
        | "emr"
        | "elasticmapreduce"
        | "quicksight"
        | "lakeformation"
        | "cleanrooms"
        | "airflow"
        | "datapipeline" => ANALYTICS,
        "sagemaker" | "bedrock" | "lex" | "rekognition" | "comprehend" | "textract" | "polly" => {
            MACHINE_LEARNING
        }
        "cloudwatch" | "logs" | "cloudtrail" | "xray" | "synthetics" | "grafana" | "aps" | "rum"
        | "organizations" | "cloudformation" | "ssm" | "config" | "servicecatalog" | "resource-groups"
        | "budgets" | "ram" | "controltower" | "appconfig" | "health" => MANAGEMENT,
        "codebuild" | "codecommit" | "codepipeline" | "codedeploy" | "codeartifact" | "cloud9" => {
            DEVELOPER_TOOLS
        }
        "connect" | "workmail" => BUSINESS_APPLICATIONS,
        _ => return None,
    })
}

fn ec2(kind: &str) -> &'static str {
    match kind {
        "volume" | "snapshot" => STORAGE,
        "key-pair" | "keypair" => SECURITY,
        "instance"
        | "image"
        | "launch-template"
        | "launchtemplate"
        | "spot-instances-request"
        | "dedicated-host"
        | "capacity-reservation"
        | "fleet"
        | "placement-group" => COMPUTE,
        // Everything else under EC2 belongs to its virtual network.
        _ => NETWORKING,
    }
}

fn gcp(service: &str, kind: &str) -> Option<&'static str> {
    Some(match service {
        "compute" => match kind {
            "instance"
            | "instancegroup"
            | "instancegroupmanager"
            | "instancetemplate"
            | "autoscaler"
            | "image"
            | "machineimage" => COMPUTE,
            "disk" | "regiondisk" | "snapshot" => STORAGE,
            "securitypolicy" => SECURITY,
            _ => NETWORKING,
        },
        "instances" | "batch" | "container" | "gkehub" | "artifactregistry" | "containerregistry" | "run"
        | "cloudfunctions" => COMPUTE,
        "appengine" => WEB,
        "storage" | "file" | "backupdr" => STORAGE,
        "vmmigration" | "storagetransfer" | "datamigration" => MIGRATION,
        "sqladmin" | "alloydb" | "spanner" | "bigtableadmin" | "bigtable" | "firestore" | "redis"
        | "memcache" | "datastore" => DATABASES,
        "dns"
        | "networkservices"
        | "networkconnectivity"
        | "networksecurity"
        | "vpcaccess"
        | "servicedirectory" => NETWORKING,
        "iam" | "cloudidentity" | "identitytoolkit" => IDENTITY,
        "cloudkms"
        | "secretmanager"
        | "certificatemanager"
        | "privateca"
        | "accesscontextmanager"
        | "binaryauthorization" => SECURITY,
        "pubsub" | "cloudtasks" | "eventarc" | "cloudscheduler" | "workflows" | "apigateway" | "apigee" => {
            INTEGRATION
        }
        "bigquery" | "dataflow" | "dataproc" | "dataplex" | "composer" | "datafusion" | "datacatalog" => {
            ANALYTICS
        }
        "aiplatform" | "ml" | "notebooks" | "dialogflow" => MACHINE_LEARNING,
        "logging" | "monitoring" | "cloudresourcemanager" | "orgpolicy" | "serviceusage" | "cloudbilling" => {
            MANAGEMENT
        }
        "cloudbuild" | "sourcerepo" | "workstations" | "clouddeploy" => DEVELOPER_TOOLS,
        _ => return None,
    })
}

fn azure(service: &str, kind: &str) -> Option<&'static str> {
    Some(match service {
        "compute" => match kind.split('/').next().unwrap_or_default() {
            "disks" | "snapshots" | "diskaccesses" => STORAGE,
            "diskencryptionsets" | "sshpublickeys" => SECURITY,
            _ => COMPUTE,
        },
        "batch"
        | "hybridcompute"
        | "containerservice"
        | "containerregistry"
        | "containerinstance"
        | "app"
        | "redhatopenshift"
        | "servicefabric"
        | "kubernetes"
        | "desktopvirtualization"
        | "virtualmachineimages" => COMPUTE,
        "web" => WEB,
        "datamigration" | "migrate" | "offazure" => MIGRATION,
        "devices" | "iotcentral" | "digitaltwins" => INTERNET_OF_THINGS,
        "media" => MEDIA,
        "storage" | "netapp" | "recoveryservices" | "dataprotection" | "storagesync" | "datalakestore" => {
            STORAGE
        }
        "sql" | "dbforpostgresql" | "dbformysql" | "dbformariadb" | "documentdb" | "cache"
        | "azurearcdata" => DATABASES,
        "network" => match kind {
            "applicationgatewaywebapplicationfirewallpolicies"
            | "frontdoorwebapplicationfirewallpolicies" => SECURITY,
            _ => NETWORKING,
        },
        "cdn" => NETWORKING,
        "managedidentity" | "aad" | "azureactivedirectory" => IDENTITY,
        "keyvault" | "security" | "attestation" => SECURITY,
        "servicebus" | "eventgrid" | "notificationhubs" | "signalrservice" | "communication" | "logic"
        | "relay" | "apimanagement" => INTEGRATION,
        "eventhub" | "datafactory" | "databricks" | "synapse" | "kusto" | "streamanalytics" | "hdinsight"
        | "datalakeanalytics" | "purview" | "search" | "powerbidedicated" => ANALYTICS,
        "cognitiveservices" | "machinelearningservices" | "botservice" => MACHINE_LEARNING,
        "insights"
        | "operationalinsights"
        | "operationsmanagement"
        | "alertsmanagement"
        | "dashboard"
        | "monitor"
        | "resources"
        | "automation"
        | "authorization"
        | "policyinsights"
        | "management"
        | "appconfiguration"
        | "maintenance"
        | "features" => MANAGEMENT,
        "devtestlab" | "devcenter" | "visualstudio" | "loadtestservice" => DEVELOPER_TOOLS,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_type_agree() {
        for spelling in ["ec2/instance", "AWS::EC2::Instance", "EC2/Instance"] {
            assert_eq!(
                service_category(CloudProvider::Aws, spelling),
                Some("Compute"),
                "{spelling}"
            );
        }
    }

    #[test]
    fn categories_follow_service_and_kind() {
        use CloudProvider::{Aws, Azure, Gcp};
        for (cloud, resource_type, category) in [
            (Aws, "ec2/security-group", Some("Networking")),
            (Aws, "ec2/volume", Some("Storage")),
            (Aws, "rds/db", Some("Databases")),
            (Aws, "iam/role", Some("Identity")),
            (Aws, "AWS::KMS::Key", Some("Security")),
            (Aws, "sagemaker/endpoint", Some("AI and Machine Learning")),
            (Gcp, "storage.googleapis.com/Bucket", Some("Storage")),
            (Gcp, "compute.googleapis.com/Instance", Some("Compute")),
            (Azure, "Microsoft.Network/publicIPAddresses", Some("Networking")),
            (
                Azure,
                "microsoft.insights/alertrules",
                Some("Management and Governance"),
            ),
            (Aws, "unheard/of", None),
            (Aws, "", None),
        ] {
            assert_eq!(
                service_category(cloud, resource_type),
                category,
                "{resource_type}"
            );
        }
    }
}
