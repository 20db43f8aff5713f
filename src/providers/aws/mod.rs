//! Amazon Web Services: an account, all accounts of an organisation, an aggregator of AWS Config.

mod account;
mod aggregator;
mod connection;
mod organization;
mod seen;
mod tag_overlay;

pub use account::AwsAccount;
pub use aggregator::AwsAggregator;
pub use connection::{AwsConnection, AwsSourceSettings};
pub use organization::AwsOrganization;
