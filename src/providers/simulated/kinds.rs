//! The kinds of resources, and how each cloud identifies them.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::domain::Cloud;

/// A kind of resource. In `id`, `{account}`, `{region}`, `{app}`, `{env}`, `{name}`, `{hex}` (17 digits) and `{uuid}`
/// are filled in.
pub(super) struct SimulatedKind {
    pub cloud: Cloud,
    pub resource_type: &'static str,
    id: &'static str,
    /// Word for it in a name.
    pub roles: &'static [&'static str],
    pub regional: bool,
    /// The id holds nothing but the name that would tell two of them apart.
    pub unique_by_name: bool,
    letters: Letters,
}

/// Characters that the cloud allows in a name.
#[derive(Clone, Copy)]
enum Letters {
    Any,
    /// Lower case, digits and hyphens.
    Lower,
    /// Lower case, digits and underscores.
    Underscores,
    /// Lower case and digits, at most 24.
    Compact,
}

/// Location of a resource, and its name.
pub(super) struct ResourceLocation<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub app: &'a str,
    pub environment: &'a str,
    pub name: &'a str,
}

impl SimulatedKind {
    /// The id, and the name as this kind allows it.
    pub fn identify(&self, rng: &mut StdRng, location: &ResourceLocation<'_>) -> (String, String) {
        let name = match self.letters {
            Letters::Any => location.name.to_owned(),
            Letters::Lower => location.name.to_ascii_lowercase().replace(['.', '_'], "-"),
            Letters::Underscores => location.name.to_ascii_lowercase().replace(['.', '-'], "_"),
            Letters::Compact => compact(location.name),
        };
        let hex = format!("{:017x}", rng.random::<u64>());
        let u: u128 = rng.random();
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            u as u32,
            (u >> 32) as u16,
            (u >> 48) & 0xfff,
            (u >> 60) & 0xfff,
            (u >> 72) & 0xffff_ffff_ffff
        );
        let id = self
            .id
            .replace("{account}", location.account)
            .replace("{region}", location.region)
            .replace("{app}", location.app)
            .replace("{env}", location.environment)
            .replace("{hex}", &hex)
            .replace("{uuid}", &uuid)
            .replace("{name}", &name);
        (id, name)
    }
}

/// The end is kept where it is too long: it tells one from another.
fn compact(name: &str) -> String {
    let letters: String = name
        .to_ascii_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    letters
        .get(letters.len().saturating_sub(24)..)
        .unwrap_or_default()
        .to_owned()
}

const fn kind(
    cloud: Cloud,
    resource_type: &'static str,
    id: &'static str,
    roles: &'static [&'static str],
) -> SimulatedKind {
    SimulatedKind {
        cloud,
        resource_type,
        id,
        roles,
        regional: true,
        unique_by_name: true,
        letters: Letters::Any,
    }
}

impl SimulatedKind {
    const fn opaque(self) -> Self {
        Self {
            unique_by_name: false,
            ..self
        }
    }

    const fn global(self) -> Self {
        Self {
            regional: false,
            ..self
        }
    }

    const fn letters(self, letters: Letters) -> Self {
        Self { letters, ..self }
    }
}

use Cloud::{Aws, Azure, Gcp};

#[rustfmt::skip]
pub(super) const KINDS: &[SimulatedKind] = &[
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
