//! PostgreSQL: pools, transactions, migrations, row-level security, SQL written by hand, and the embedded server.

pub mod budget;
mod cancellation;
mod connection;
mod copy_text;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod estimate;
mod health;
pub mod keyset;
pub mod migrate;
mod notify;
pub mod opaque;
mod pools;
pub mod projection;
mod reads;
pub mod row_security;
mod snapshot;
pub mod sql;
pub mod structure;
mod transaction;

pub use cancellation::cancel_aware;
pub use connection::PoolSettings;
pub use copy_text::CopyText;
pub use health::HealthMonitor;
pub use notify::Notification;
pub use pools::Pools;
pub use reads::{ReadPool, by_key};
pub use snapshot::SnapshotReader;
pub use transaction::{Begin, Transaction, begin_on};
