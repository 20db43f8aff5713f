//! Connections to embedded servers.

use pg_embedded::{EmbeddedServer, SUPERUSER};
use sqlx::postgres::PgConnectOptions;

pub use virtual_tagging::db::embedded::{connect_options, options};

/// Connection to the maintenance database as the superuser, who may create databases.
pub fn admin_options(server: &EmbeddedServer) -> PgConnectOptions {
    connect_options(server).username(SUPERUSER).database("postgres")
}
