//! Virtual tagging: infers the tags that cloud resources lack and puts them before people.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod entities;
pub mod error;
pub mod graphql;
pub mod http;
pub mod jobs;
pub mod providers;
pub mod telemetry;
