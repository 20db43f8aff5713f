//! Kinds of resources that are simulated.

use crate::domain::Cloud::{Aws, Azure, Gcp};
use crate::providers::kinds::{InventedKind, Letters, kind};

#[rustfmt::skip]
pub(super) const KINDS: &[InventedKind] = &[
    kind(Aws, "ec2/instance", "arn:aws:ec2:{region}:{account}:instance/i-{hex}", &["web", "api", "worker", "bastion"]).opaque(),
    kind(Aws, "ec2/volume", "arn:aws:ec2:{region}:{account}:volume/vol-{hex}", &["data", "root"]).opaque(),
    kind(Aws, "ec2/security-group", "arn:aws:ec2:{region}:{account}:security-group/sg-{hex}", &["web-sg", "db-sg"]).opaque(),
    kind(Aws, "s3/bucket", "arn:aws:s3:::{name}", &["assets", "logs", "backup", "exports"]).letters(Letters::Lower),
    kind(Aws, "rds/db", "arn:aws:rds:{region}:{account}:db:{name}", &["db", "postgres", "replica"]).letters(Letters::Lower),
    kind(Aws, "dynamodb/table", "arn:aws:dynamodb:{region}:{account}:table/{name}", &["sessions", "events", "locks"]),
    kind(Aws, "lambda/function", "arn:aws:lambda:{region}:{account}:function:{name}", &["handler", "cleanup", "notify"]).letters(Letters::Lower),
    kind(Aws, "sqs/queue", "arn:aws:sqs:{region}:{account}:{name}", &["queue", "dlq", "jobs"]).letters(Letters::Lower),
    kind(Aws, "sns/topic", "arn:aws:sns:{region}:{account}:{name}", &["alerts", "topic"]).letters(Letters::Lower),
    kind(Aws, "ecs/service", "arn:aws:ecs:{region}:{account}:service/{app}-{env}/{name}", &["api", "worker"]).letters(Letters::Lower),
    kind(Aws, "eks/cluster", "arn:aws:eks:{region}:{account}:cluster/{name}", &["eks", "cluster"]).letters(Letters::Lower),
    kind(Aws, "elasticloadbalancing/loadbalancer", "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}", &["alb", "lb"]).opaque().letters(Letters::Lower),
    kind(Aws, "elasticache/cluster", "arn:aws:elasticache:{region}:{account}:cluster:{name}", &["redis", "cache"]).letters(Letters::Lower),
    kind(Aws, "secretsmanager/secret", "arn:aws:secretsmanager:{region}:{account}:secret:{name}", &["credentials", "api-key"]),
    kind(Aws, "kms/key", "arn:aws:kms:{region}:{account}:key/{uuid}", &["key"]).opaque(),
    kind(Aws, "iam/role", "arn:aws:iam::{account}:role/{name}", &["role", "task-role"]).global(),
    kind(Gcp, "compute.googleapis.com/Instance", "//compute.googleapis.com/projects/{account}/zones/{region}-b/instances/{name}", &["vm", "worker", "notebook"]).letters(Letters::Lower),
    kind(Gcp, "compute.googleapis.com/Disk", "//compute.googleapis.com/projects/{account}/zones/{region}-b/disks/{name}", &["disk", "data"]).letters(Letters::Lower),
    kind(Gcp, "storage.googleapis.com/Bucket", "//storage.googleapis.com/{name}", &["raw", "curated", "models"]).letters(Letters::Lower),
    kind(Gcp, "sqladmin.googleapis.com/Instance", "//cloudsql.googleapis.com/projects/{account}/instances/{name}", &["sql", "postgres"]).letters(Letters::Lower),
    kind(Gcp, "bigquery.googleapis.com/Dataset", "//bigquery.googleapis.com/projects/{account}/datasets/{name}", &["events", "marts"]).letters(Letters::Underscores),
    kind(Gcp, "pubsub.googleapis.com/Topic", "//pubsub.googleapis.com/projects/{account}/topics/{name}", &["topic", "dead-letter"]).global(),
    kind(Gcp, "run.googleapis.com/Service", "//run.googleapis.com/projects/{account}/locations/{region}/services/{name}", &["api", "scorer"]).letters(Letters::Lower),
    kind(Gcp, "container.googleapis.com/Cluster", "//container.googleapis.com/projects/{account}/locations/{region}/clusters/{name}", &["gke", "cluster"]).letters(Letters::Lower),
    kind(Gcp, "cloudfunctions.googleapis.com/Function", "//cloudfunctions.googleapis.com/projects/{account}/locations/{region}/functions/{name}", &["trigger", "loader"]).letters(Letters::Lower),
    kind(Azure, "Microsoft.Compute/virtualMachines", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Compute/virtualMachines/{name}", &["vm", "web", "app"]),
    kind(Azure, "Microsoft.Compute/disks", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Compute/disks/{name}", &["osdisk", "datadisk"]),
    kind(Azure, "Microsoft.Storage/storageAccounts", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Storage/storageAccounts/{name}", &["st", "files"]).letters(Letters::Compact),
    kind(Azure, "Microsoft.Sql/servers", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Sql/servers/{name}", &["sql"]).letters(Letters::Lower),
    kind(Azure, "Microsoft.Web/sites", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Web/sites/{name}", &["web", "api", "func"]).letters(Letters::Lower),
    kind(Azure, "Microsoft.KeyVault/vaults", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.KeyVault/vaults/{name}", &["kv"]).letters(Letters::Lower),
    kind(Azure, "Microsoft.Network/networkSecurityGroups", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Network/networkSecurityGroups/{name}", &["nsg"]),
    kind(Azure, "Microsoft.ContainerService/managedClusters", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.ContainerService/managedClusters/{name}", &["aks"]),
];
