//! Virtual tagging: infers the tags that cloud resources lack and puts them before people.
//!
//! Modules in the order in which they import each other; a test keeps the order.
//!
//! | module | content |
//! | --- | --- |
//! | [`clock`] | the time of day, passed in |
//! | [`config`] | table of settings; environment variables, `.env` and flags to typed settings |
//! | [`error`] | the closed set of errors of the domain |
//! | [`db`] | pools, transactions, row-level security, migrations, keyset pages, SQL written by hand |
//! | [`entities`] | one file per table: model, relations, finders that demand the actor's scope |
//! | [`auth`] | actors: subject, role, account scope |
//! | [`runs`] | engine of runs: `trait Job`, claim, checkpoint, finish, reclaim, schedules; it knows no job |
//! | [`domain`] | the product: verbs that take the database, the actor and an input, and the jobs beside them |
//! | [`providers`] | sources of resources: demo, simulated, file, AWS |
//! | [`jobs`] | apalis workers, ticker of schedules, registry of jobs |
//! | [`graphql`] | the schema: scalars, types, queries, mutations, subscriptions, relay pages, batched lookups |
//! | [`gateway`] | limits, validation, cost and rate of GraphQL requests before they are executed |
//! | [`http`] | router, authentication, executor, websockets, shared subscriptions, health, CSV, the web client, GraphiQL |
//! | [`telemetry`] | log and metrics |
//! | [`app`] | composition of all of it, and its shutdown in reverse |
//! | [`cli`] | commands |
//!
//! `crates/tagging` is the inference engine, without SQL; `crates/cloud-api` calls the clouds; `crates/pg-embedded` is the
//! PostgreSQL that a process runs for itself. `docs/architecture.md` follows a query, a mutation, an event and a job from file to file;
//! `docs/adding-things.md` has a checklist for each kind of addition: a column, a mutation, a job, a provider, a source of
//! candidates, a key, a setting.

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
