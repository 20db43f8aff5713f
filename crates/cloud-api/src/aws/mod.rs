//! Amazon Web Services: credentials, signatures, addresses, and the operations that discovery asks, in the shapes of the
//! services' own models.

mod config_aggregator;
mod credentials;
mod endpoint;
mod explorer;
mod organizations;
mod service;
mod signer;
mod sts;
mod tagging;

pub use config_aggregator::{AggregatorPage, ConfigAggregator, SelectAggregateConfig};
pub use credentials::{AwsCredentials, AwsSettings};
pub use endpoint::{AwsEndpoints, global_region, partition};
pub use explorer::{
    ExplorerIndex, ExplorerPage, ExplorerProperty, ExplorerResource, ExplorerView, ListExplorerResources,
    ResourceExplorerApi,
};
pub use organizations::{ListAccounts, OrganizationAccount, OrganizationPage, Organizations};
pub use service::TagPair;
pub use signer::AwsSigner;
pub use sts::caller_account;
pub use tagging::{GetResources, TaggedArn, TaggingPage, TaggingService};
