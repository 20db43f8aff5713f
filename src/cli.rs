//! The command line: flags over environment over `.env`, and one function per command.

mod audit;
mod import;
mod output;
mod token;

use crate::app::{App, Database, Duty, RunningApp};
use crate::config::{self, Config};
use crate::db::migrate;
use crate::graphql::schema;
use crate::telemetry;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use output::say;
use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

/// How a command ended, when it was not an error.
const DONE: ExitCode = ExitCode::SUCCESS;

const AFTER_HELP: &str = "\
Examples:
  virtual-tagging                              serve on http://127.0.0.1:8000 with a PostgreSQL of its own
  virtual-tagging --port 9000 serve            the same on another port
  virtual-tagging worker                       work on jobs only, beside a serve
  virtual-tagging migrate status               which migrations the database has
  virtual-tagging import inventory.jsonl.gz    load an inventory; also while the service runs
  virtual-tagging token --sub ada --role approver --accounts 111,222 --ttl 8h

Settings come from flags, environment variables and ./.env, in this order; the README lists all.

Exit codes: 0 done; 1 failed, the reason is on stderr; 2 the command line was wrong, or
an import with --strict rejected lines.";

/// Infers missing cloud tags with a confidence and a reason, and lets people approve them.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings that are often wanted for one start only.
#[derive(Debug, Args)]
struct Settings {
    #[arg(
        long,
        help = "Address to listen on [env: API_HOST, default: 127.0.0.1]",
        global = true,
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(
        long,
        help = "Port to listen on; 0 takes a free one [env: API_PORT, default: 8000]",
        global = true
    )]
    port: Option<u16>,
    #[arg(
        long,
        help = "Where the embedded PostgreSQL keeps its data [env: DATA_DIR, default: ./data]",
        global = true,
        value_name = "DIR"
    )]
    data_dir: Option<String>,
    #[arg(
        long,
        help = "A PostgreSQL (15 or newer) to use in place of the embedded one [env: DATABASE_URL]",
        global = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL, and work on jobs as configured (the default)
    Serve,
    /// Work on jobs and tick the schedules, without HTTP
    Worker,
    /// Apply, take back or show the migrations of the database
    #[command(subcommand)]
    Migrate(Migrate),
    /// Take an inventory file into the database, and print inserted, updated, unchanged, rejected
    Import(import::ImportArgs),
    /// Verify the audit trail, or take old months out of it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Print the GraphQL schema
    Schema,
    /// Print a signed bearer token
    Token(token::TokenArgs),
    /// Ask a running service whether it is ready (exit code 0) or not (1)
    Health,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// Apply the migrations that the database lacks
    Up {
        /// How many; all if not given
        #[arg(long)]
        steps: Option<u32>,
    },
    /// Take migrations back, the newest first. Their tables go with their data
    Down {
        /// How many
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Show which migrations the database has
    Status,
}

/// Runs the command that the arguments of this process name.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = cli.settings.config().and_then(|config| {
        telemetry::start_log(&config.log).map_err(anyhow::Error::msg)?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(dispatch(cli.command.unwrap_or(Command::Serve), config))
    });
    result.unwrap_or_else(|error| {
        output::complain(&format!("virtual-tagging: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn dispatch(command: Command, mut config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => {
            config.check_authentication()?;
            serve(config, Duty::Serve).await
        }
        Command::Worker => {
            config.jobs.workers = true;
            serve(config, Duty::Work).await
        }
        Command::Migrate(action) => migrate(action, config).await,
        Command::Import(arguments) => import::run(arguments, config).await,
        Command::Audit(what) => audit::run(what, config).await,
        Command::Schema => {
            say(schema::sdl().trim_end());
            Ok(DONE)
        }
        Command::Token(arguments) => token::print(arguments, &config),
        Command::Health => health(&config).await,
    }
}

impl Settings {
    /// All settings, flags over environment over `.env`.
    fn config(&self) -> anyhow::Result<Config> {
        let mut variables: HashMap<String, String> = HashMap::new();
        match dotenvy::dotenv_iter() {
            Ok(entries) => {
                for entry in entries {
                    let (name, value) = entry.context("reading .env")?;
                    variables.insert(name, value);
                }
            }
            Err(error) if error.not_found() => {}
            Err(error) => return Err(error).context("reading .env"),
        }
        config::overlay(&mut variables, std::env::vars());
        let flags = [
            ("API_HOST", self.host.clone()),
            ("API_PORT", self.port.map(|port| port.to_string())),
            ("DATA_DIR", self.data_dir.clone()),
            ("DATABASE_URL", self.database_url.clone()),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        config::overlay(&mut variables, flags);
        Ok(Config::from_variables(&variables)?)
    }
}

/// Runs until a signal asks for the end. A second signal ends the process at once.
async fn serve(config: Config, duty: Duty) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let app: RunningApp = tokio::select! {
        app = App::start(config.clone(), duty) => app?,
        () = signals.next() => return Ok(DONE),
    };
    app.announce(&config);
    signals.next().await;
    tracing::info!("stopping; a second signal ends the process at once");
    tokio::select! {
        () = app.shutdown() => Ok(DONE),
        () = signals.next() => Ok(ExitCode::FAILURE),
    }
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

async fn migrate(action: Migrate, config: Config) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config.database).await?;
    let result = migrate_on(action, &database).await;
    database.close().await;
    result
}

async fn migrate_on(action: Migrate, database: &Database) -> anyhow::Result<ExitCode> {
    match action {
        Migrate::Up { steps } => migrate::up(&database.pools.all, steps).await?,
        Migrate::Down { steps } => migrate::down(&database.pools.all, steps).await?,
        Migrate::Status => {}
    }
    for migration in migrate::status(&database.pools.all).await? {
        let state = if migration.applied { "applied" } else { "missing" };
        say(&format!("{state}  {}", migration.name));
    }
    Ok(DONE)
}

/// For containers, which have no other HTTP client.
async fn health(config: &Config) -> anyhow::Result<ExitCode> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = match config.http.host {
        host if host.is_unspecified() => std::net::IpAddr::from([127, 0, 0, 1]),
        host => host,
    };
    let ask = async {
        let mut connection = tokio::net::TcpStream::connect((host, config.http.port)).await?;
        let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), ask)
        .await
        .context("no answer within 5 s")??;
    say(answer.rsplit("\r\n\r\n").next().unwrap_or_default());
    let is_ready = answer.starts_with("HTTP/1.1 200");
    Ok(if is_ready { DONE } else { ExitCode::FAILURE })
}
