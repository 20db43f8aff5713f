//! Database of the process: an external one (`DATABASE_URL`), or the embedded PostgreSQL.

use super::mode::Mode;
use crate::config::{Config, DatabaseConfig};
use crate::db::budget::{self, PoolSizes};
use crate::db::{PoolSettings, Pools, migrate, row_security};
use crate::domain::audit;
use crate::jobs;
use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::time::{Duration, Instant};

#[cfg(feature = "embedded")]
use super::supervisor::Supervisor;

/// Time for which the start waits for a database that cannot be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for one attempt, which connects twice.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// First pause between two attempts; each next one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Connections that a worker needs beside one for each run: two listen, two are for the queue and for reclaiming runs.
const BESIDE_RUNS: u32 = 4;

/// Share of PostgreSQL's connections that a process takes.
#[derive(Clone, Copy, Debug)]
pub enum ConnectionShare {
    /// Share of a process that stays: no more than others leave.
    Process(PoolSizes),
    /// Share of a command: a few of the connections that processes leave free.
    Command,
}

impl ConnectionShare {
    /// Connections of a command, no more than processes keep free for people.
    const COMMAND: PoolSizes = PoolSizes { main: 4, scoped: 1 };

    /// Share that a process in this mode asks for.
    pub fn of(mode: Mode, config: &Config) -> Self {
        let database = &config.database;
        Self::Process(match mode {
            Mode::Serve => PoolSizes {
                main: database.max_connections,
                scoped: database.scoped_connections,
            },
            Mode::Work => {
                let runs = u32::try_from(config.jobs.concurrency).unwrap_or(u32::MAX);
                PoolSizes {
                    main: database.max_connections.min(runs.saturating_add(BESIDE_RUNS)),
                    // No caller asks a worker; its start checks that callers could.
                    scoped: 1,
                }
            }
        })
    }
}

/// Open pools, and the embedded server behind them, if that is used.
pub struct Database {
    /// Pools, and the monitor of the database's health.
    pub pools: Pools,
    /// Location of the data, in words.
    pub location: String,
    /// URL for psql, without a password.
    pub psql: String,
    #[cfg(feature = "embedded")]
    server: Option<Supervisor>,
}

impl Database {
    /// Connects to `DATABASE_URL`, or starts the embedded server under the data directory and connects to it.
    pub async fn open(config: &DatabaseConfig, share: ConnectionShare) -> anyhow::Result<Self> {
        match &config.url {
            Some(url) => Self::external(url.reveal(), share).await,
            None => Self::embedded(config, share).await,
        }
    }

    /// Makes the database ready for use: migrations, partitions of the audit trail, the queue's own tables. Any number
    /// of processes may do so at the same time.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        migrate::up(&self.pools.all, None)
            .await
            .context("migrating the database")?;
        let partitions = audit::make_partitions(&self.pools.all).await;
        partitions.context("making the audit trail's partitions")?;
        jobs::setup(&self.pools.all)
            .await
            .context("setting up the queue")?;
        row_security::verify_row_security(&self.pools.scoped)
            .await
            .context("reading in the name of callers limited to accounts")
    }

    async fn external(url: &str, share: ConnectionShare) -> anyhow::Result<Self> {
        let allowed = "DATABASE_URL must be like postgres://user:password@host:5432/database";
        // The parser takes any scheme, and would show parts of the password as parts of a path.
        let is_postgres = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        anyhow::ensure!(is_postgres, allowed);
        let options: PgConnectOptions = url.parse().context(allowed)?;
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let user = options.get_username();
        let (host, psql) = if let Some(directory) = options.get_socket() {
            let directory = directory.display().to_string();
            let psql = format!("postgres://{user}@/{database}?host={directory}");
            (directory, psql)
        } else {
            let host = format!("{}:{}", options.get_host(), options.get_port());
            let psql = format!("postgres://{user}@{host}/{database}");
            (host, psql)
        };
        let pools = reach(&options, share, &format!("{psql} (DATABASE_URL)")).await?;
        Ok(Self {
            pools,
            location: format!("database {database} on {host}"),
            psql,
            #[cfg(feature = "embedded")]
            server: None,
        })
    }

    #[cfg(feature = "embedded")]
    async fn embedded(config: &DatabaseConfig, share: ConnectionShare) -> anyhow::Result<Self> {
        use crate::db::embedded;
        let server = pg_embedded::EmbeddedServer::start(embedded::options(&config.data_dir))
            .await
            .context("starting the embedded PostgreSQL")?;
        let pools = match reach(
            &embedded::connect_options(&server),
            share,
            "the embedded PostgreSQL",
        )
        .await
        {
            Ok(opened) => opened,
            Err(error) => {
                let stopped = server.stop().await;
                return Err(error.context(format!("connecting to the embedded PostgreSQL ({stopped:?})")));
            }
        };
        Ok(Self {
            pools,
            location: server.location().display().to_string(),
            psql: server.url(),
            server: Some(Supervisor::of(server)),
        })
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded(_config: &DatabaseConfig, _share: ConnectionShare) -> anyhow::Result<Self> {
        anyhow::bail!("DATABASE_URL is not set, and this build has no embedded PostgreSQL")
    }

    /// Closes the pools and then stops the embedded server, unless another process uses it.
    pub async fn close(self) {
        self.pools.close().await;
        #[cfg(feature = "embedded")]
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

/// Tells whether TLS failed: another attempt would meet the same certificate.
fn is_distrust(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// Advice on a refusal that another attempt would meet again; nothing for one that may pass.
fn advice(error: &sqlx::Error) -> Option<&'static str> {
    let refusal = error.as_database_error()?;
    match refusal.code()?.as_ref() {
        "28P01" => Some("user and password must be those of a role of the server"),
        "28000" => Some("the role must be there, be allowed to log in, and have an entry in pg_hba.conf"),
        "3D000" => Some("make the database first: CREATE DATABASE ... OWNER ..."),
        "42501" => Some("the role needs CONNECT on the database, which its owner has"),
        _ => None,
    }
}

/// Error of an attempt to open the pools.
enum OpenError {
    /// Error that another attempt would meet, too.
    Permanent(anyhow::Error),
    /// Error that may pass.
    Temporary(String),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        if is_distrust(&error) {
            return Self::Permanent(anyhow::anyhow!("is not to be trusted: {error}"));
        }
        match advice(&error) {
            Some(advice) => Self::Permanent(anyhow::anyhow!(
                "does not let this service in: {error} ({advice})"
            )),
            None => Self::Temporary(error.to_string()),
        }
    }
}

/// Takes the process's share, and opens its pools.
async fn open_pools(options: &PgConnectOptions, share: ConnectionShare) -> Result<Pools, OpenError> {
    // The pool tries again by itself and would only tell that its time is over, not why.
    let mut connection = PgConnection::connect_with(options).await?;
    let mut settings = PoolSettings::default();
    let sizes = match share {
        ConnectionShare::Command => ConnectionShare::COMMAND,
        ConnectionShare::Process(wanted) => {
            let reserved = budget::reserve(&mut connection, wanted).await;
            let reserved = reserved.map_err(|error| OpenError::Temporary(error.to_string()))?;
            let budget = reserved.map_err(|no_room| OpenError::Temporary(no_room.to_string()))?;
            settings.application_name = budget.application_name;
            budget.sizes
        }
    };
    settings.max_connections = sizes.main;
    settings.scoped_connections = sizes.scoped;
    let pools = Pools::open(options.clone(), &settings).await;
    let pools = pools.map_err(|error| OpenError::Temporary(error.to_string()))?;
    // Only now, for until then nothing else says what was taken.
    connection.close().await?;
    Ok(pools)
}

/// Opens the pools; tries again for a while, because services and their database often start together, and a process
/// that ends leaves room for the next one.
async fn reach(options: &PgConnectOptions, share: ConnectionShare, shown: &str) -> anyhow::Result<Pools> {
    let end = Instant::now() + CONNECT_TIMEOUT;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match tokio::time::timeout(ATTEMPT_TIMEOUT, open_pools(options, share)).await {
            Ok(Ok(pools)) => return Ok(pools),
            Ok(Err(OpenError::Permanent(error))) => anyhow::bail!("{shown} {error}"),
            Ok(Err(OpenError::Temporary(error))) => error,
            Err(_) => format!("no answer within {} s", ATTEMPT_TIMEOUT.as_secs()),
        };
        if Instant::now() + pause >= end {
            let timeouts = CONNECT_TIMEOUT.as_secs();
            anyhow::bail!("{shown} could not be reached for {timeouts} s: {error}");
        }
        tracing::warn!(
            "{shown} cannot be reached yet, next attempt in {} ms: {error}",
            pause.as_millis()
        );
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}
