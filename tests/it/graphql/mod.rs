//! The GraphQL schema over a real database.

mod answers;
mod authorisation;
mod columns;
mod connections;
mod row_level_security;
mod runs;
mod schema;
mod scope;
mod statements;
