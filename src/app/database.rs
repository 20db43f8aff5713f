//! The database: one that is there (`DATABASE_URL`), or a PostgreSQL of our own.

use crate::config::DatabaseConfig;
use crate::db::{PoolSettings, Pools, migrate, scoped};
use crate::domain::audit;
use crate::jobs;
use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::time::{Duration, Instant};

#[cfg(feature = "embedded")]
use super::supervisor::Supervisor;

/// How long the start waits for a database that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first pause between two attempts; each next one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Open pools, and the server behind it when that is ours.
pub struct Database {
    /// The pools, and what tells whether the database is there, once it runs.
    pub pools: Pools,
    /// Where the data is, in words.
    pub location: String,
    /// How psql gets there; without a password.
    pub psql: String,
    #[cfg(feature = "embedded")]
    server: Option<Supervisor>,
}

impl Database {
    /// Connects to `DATABASE_URL`, or starts the embedded server under the data directory and connects to it.
    pub async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let settings = PoolSettings {
            max_connections: config.max_connections,
            scoped_connections: config.scoped_connections,
            ..PoolSettings::default()
        };
        match &config.url {
            Some(url) => Self::external(url.reveal(), &settings).await,
            None => Self::embedded(config, &settings).await,
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
        scoped::prove(&self.pools.scoped)
            .await
            .context("reading in the name of callers limited to accounts")
    }

    async fn external(url: &str, settings: &PoolSettings) -> anyhow::Result<Self> {
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
        let pools = reach(&options, settings, &psql).await?;
        Ok(Self {
            pools,
            location: format!("database {database} on {host}"),
            psql,
            #[cfg(feature = "embedded")]
            server: None,
        })
    }

    #[cfg(feature = "embedded")]
    async fn embedded(config: &DatabaseConfig, settings: &PoolSettings) -> anyhow::Result<Self> {
        use crate::db::embedded::{EmbeddedServer, Options};
        let server = EmbeddedServer::start(Options::new(&config.data_dir))
            .await
            .context("starting the embedded PostgreSQL")?;
        let pools = match Pools::open(server.connect_options(), settings).await {
            Ok(opened) => opened,
            Err(error) => {
                let stopped = server.stop().await;
                return Err(error).context(format!("connecting to the embedded PostgreSQL ({stopped:?})"));
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
    async fn embedded(_config: &DatabaseConfig, _settings: &PoolSettings) -> anyhow::Result<Self> {
        anyhow::bail!("DATABASE_URL is not set, and this build has no embedded PostgreSQL")
    }

    /// Closes the pools and then stops the server, when it is ours and nobody else uses it.
    pub async fn close(self) {
        self.pools.close().await;
        #[cfg(feature = "embedded")]
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

/// Whether TLS failed: another attempt would meet the same certificate.
fn is_distrust(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// Connects; tries again for a while, because services and their database often start together.
async fn reach(options: &PgConnectOptions, settings: &PoolSettings, shown: &str) -> anyhow::Result<Pools> {
    let end = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        // The pool tries again by itself and would only tell that its time is over, not why.
        let attempt = PgConnection::connect_with(options);
        let error = match tokio::time::timeout(settings.acquire_timeout, attempt).await {
            Ok(Ok(connection)) => {
                connection.close().await?;
                return Ok(Pools::open(options.clone(), settings).await?);
            }
            Ok(Err(error)) if is_distrust(&error) => {
                anyhow::bail!("{shown} (DATABASE_URL) is not to be trusted: {error}");
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", settings.acquire_timeout.as_secs()),
        };
        if Instant::now() + pause >= end {
            let patience = PATIENCE.as_secs();
            anyhow::bail!("{shown} (DATABASE_URL) could not be reached for {patience} s: {error}");
        }
        tracing::warn!(
            "{shown} cannot be reached yet, next attempt in {} ms: {error}",
            pause.as_millis()
        );
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}
