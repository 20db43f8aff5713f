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
    // The tagging API of AWS has one colon, `ec2:instance`.
    let folded = folded_type(resource_type).replace(':', "/");
    let (service, kind) = folded.split_once('/').unwrap_or((&folded, ""));
    match cloud {
        CloudProvider::Aws => aws(service, kind),
        CloudProvider::Gcp => gcp(service.trim_end_matches(".googleapis.com"), kind),
        CloudProvider::Azure => azure(service.trim_start_matches("microsoft."), kind),
    }
}

/// Service by the name that its ARNs have, where `CloudFormation`, Config and Cloud Control have another.
fn arn_service(service: &str) -> &str {
    match service {
        "acmpca" => "acm-pca",
        "amazonmq" => "mq",
        "applicationautoscaling" | "autoscalingplans" => "autoscaling",
        "certificatemanager" => "acm",
        "directoryservice" => "ds",
        "elasticsearch" | "opensearchservice" => "es",
        "opensearchserverless" => "aoss",
        "emrcontainers" | "emrserverless" | "emr-containers" | "emr-serverless" => "emr",
        "eventschemas" => "schemas",
        "inspector" | "inspectorv2" => "inspector2",
        "iottwinmaker"
        | "iotevents"
        | "iotanalytics"
        | "iotwireless"
        | "iotfleetwise"
        | "iotcoredeviceadvisor" => "iot",
        "greengrassv2" => "greengrass",
        "kinesisanalyticsv2" => "kinesisanalytics",
        "kinesisfirehose" => "firehose",
        "kinesisvideo" => "kinesis",
        "macie" => "macie2",
        "msk" | "kafkaconnect" => "kafka",
        "mwaa" => "airflow",
        "networkfirewall" => "network-firewall",
        "redshiftserverless" => "redshift-serverless",
        "resourcegroups" => "resource-groups",
        "s3express" | "s3outposts" | "s3tables" | "s3-outposts" => "s3",
        "stepfunctions" => "states",
        "vpclattice" => "vpc-lattice",
        "wafregional" => "waf-regional",
        "workspacesweb" => "workspaces-web",
        other => other,
    }
}

fn aws(service: &str, kind: &str) -> Option<&'static str> {
    Some(match arn_service(service) {
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
    match kind.replace('-', "").as_str() {
        "volume" | "snapshot" => STORAGE,
        "keypair" => SECURITY,
        "instance"
        | "image"
        | "launchtemplate"
        | "spotinstancesrequest"
        | "spotfleet"
        | "spotfleetrequest"
        | "host"
        | "dedicatedhost"
        | "hostreservation"
        | "capacityreservation"
        | "capacityreservationfleet"
        | "fleet"
        | "ec2fleet"
        | "placementgroup"
        | "reservedinstances" => COMPUTE,
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
    fn names_of_cloudformation_mean_the_services_of_arns() {
        for (arn, formation) in [
            ("ec2/capacity-reservation", "AWS::EC2::CapacityReservation"),
            ("ec2/placement-group", "AWS::EC2::PlacementGroup"),
            ("ec2/dedicated-host", "AWS::EC2::Host"),
            ("ec2/fleet", "AWS::EC2::EC2Fleet"),
            ("ec2/spot-fleet-request", "AWS::EC2::SpotFleet"),
            ("ec2/key-pair", "AWS::EC2::KeyPair"),
            ("ec2/launch-template", "AWS::EC2::LaunchTemplate"),
            ("ec2/instance", "ec2:instance"),
            ("states/stateMachine", "AWS::StepFunctions::StateMachine"),
            ("acm/certificate", "AWS::CertificateManager::Certificate"),
            (
                "acm-pca/certificate-authority",
                "AWS::ACMPCA::CertificateAuthority",
            ),
            ("es/domain", "AWS::Elasticsearch::Domain"),
            ("es/domain", "AWS::OpenSearchService::Domain"),
            ("aoss/collection", "AWS::OpenSearchServerless::Collection"),
            ("firehose/deliverystream", "AWS::KinesisFirehose::DeliveryStream"),
            (
                "kinesisanalytics/application",
                "AWS::KinesisAnalyticsV2::Application",
            ),
            ("kafka/cluster", "AWS::MSK::Cluster"),
            ("mq/broker", "AWS::AmazonMQ::Broker"),
            ("airflow/environment", "AWS::MWAA::Environment"),
            ("ds/directory", "AWS::DirectoryService::MicrosoftAD"),
            ("network-firewall/firewall", "AWS::NetworkFirewall::Firewall"),
            ("resource-groups/group", "AWS::ResourceGroups::Group"),
            ("elasticfilesystem/file-system", "AWS::EFS::FileSystem"),
            ("elasticmapreduce/cluster", "AWS::EMR::Cluster"),
            ("vpc-lattice/service", "AWS::VpcLattice::Service"),
        ] {
            let category = service_category(CloudProvider::Aws, arn);
            assert!(category.is_some(), "{arn}");
            assert_eq!(
                service_category(CloudProvider::Aws, formation),
                category,
                "{formation}"
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
