//! TYPE: what kind of cloud service a resource is, by its type.

use crate::{Candidate, CandidateSource, CloudProvider, SourceKind, Subject};

const KEY: &str = "service_category";

/// The table states facts; what remains is that a service can be argued into two categories.
const CONFIDENCE: f64 = 0.97;

/// The category of a type, in any of the spellings `ec2/instance`, `AWS::EC2::Instance`,
/// `compute.googleapis.com/Instance`, `Microsoft.Compute/disks`. `None` for types that the table does not know.
pub fn category(cloud: CloudProvider, resource_type: &str) -> Option<&'static str> {
    let lower = resource_type.to_ascii_lowercase().replace("::", "/");
    let (service, kind) = lower
        .trim_start_matches("aws/")
        .split_once('/')
        .unwrap_or((&lower, ""));
    match cloud {
        CloudProvider::Aws => aws(service, kind),
        CloudProvider::Gcp => gcp(service.trim_end_matches(".googleapis.com"), kind),
        CloudProvider::Azure => azure(service.trim_start_matches("microsoft."), kind),
    }
}

fn aws(service: &str, kind: &str) -> Option<&'static str> {
    Some(match service {
        "ec2" => ec2(kind),
        "autoscaling" | "imagebuilder" | "lightsail" | "batch" | "elasticbeanstalk" => "compute",
        "ecs" | "eks" | "ecr" | "ecr-public" | "appmesh" | "apprunner" => "containers",
        "lambda" | "states" | "serverlessrepo" => "serverless",
        "s3" | "elasticfilesystem" | "efs" | "fsx" | "backup" | "glacier" | "storagegateway" | "datasync"
        | "dlm" | "transfer" => "storage",
        "rds" | "dynamodb" | "elasticache" | "memorydb" | "dms" | "docdb" | "neptune" | "cassandra"
        | "dsql" | "timestream" | "dax" | "qldb" => "database",
        "elasticloadbalancing"
        | "elasticloadbalancingv2"
        | "route53"
        | "route53resolver"
        | "cloudfront"
        | "apigateway"
        | "apigatewayv2"
        | "appsync"
        | "directconnect"
        | "networkmanager"
        | "vpc-lattice"
        | "globalaccelerator"
        | "servicediscovery" => "network",
        "iam" | "kms" | "secretsmanager" | "acm" | "acm-pca" | "wafv2" | "waf" | "waf-regional"
        | "network-firewall" | "guardduty" | "securityhub" | "inspector2" | "macie2" | "shield"
        | "cognito-idp" | "cognito-identity" | "cognito" | "ds" | "cloudhsm" | "sso" | "fms"
        | "detective" => "security",
        "sqs" | "sns" | "events" | "mq" | "ses" | "scheduler" | "schemas" | "pipes" | "pinpoint" => {
            "messaging"
        }
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
        | "datapipeline" => "analytics",
        "sagemaker" | "bedrock" | "lex" | "rekognition" | "comprehend" | "textract" | "polly" => {
            "machine-learning"
        }
        "cloudwatch" | "logs" | "cloudtrail" | "xray" | "synthetics" | "grafana" | "aps" | "rum" => {
            "monitoring"
        }
        "organizations" | "cloudformation" | "ssm" | "config" | "servicecatalog" | "resource-groups"
        | "budgets" | "ram" | "controltower" | "appconfig" | "health" => "management",
        "codebuild" | "codecommit" | "codepipeline" | "codedeploy" | "codeartifact" | "amplify"
        | "cloud9" => "developer-tools",
        "workspaces" | "workspaces-web" | "appstream" | "connect" | "workmail" => "end-user",
        _ => return None,
    })
}

fn ec2(kind: &str) -> &'static str {
    match kind {
        "volume" | "snapshot" => "storage",
        "key-pair" | "keypair" => "security",
        "instance"
        | "image"
        | "launch-template"
        | "launchtemplate"
        | "spot-instances-request"
        | "dedicated-host"
        | "capacity-reservation"
        | "fleet"
        | "placement-group" => "compute",
        // Everything else under EC2 belongs to its virtual network.
        _ => "network",
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
            | "machineimage" => "compute",
            "disk" | "regiondisk" | "snapshot" => "storage",
            "securitypolicy" => "security",
            _ => "network",
        },
        "instances" | "batch" | "vmmigration" => "compute",
        "container" | "gkehub" | "artifactregistry" | "containerregistry" => "containers",
        "run" | "cloudfunctions" | "appengine" | "workflows" => "serverless",
        "storage" | "file" | "backupdr" | "storagetransfer" => "storage",
        "sqladmin" | "alloydb" | "spanner" | "bigtableadmin" | "bigtable" | "firestore" | "redis"
        | "memcache" | "datastore" => "database",
        "dns"
        | "networkservices"
        | "networkconnectivity"
        | "networksecurity"
        | "vpcaccess"
        | "apigateway"
        | "apigee"
        | "servicedirectory" => "network",
        "cloudkms"
        | "iam"
        | "secretmanager"
        | "certificatemanager"
        | "privateca"
        | "accesscontextmanager"
        | "binaryauthorization" => "security",
        "pubsub" | "cloudtasks" | "eventarc" | "cloudscheduler" => "messaging",
        "bigquery" | "dataflow" | "dataproc" | "dataplex" | "composer" | "datafusion" | "datacatalog" => {
            "analytics"
        }
        "aiplatform" | "ml" | "notebooks" | "dialogflow" => "machine-learning",
        "logging" | "monitoring" => "monitoring",
        "cloudresourcemanager" | "orgpolicy" | "serviceusage" | "cloudbilling" => "management",
        "cloudbuild" | "sourcerepo" | "workstations" | "clouddeploy" => "developer-tools",
        _ => return None,
    })
}

fn azure(service: &str, kind: &str) -> Option<&'static str> {
    Some(match service {
        "compute" => match kind.split('/').next().unwrap_or_default() {
            "disks" | "snapshots" | "diskaccesses" => "storage",
            "diskencryptionsets" | "sshpublickeys" => "security",
            _ => "compute",
        },
        "batch" | "hybridcompute" => "compute",
        "containerservice" | "containerregistry" | "containerinstance" | "app" | "redhatopenshift"
        | "servicefabric" | "kubernetes" => "containers",
        "web" | "logic" => "serverless",
        "storage" | "netapp" | "recoveryservices" | "dataprotection" | "storagesync" | "datalakestore" => {
            "storage"
        }
        "sql" | "dbforpostgresql" | "dbformysql" | "dbformariadb" | "documentdb" | "cache"
        | "azurearcdata" => "database",
        "network" => match kind {
            "applicationgatewaywebapplicationfirewallpolicies"
            | "frontdoorwebapplicationfirewallpolicies" => "security",
            _ => "network",
        },
        "cdn" | "apimanagement" | "relay" => "network",
        "keyvault" | "managedidentity" | "security" | "aad" | "attestation" => "security",
        "servicebus" | "eventgrid" | "notificationhubs" | "signalrservice" | "communication" => "messaging",
        "eventhub" | "datafactory" | "databricks" | "synapse" | "kusto" | "streamanalytics" | "hdinsight"
        | "datalakeanalytics" | "purview" | "search" | "powerbidedicated" => "analytics",
        "cognitiveservices" | "machinelearningservices" | "botservice" => "machine-learning",
        "insights"
        | "operationalinsights"
        | "operationsmanagement"
        | "alertsmanagement"
        | "dashboard"
        | "monitor" => "monitoring",
        "resources" | "automation" | "authorization" | "policyinsights" | "management"
        | "appconfiguration" | "maintenance" | "features" => "management",
        "devtestlab" | "devcenter" | "visualstudio" | "loadtestservice" => "developer-tools",
        "desktopvirtualization" | "virtualmachineimages" => "end-user",
        _ => return None,
    })
}

/// The TYPE source.
pub(crate) struct TypeSource;

impl CandidateSource for TypeSource {
    fn source(&self) -> SourceKind {
        SourceKind::Type
    }

    fn propose(&self, subject: &Subject, out: &mut Vec<Candidate>) {
        let Some(category) = category(subject.cloud, &subject.resource_type) else {
            return;
        };
        out.push(Candidate {
            key: KEY.to_owned(),
            value: category.to_owned(),
            source: SourceKind::Type,
            confidence: CONFIDENCE,
            rule_id: None,
            reason: format!("resources of type `{}` are {category}", subject.resource_type),
            signature: format!("TYPE:{}", subject.resource_type),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vocabulary;

    #[test]
    fn spellings_of_a_type_agree() {
        for spelling in ["ec2/instance", "AWS::EC2::Instance", "EC2/Instance"] {
            assert_eq!(
                category(CloudProvider::Aws, spelling),
                Some("compute"),
                "{spelling}"
            );
        }
        assert_eq!(
            category(CloudProvider::Aws, "ec2/security-group"),
            Some("network")
        );
        assert_eq!(category(CloudProvider::Aws, "rds/db"), Some("database"));
        assert_eq!(
            category(CloudProvider::Gcp, "storage.googleapis.com/Bucket"),
            Some("storage")
        );
        assert_eq!(
            category(CloudProvider::Azure, "Microsoft.Network/publicIPAddresses"),
            Some("network")
        );
        assert_eq!(
            category(CloudProvider::Azure, "microsoft.insights/alertrules"),
            Some("monitoring")
        );
        assert_eq!(category(CloudProvider::Aws, "unheard/of"), None);
        assert_eq!(category(CloudProvider::Aws, ""), None);
    }

    #[test]
    fn categories_are_values_of_the_vocabulary() {
        let vocabulary = Vocabulary::default();
        let known: Vec<&str> = vocabulary
            .key(KEY)
            .unwrap()
            .values
            .iter()
            .map(|value| value.name.as_str())
            .collect();
        let aws = [
            "ec2/instance",
            "ecs/x",
            "lambda/x",
            "s3/x",
            "rds/x",
            "elasticloadbalancing/x",
            "iam/x",
            "sqs/x",
        ];
        let more = [
            "glue/x",
            "sagemaker/x",
            "logs/x",
            "ssm/x",
            "codebuild/x",
            "workspaces/x",
        ];
        for resource_type in aws.iter().chain(&more) {
            assert!(
                known.contains(&category(CloudProvider::Aws, resource_type).unwrap()),
                "{resource_type}"
            );
        }
    }
}
