//! Components of which the stacks of the invented company consist, by cloud.

use super::super::kinds::{InventedKind, Letters, kind};
use crate::domain::Cloud::{self, Aws, Azure, Gcp};

/// Shape of the stacks of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StackShape {
    /// Servers behind a load balancer, with a database.
    Web,
    /// Functions, queues and tables.
    Functions,
    /// Workloads of a Kubernetes cluster.
    Cluster,
    /// Buckets, data sets and jobs.
    Pipeline,
    /// Virtual machines with disks, as they came.
    Hosts,
    /// Networks and keys of everybody.
    Network,
    /// Desktops of employees, named after devices.
    Desktops,
    /// Devices in warehouses.
    Things,
}

/// Kind of resource of which a stack has `least` to `most`; in production about a quarter more.
pub(super) struct StackComponent {
    pub kind: InventedKind,
    pub least: u32,
    pub most: u32,
}

impl StackShape {
    /// Components in a cloud. Shapes that a cloud does not have there are those of its servers.
    pub(super) fn components(self, cloud: Cloud) -> &'static [StackComponent] {
        match (cloud, self) {
            (Aws, Self::Functions) => AWS_FUNCTIONS,
            (Aws, Self::Hosts | Self::Desktops) => AWS_HOSTS,
            (Aws, Self::Network) => AWS_NETWORK,
            (Aws, Self::Things) => AWS_THINGS,
            (Aws, _) => AWS_WEB,
            (Gcp, Self::Cluster | Self::Web) => GCP_CLUSTER,
            (Gcp, _) => GCP_PIPELINE,
            (Azure, Self::Desktops) => AZURE_DESKTOPS,
            (Azure, Self::Functions | Self::Pipeline) => AZURE_FUNCTIONS,
            (Azure, Self::Hosts | Self::Network | Self::Things) => AZURE_HOSTS,
            (Azure, Self::Web | Self::Cluster) => AZURE_WEB,
        }
    }
}

const fn some(kind: InventedKind, least: u32, most: u32) -> StackComponent {
    StackComponent { kind, least, most }
}

const fn aws(resource_type: &'static str, id: &'static str, roles: &'static [&'static str]) -> InventedKind {
    kind(Aws, resource_type, id, roles).letters(Letters::Lower)
}

const fn gcp(resource_type: &'static str, id: &'static str, roles: &'static [&'static str]) -> InventedKind {
    kind(Gcp, resource_type, id, roles).letters(Letters::Lower)
}

const fn azure(
    resource_type: &'static str,
    id: &'static str,
    roles: &'static [&'static str],
) -> InventedKind {
    kind(Azure, resource_type, id, roles)
}

// Kinds of more than one stack.
#[rustfmt::skip]
const INSTANCE: InventedKind = kind(Aws, "ec2/instance", "arn:aws:ec2:{region}:{account}:instance/i-{hex}", &["web", "api", "worker"]).opaque();
#[rustfmt::skip]
const VOLUME: InventedKind = kind(Aws, "ec2/volume", "arn:aws:ec2:{region}:{account}:volume/vol-{hex}", &["data", "root"]).opaque();
#[rustfmt::skip]
const SNAPSHOT: InventedKind = kind(Aws, "ec2/snapshot", "arn:aws:ec2:{region}:{account}:snapshot/snap-{hex}", &["snap"]).opaque();
#[rustfmt::skip]
const SECURITY_GROUP: InventedKind = kind(Aws, "ec2/security-group", "arn:aws:ec2:{region}:{account}:security-group/sg-{hex}", &["web-sg", "db-sg"]).opaque();
#[rustfmt::skip]
const BUCKET: InventedKind = aws("s3/bucket", "arn:aws:s3:::{name}", &["assets", "logs", "exports"]);
#[rustfmt::skip]
const DATABASE: InventedKind = aws("rds/db", "arn:aws:rds:{region}:{account}:db:{name}", &["db", "replica"]);
#[rustfmt::skip]
const TABLE: InventedKind = aws("dynamodb/table", "arn:aws:dynamodb:{region}:{account}:table/{name}", &["sessions", "events", "locks"]);
#[rustfmt::skip]
const FUNCTION: InventedKind = aws("lambda/function", "arn:aws:lambda:{region}:{account}:function:{name}", &["handler", "cleanup", "notify", "sync"]);
#[rustfmt::skip]
const QUEUE: InventedKind = aws("sqs/queue", "arn:aws:sqs:{region}:{account}:{name}", &["queue", "dlq", "jobs"]);
#[rustfmt::skip]
const TOPIC: InventedKind = aws("sns/topic", "arn:aws:sns:{region}:{account}:{name}", &["alerts", "topic"]);
#[rustfmt::skip]
const SECRET: InventedKind = aws("secretsmanager/secret", "arn:aws:secretsmanager:{region}:{account}:secret:{name}", &["credentials", "api-key"]);
#[rustfmt::skip]
const LOG_GROUP: InventedKind = aws("logs/log-group", "arn:aws:logs:{region}:{account}:log-group:{name}", &["api-logs", "access-logs", "audit-logs"]);
#[rustfmt::skip]
const ROLE: InventedKind = aws("iam/role", "arn:aws:iam::{account}:role/{name}", &["task-role", "deploy-role"]).global();
#[rustfmt::skip]
const KEY: InventedKind = aws("kms/key", "arn:aws:kms:{region}:{account}:key/{uuid}", &["key"]).opaque();
#[rustfmt::skip]
const GCP_BUCKET: InventedKind = gcp("storage.googleapis.com/Bucket", "//storage.googleapis.com/{name}", &["raw", "curated", "models"]);
#[rustfmt::skip]
const GCP_TOPIC: InventedKind = gcp("pubsub.googleapis.com/Topic", "//pubsub.googleapis.com/projects/{account}/topics/{name}", &["topic", "dead-letter"]).global();
#[rustfmt::skip]
const GCP_ACCOUNT: InventedKind = gcp("iam.googleapis.com/ServiceAccount", "//iam.googleapis.com/projects/{account}/serviceAccounts/{name}@{account}.iam.gserviceaccount.com", &["runner"]).global();
#[rustfmt::skip]
const GCP_SECRET: InventedKind = gcp("secretmanager.googleapis.com/Secret", "//secretmanager.googleapis.com/projects/{account}/secrets/{name}", &["token", "credentials"]).global();
#[rustfmt::skip]
const VIRTUAL_MACHINE: InventedKind = azure("Microsoft.Compute/virtualMachines", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Compute/virtualMachines/{name}", &["vm"]);
#[rustfmt::skip]
const DISK: InventedKind = azure("Microsoft.Compute/disks", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Compute/disks/{name}", &["osdisk", "datadisk"]);
#[rustfmt::skip]
const NETWORK_CARD: InventedKind = azure("Microsoft.Network/networkInterfaces", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Network/networkInterfaces/{name}", &["nic"]);
#[rustfmt::skip]
const NETWORK_RULES: InventedKind = azure("Microsoft.Network/networkSecurityGroups", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Network/networkSecurityGroups/{name}", &["nsg"]);
#[rustfmt::skip]
const STORAGE_ACCOUNT: InventedKind = azure("Microsoft.Storage/storageAccounts", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Storage/storageAccounts/{name}", &["st"]).letters(Letters::Compact);
#[rustfmt::skip]
const SQL_SERVER: InventedKind = azure("Microsoft.Sql/servers", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Sql/servers/{name}", &["sql"]).letters(Letters::Lower);
#[rustfmt::skip]
const SITE: InventedKind = azure("Microsoft.Web/sites", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Web/sites/{name}", &["web", "func"]).letters(Letters::Lower);
#[rustfmt::skip]
const KEY_VAULT: InventedKind = azure("Microsoft.KeyVault/vaults", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.KeyVault/vaults/{name}", &["kv"]).letters(Letters::Lower);
#[rustfmt::skip]
const INSIGHTS: InventedKind = azure("Microsoft.Insights/components", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Insights/components/{name}", &["appi"]);

#[rustfmt::skip]
const AWS_WEB: &[StackComponent] = &[
    some(INSTANCE, 3, 7), some(VOLUME, 4, 9), some(SNAPSHOT, 0, 8), some(SECURITY_GROUP, 2, 4), some(BUCKET, 1, 4), some(DATABASE, 1, 3),
    some(aws("elasticloadbalancing/loadbalancer", "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}", &["alb"]).opaque(), 1, 2),
    some(aws("elasticache/cluster", "arn:aws:elasticache:{region}:{account}:cluster:{name}", &["cache"]), 0, 2),
    some(aws("ecs/service", "arn:aws:ecs:{region}:{account}:service/{app}-{env}/{name}", &["api", "worker"]), 1, 4),
    some(QUEUE, 0, 4), some(SECRET, 1, 4), some(LOG_GROUP, 3, 7), some(ROLE, 2, 4), some(KEY, 0, 2),
];
#[rustfmt::skip]
const AWS_FUNCTIONS: &[StackComponent] = &[
    some(FUNCTION, 5, 14), some(LOG_GROUP, 5, 12), some(TABLE, 1, 5), some(QUEUE, 2, 6), some(TOPIC, 1, 3), some(BUCKET, 1, 3), some(ROLE, 2, 5), some(SECRET, 1, 3),
];
#[rustfmt::skip]
const AWS_HOSTS: &[StackComponent] = &[some(INSTANCE, 8, 18), some(VOLUME, 12, 30), some(SNAPSHOT, 6, 20), some(SECURITY_GROUP, 2, 5), some(BUCKET, 0, 2), some(ROLE, 1, 2)];
#[rustfmt::skip]
const AWS_NETWORK: &[StackComponent] = &[
    some(kind(Aws, "ec2/vpc", "arn:aws:ec2:{region}:{account}:vpc/vpc-{hex}", &["vpc"]).opaque(), 2, 5),
    some(kind(Aws, "ec2/subnet", "arn:aws:ec2:{region}:{account}:subnet/subnet-{hex}", &["private", "public"]).opaque(), 8, 18),
    some(kind(Aws, "ec2/natgateway", "arn:aws:ec2:{region}:{account}:natgateway/nat-{hex}", &["nat"]).opaque(), 2, 5),
    some(SECURITY_GROUP, 3, 8), some(LOG_GROUP, 3, 8), some(BUCKET, 3, 8), some(KEY, 3, 8), some(ROLE, 4, 9),
];
#[rustfmt::skip]
const AWS_THINGS: &[StackComponent] = &[some(kind(Aws, "iot/thing", "arn:aws:iot:{region}:{account}:thing/{name}", &["hh", "scan", "prt"]), 70, 90)];
#[rustfmt::skip]
const GCP_CLUSTER: &[StackComponent] = &[
    some(gcp("container.googleapis.com/Cluster", "//container.googleapis.com/projects/{account}/locations/{region}/clusters/{name}", &["gke"]), 1, 1),
    some(gcp("apps.k8s.io/Deployment", "//container.googleapis.com/projects/{account}/locations/{region}/clusters/main/k8s/namespaces/{app}-{env}/apps/deployments/{name}", &["api", "worker", "indexer", "frontend"]), 6, 14),
    some(gcp("k8s.io/Service", "//container.googleapis.com/projects/{account}/locations/{region}/clusters/main/k8s/namespaces/{app}-{env}/services/{name}", &["svc"]), 4, 9),
    some(gcp("compute.googleapis.com/Instance", "//compute.googleapis.com/projects/{account}/zones/{region}-b/instances/{name}", &["node"]), 4, 9),
    some(gcp("compute.googleapis.com/Disk", "//compute.googleapis.com/projects/{account}/zones/{region}-b/disks/{name}", &["disk", "pvc"]), 6, 14),
    some(gcp("run.googleapis.com/Service", "//run.googleapis.com/projects/{account}/locations/{region}/services/{name}", &["api", "scorer"]), 0, 3),
    some(GCP_BUCKET, 1, 3), some(GCP_TOPIC, 1, 4), some(GCP_ACCOUNT, 1, 3), some(GCP_SECRET, 1, 4),
];
#[rustfmt::skip]
const GCP_PIPELINE: &[StackComponent] = &[
    some(GCP_BUCKET, 4, 10),
    some(gcp("bigquery.googleapis.com/Dataset", "//bigquery.googleapis.com/projects/{account}/datasets/{name}", &["events", "marts"]).letters(Letters::Underscores), 3, 8),
    some(gcp("bigquery.googleapis.com/Table", "//bigquery.googleapis.com/projects/{account}/datasets/shared/tables/{name}", &["daily", "hourly"]).letters(Letters::Underscores), 6, 16),
    some(GCP_TOPIC, 2, 6),
    some(gcp("dataflow.googleapis.com/Job", "//dataflow.googleapis.com/projects/{account}/locations/{region}/jobs/{name}", &["load", "merge"]), 2, 6),
    some(gcp("cloudfunctions.googleapis.com/CloudFunction", "//cloudfunctions.googleapis.com/projects/{account}/locations/{region}/functions/{name}", &["trigger", "loader"]), 2, 6),
    some(gcp("compute.googleapis.com/Instance", "//compute.googleapis.com/projects/{account}/zones/{region}-b/instances/{name}", &["notebook", "worker"]), 1, 6),
    some(GCP_ACCOUNT, 1, 3), some(GCP_SECRET, 0, 3),
];
#[rustfmt::skip]
const AZURE_WEB: &[StackComponent] = &[some(SITE, 3, 8), some(SQL_SERVER, 1, 3), some(STORAGE_ACCOUNT, 2, 5), some(KEY_VAULT, 1, 3), some(INSIGHTS, 2, 5), some(VIRTUAL_MACHINE, 2, 6), some(DISK, 3, 8), some(NETWORK_CARD, 2, 6), some(NETWORK_RULES, 2, 4)];
#[rustfmt::skip]
const AZURE_FUNCTIONS: &[StackComponent] = &[
    some(SITE, 5, 12), some(STORAGE_ACCOUNT, 3, 8), some(KEY_VAULT, 1, 3), some(INSIGHTS, 3, 8),
    some(azure("Microsoft.ServiceBus/namespaces", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.ServiceBus/namespaces/{name}", &["sb"]).letters(Letters::Lower), 1, 4),
    some(SQL_SERVER, 1, 3),
];
#[rustfmt::skip]
const AZURE_HOSTS: &[StackComponent] = &[some(VIRTUAL_MACHINE, 8, 18), some(DISK, 14, 32), some(NETWORK_CARD, 8, 18), some(NETWORK_RULES, 2, 5), some(STORAGE_ACCOUNT, 1, 4), some(KEY_VAULT, 1, 2)];
#[rustfmt::skip]
const AZURE_DESKTOPS: &[StackComponent] = &[some(azure("Microsoft.Compute/virtualMachines", "/subscriptions/{account}/resourceGroups/rg-{app}-{env}/providers/Microsoft.Compute/virtualMachines/{name}", &["LT", "VD", "WS"]), 60, 70), some(DISK, 60, 70)];
