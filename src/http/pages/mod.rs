//! Routes besides GraphQL: CSV downloads, GraphiQL, health and metrics.

pub mod csv;
pub mod graphiql;
pub mod health;
