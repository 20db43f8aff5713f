//! The command line: flags over environment over `.env`, and one function per command.

mod audit;
mod demo;
mod env_file;
mod evaluate;
mod flags;
mod health;
mod import;
mod import_cost;
mod import_report;
mod input;
mod migrate;
mod output;
mod rules;
mod schema;
mod signals;
mod token;
mod vocabulary;
mod with_database;

use crate::app::{App, Mode, RunningApp};
use crate::config::{Config, settings};
use crate::telemetry;
use clap::{Parser, Subcommand};
use flags::{DatabaseFlags, Flags, ListenFlags, WorkerFlags};
use health::HealthArgs;
use output::say;
use signals::{Interrupt, Interrupted, Signals};
use std::process::ExitCode;

/// Exit code of a command that ended without an error.
const DONE: ExitCode = ExitCode::SUCCESS;

const AFTER_HELP: &str = "\
Examples:
  virtual-tagging                              serve on http://127.0.0.1:8000 with a PostgreSQL of its own
  virtual-tagging --port 9000 serve            the same on another port
  virtual-tagging worker                       work on jobs only, beside a serve
  virtual-tagging migrate status               which migrations the database has
  virtual-tagging import inventory.jsonl.gz    load an inventory; also while the service runs
  virtual-tagging import-cost focus.csv.gz     load a bill, which says what the resources cost
  virtual-tagging evaluate inventory.csv       how far its inferences can be trusted
  virtual-tagging token --sub ada --role approver --accounts 111,222 --ttl 8h

Settings come from flags, environment variables and ./.env, in this order; `virtual-tagging settings` lists all.

Exit codes: 0 done; 1 failed, the reason is on stderr; 2 the command line was wrong, or
an import with --strict rejected lines; 130 and 143 interrupted by SIGINT or SIGTERM before
the end (serve and worker end with 0, once what is under way has ended).";

/// Infers missing cloud tags with a confidence and a reason, and lets people approve them.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    listen: ListenFlags,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL, and work on jobs as configured (the default)
    Serve {
        #[command(flatten)]
        listen: ListenFlags,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Work on jobs and tick the schedules; over HTTP only health and metrics
    Worker {
        #[command(flatten)]
        listen: WorkerFlags,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Apply, take back or show the migrations of the database
    Migrate {
        #[command(subcommand)]
        action: migrate::Migrate,
    },
    /// Take an inventory file into the database, and print inserted, updated, unchanged, rejected
    Import {
        #[command(flatten)]
        arguments: import::ImportArgs,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Take bills (FOCUS or CUR 2.0) into the database, and print what they add up to
    ///
    /// Files are CSV, plain or gzip; several are parts of the same bills, and `-` reads the standard input. A bill that was
    /// imported before is replaced. docs/cost.md says what is read and how it is joined with resources.
    ImportCost {
        #[command(flatten)]
        arguments: import_cost::ImportCostArgs,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Remove the resources of the invented company
    Demo {
        #[command(subcommand)]
        action: demo::DemoAction,
    },
    /// Hide tags of an inventory file, infer them again, and print how often that was right
    ///
    /// Reads a partly tagged inventory, takes its tags away as the protocol says, and compares what the engine infers with
    /// what was there: per governed key the share that gets a value at a confidence of 0.90 or more and of 0.70 to 0.90, how
    /// many of them are right, the expected calibration error (ECE), the Brier score, and confidence against truth. Needs no
    /// database and keeps nothing. docs/evaluate.md says how to read the figures.
    Evaluate(evaluate::EvaluateArgs),
    /// Verify the audit trail, or take old months out of it
    Audit {
        #[command(subcommand)]
        what: audit::Audit,
    },
    /// Print the rules as a file, or apply a file of rules
    Rules {
        #[command(subcommand)]
        what: rules::Rules,
    },
    /// Print the GraphQL schema, or the structure of the database
    Schema {
        #[command(flatten)]
        arguments: schema::SchemaArgs,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print what is changed in the vocabulary, or apply such a file
    Vocabulary {
        #[command(subcommand)]
        action: vocabulary::VocabularyAction,
    },
    /// Print all settings with their defaults, values and meanings, as Markdown
    Settings,
    /// Print a signed bearer token
    Token(token::TokenArgs),
    /// Ask a running service, or worker, whether it is ready (exit code 0) or not (1)
    ///
    /// Without options it asks what a container runs, when it is in one, and otherwise a service on this machine.
    Health(HealthArgs),
}

/// Runs the command that the arguments of this process name.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let (flags, command) = cli.resolve();
    let result = flags::config(flags).and_then(|config| {
        if config.database.url.is_none() {
            forget_libpq_variables();
        }
        telemetry::start_log(&config.log).map_err(anyhow::Error::msg)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let result = runtime.block_on(dispatch(command, config));
        // Work on threads that nobody awaits any more, as of an `evaluate` that a signal ended, does not keep the process.
        runtime.shutdown_background();
        result
    });
    result.unwrap_or_else(|error| {
        output::complain(&format!("virtual-tagging: {error:#}"));
        match error.downcast_ref::<Interrupted>() {
            Some(interrupted) => interrupted.exit_code(),
            None => ExitCode::FAILURE,
        }
    })
}

/// Takes libpq's variables (`PGOPTIONS`, `PGHOST`, ...) out of the environment. They are meant for another server than a
/// PostgreSQL of our own, but the driver, which has no option to ignore them, would put them into every connection.
#[expect(unsafe_code, reason = "the standard library has no other way")]
fn forget_libpq_variables() {
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in names {
        if name.as_encoded_bytes().starts_with(b"PG") {
            // SAFETY: this process has no other thread yet that could read its environment.
            unsafe { std::env::remove_var(name) };
        }
    }
}

async fn dispatch(command: Command, mut config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { .. } => {
            config.check_authentication()?;
            return serve(config, Mode::Serve).await;
        }
        Command::Worker { .. } => {
            config.jobs.workers = true;
            return serve(config, Mode::Work).await;
        }
        _ => {}
    }
    let interrupt = Interrupt::listen()?;
    match command {
        Command::Serve { .. } | Command::Worker { .. } => Ok(DONE),
        Command::Migrate { action } => migrate::run(action, config, interrupt).await,
        Command::Import { arguments, .. } => Box::pin(import::run(arguments, config, interrupt)).await,
        Command::ImportCost { arguments, .. } => {
            Box::pin(import_cost::run(arguments, config, interrupt)).await
        }
        Command::Demo { action } => demo::run(action, config, interrupt).await,
        Command::Evaluate(arguments) => evaluate::run(arguments, config, interrupt).await,
        Command::Audit { what } => audit::run(what, config, interrupt).await,
        Command::Rules { what } => rules::run(what, config, interrupt).await,
        Command::Vocabulary { action } => vocabulary::run(action, config, interrupt).await,
        Command::Schema { arguments, .. } => schema::print(arguments, config, interrupt).await,
        Command::Settings => {
            say(settings::markdown().trim_end());
            Ok(DONE)
        }
        Command::Token(arguments) => token::print(arguments, &config),
        Command::Health(arguments) => interrupt.or(health::ask(&config, arguments.worker)).await,
    }
}

impl Cli {
    /// The command, and the flags that it is to have: for `health` in a container those of what the container runs.
    fn resolve(self) -> (Flags, Command) {
        if let Some(Command::Health(arguments)) = &self.command
            && !arguments.is_given()
            && let Some(running) = health::container_arguments()
            && let Ok(running) = Self::try_parse_from(running)
        {
            let worker = matches!(running.command, Some(Command::Worker { .. }));
            return (running.flags(), Command::Health(HealthArgs::of(worker)));
        }
        (self.flags(), self.command.unwrap_or_default())
    }

    /// The flags of the command after those before it.
    fn flags(&self) -> Flags {
        let mut flags = self.listen.flags();
        flags.extend(self.database.flags());
        match &self.command {
            Some(Command::Serve { listen, database }) => {
                flags.extend(listen.flags());
                flags.extend(database.flags());
            }
            Some(Command::Worker { listen, database }) => {
                flags.extend(listen.flags());
                flags.extend(database.flags());
            }
            Some(Command::Migrate { action }) => flags.extend(action.database().flags()),
            Some(Command::Demo { action }) => flags.extend(action.database().flags()),
            Some(Command::Audit { what }) => flags.extend(what.database().flags()),
            Some(Command::Rules { what }) => flags.extend(what.database().flags()),
            Some(Command::Vocabulary { action }) => flags.extend(action.database().flags()),
            Some(Command::Health(arguments)) => flags.extend(arguments.flags()),
            Some(
                Command::Import { database, .. }
                | Command::ImportCost { database, .. }
                | Command::Schema { database, .. },
            ) => flags.extend(database.flags()),
            Some(Command::Evaluate(_) | Command::Settings | Command::Token(_)) | None => {}
        }
        flags
    }
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve {
            listen: ListenFlags::default(),
            database: DatabaseFlags::default(),
        }
    }
}

/// Runs until a signal asks for the end. A second signal ends the process at once.
async fn serve(config: Config, mode: Mode) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let app: RunningApp = tokio::select! {
        app = App::start(config.clone(), mode) => app?,
        _ = signals.next() => return Ok(DONE),
    };
    app.announce(&config);
    signals.next().await;
    tracing::info!("stopping; a second signal ends the process at once");
    tokio::select! {
        () = app.shutdown() => Ok(DONE),
        interrupted = signals.next() => Ok(interrupted.exit_code()),
    }
}
