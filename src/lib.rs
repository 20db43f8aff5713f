//! Virtual tagging: infers the tags that cloud resources lack and puts them before people.
//!
//! The modules in the order in which they import each other; a test keeps the order.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`clock`] | the time of day, passed in |
//! | [`config`] | environment variables to typed settings |
//! | [`error`] | the closed set of errors that the domain gives |
//! | [`db`] | pool, migrations at start, SQL by hand, the PostgreSQL that the service runs for itself |
//! | [`entities`] | one file per table: model, relations, finders that demand the actor's scope |
//! | [`domain`] | what the product knows and does; verbs that take the database, the actor and an input |
//! | [`providers`] | who reports resources: simulated, file |
//! | [`jobs`] | workers of the queue, ticker of schedules, registry of jobs |
//! | [`graphql`] | the schema: types and resolvers by feature, ids, pages, batches, errors |
//! | [`gateway`] | limits, validation, cost and rate of GraphQL requests before they are executed |
//! | [`http`] | router, guard and executor, websocket, bearer tokens, health, CSV downloads, GraphiQL |
//! | [`telemetry`] | log and metrics |
//! | [`app`] | puts all of it together, and takes it down in reverse |
//! | [`cli`] | the commands |
//!
//! # Where things go
//!
//! - **A mutation**: a verb in the feature's folder of [`domain`], which checks the role, does the work in one
//!   transaction and writes the trail ([`domain::audit::with_trail`]); then a resolver of a few lines in the feature's
//!   file of [`graphql`], and its test.
//! - **A job**: a struct with its arguments and an `impl` of [`runs::Job`] beside its verb in [`domain`], and a line in
//!   the registry of [`jobs`]; its name in [`entities::JobName`] and in the table's constraint (a migration).
//! - **A source of candidates**: implement [`tagging::CandidateSource`] in a file of `crates/tagging/src/sources` and add it
//!   to [`tagging::Engine::new`].
//! - **A provider**: implement [`domain::discovery::Provider`] in a file of [`providers`] and name it in
//!   [`providers::from_spec`].
//! - **A column**: a migration under `migration/src/sql`, the model in [`entities`], the field in [`graphql`], and
//!   `schema.graphql` again (`cargo run -- schema > schema.graphql`).

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod entities;
pub mod error;
pub mod gateway;
pub mod graphql;
pub mod http;
pub mod jobs;
pub mod providers;
pub mod runs;
pub mod telemetry;
