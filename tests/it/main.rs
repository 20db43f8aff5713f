//! The integration tests: the real service on a real PostgreSQL. One binary, so that it links once and all tests share
//! one database server.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

mod account_moves;
mod admin_changes;
mod api_tokens;
mod app;
mod approvals;
mod architecture;
mod audit_list;
mod audit_seals;
mod auth;
mod auto_tag;
mod bulk;
mod cli;
#[cfg(feature = "embedded")]
mod connections;
mod corpus;
mod counters;
#[cfg(feature = "embedded")]
mod database_trouble;
mod db;
mod documents;
mod edge;
#[cfg(feature = "embedded")]
mod embedded;
mod events;
mod faults;
mod finding;
#[cfg(feature = "embedded")]
mod first_start;
mod fixture;
mod fuzz;
mod graphql;
mod http;
mod imports;
mod inventory;
mod jobs;
mod live;
mod logs;
mod manual_tags;
mod metrics;
mod model;
mod program;
#[cfg(feature = "embedded")]
mod restore;
mod rights;
#[cfg(feature = "embedded")]
mod roles;
mod rules;
mod runs;
mod schedules;
#[cfg(feature = "embedded")]
mod scratch;
mod secret_files;
mod service;
mod signals;
mod subscription_fanout;
mod tls;
mod upload;
mod versions;
mod websocket;
mod workers;
