//! Routes besides GraphQL: the web client, CSV downloads, GraphiQL, health and metrics.

pub mod client_routes;
pub mod csv;
pub mod graphiql;
pub mod health;
mod static_file;
pub mod web_client;
