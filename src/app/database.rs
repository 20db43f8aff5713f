//! The database: one that is there (`DATABASE_URL`), or a PostgreSQL of our own.

use crate::config::DatabaseConfig;
use crate::db::{self, PoolSettings, Watch, migrate};
use crate::domain::audit;
use crate::jobs;
use anyhow::Context;
use sea_orm::DatabaseConnection;
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

/// An open pool, and the server behind it when that is ours.
pub struct Database {
    /// The pool.
    pub pool: DatabaseConnection,
    /// Tells whether the database is there, once it runs.
    pub watch: Watch,
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
        migrate::up(&self.pool, None)
            .await
            .context("migrating the database")?;
        let partitions = audit::make_partitions(&self.pool).await;
        partitions.context("making the audit trail's partitions")?;
        jobs::setup(&self.pool).await.context("setting up the queue")
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
        let (pool, watch) = reach(&options, settings, &psql).await?;
        Ok(Self {
            pool,
            watch,
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
        let (pool, watch) = match db::connect_watched(server.connect_options(), settings).await {
            Ok(opened) => opened,
            Err(error) => {
                let stopped = server.stop().await;
                return Err(error).context(format!("connecting to the embedded PostgreSQL ({stopped:?})"));
            }
        };
        Ok(Self {
            pool,
            watch,
            location: server.location().display().to_string(),
            psql: server.url(),
            server: Some(Supervisor::of(server)),
        })
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded(_config: &DatabaseConfig, _settings: &PoolSettings) -> anyhow::Result<Self> {
        anyhow::bail!("DATABASE_URL is not set, and this build has no embedded PostgreSQL")
    }

    /// Closes the pool and then stops the server, when it is ours and nobody else uses it.
    pub async fn close(self) {
        self.pool.get_postgres_connection_pool().close().await;
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
async fn reach(
    options: &PgConnectOptions,
    settings: &PoolSettings,
    shown: &str,
) -> anyhow::Result<(DatabaseConnection, Watch)> {
    let end = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        // The pool tries again by itself and would only tell that its time is over, not why.
        let attempt = PgConnection::connect_with(options);
        let error = match tokio::time::timeout(settings.acquire_timeout, attempt).await {
            Ok(Ok(connection)) => {
                connection.close().await?;
                return Ok(db::connect_watched(options.clone(), settings).await?);
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
