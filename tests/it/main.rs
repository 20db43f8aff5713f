//! The integration tests: the real service on a real PostgreSQL. One binary, so that it links once and all tests share
//! one database server.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

mod approvals;
mod architecture;
mod audit;
mod auth;
mod clouds;
mod cost;
mod database;
mod documents;
mod evaluation;
mod events;
mod faults;
mod fuzz;
mod gateway;
mod graphql;
mod http;
mod inventory;
mod learning;
mod model;
mod operations;
mod runs;
mod suggestions;
mod support;
