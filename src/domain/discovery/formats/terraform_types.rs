//! Types of the providers of Terraform: those of Google Cloud whose resources have no link of their own.

/// Types, each with the service that names the resource and its asset type.
const GOOGLE: &[(&str, &str, &str)] = &[
    (
        "google_artifact_registry_repository",
        "artifactregistry",
        "artifactregistry.googleapis.com/Repository",
    ),
    (
        "google_bigtable_instance",
        "bigtable",
        "bigtableadmin.googleapis.com/Instance",
    ),
    ("google_cloud_run_v2_job", "run", "run.googleapis.com/Job"),
    ("google_cloud_run_v2_service", "run", "run.googleapis.com/Service"),
    (
        "google_cloudfunctions2_function",
        "cloudfunctions",
        "cloudfunctions.googleapis.com/Function",
    ),
    (
        "google_cloudfunctions_function",
        "cloudfunctions",
        "cloudfunctions.googleapis.com/CloudFunction",
    ),
    (
        "google_composer_environment",
        "composer",
        "composer.googleapis.com/Environment",
    ),
    (
        "google_container_node_pool",
        "container",
        "container.googleapis.com/NodePool",
    ),
    (
        "google_dataproc_cluster",
        "dataproc",
        "dataproc.googleapis.com/Cluster",
    ),
    ("google_dns_managed_zone", "dns", "dns.googleapis.com/ManagedZone"),
    (
        "google_filestore_instance",
        "file",
        "file.googleapis.com/Instance",
    ),
    (
        "google_kms_crypto_key",
        "cloudkms",
        "cloudkms.googleapis.com/CryptoKey",
    ),
    (
        "google_kms_key_ring",
        "cloudkms",
        "cloudkms.googleapis.com/KeyRing",
    ),
    (
        "google_project",
        "cloudresourcemanager",
        "cloudresourcemanager.googleapis.com/Project",
    ),
    (
        "google_pubsub_subscription",
        "pubsub",
        "pubsub.googleapis.com/Subscription",
    ),
    ("google_pubsub_topic", "pubsub", "pubsub.googleapis.com/Topic"),
    ("google_redis_instance", "redis", "redis.googleapis.com/Instance"),
    (
        "google_secret_manager_secret",
        "secretmanager",
        "secretmanager.googleapis.com/Secret",
    ),
    (
        "google_service_account",
        "iam",
        "iam.googleapis.com/ServiceAccount",
    ),
    (
        "google_workflows_workflow",
        "workflows",
        "workflows.googleapis.com/Workflow",
    ),
];

/// Service and asset type of a type of Google's provider.
pub(super) fn google_type(terraform_type: &str) -> Option<(&'static str, &'static str)> {
    GOOGLE
        .iter()
        .find(|(name, ..)| *name == terraform_type)
        .map(|(_, service, asset)| (*service, *asset))
}
