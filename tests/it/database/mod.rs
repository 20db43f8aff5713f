//! The service and its PostgreSQL: embedded or external, its roles, TLS, outages, dumps, other versions of the schema.

#[cfg(feature = "embedded")]
mod connections;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(feature = "embedded")]
mod outage;
mod reads;
#[cfg(feature = "embedded")]
mod restore;
#[cfg(feature = "embedded")]
mod roles;
mod structure;
mod tls;
mod transactions;
mod versions;
