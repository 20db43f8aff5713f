//! Settings: environment variables (and `.env`, and flags, which the CLI merges in) to typed sections.
//!
//! A wrong value is refused with the variable's name, the value (never a secret) and what is allowed.

mod auth;
mod graphql;
mod http;
mod reader;
mod value_files;

pub use auth::AuthConfig;
pub use graphql::{GraphqlConfig, Limits};
pub use http::{HttpConfig, UploadConfig};
pub use value_files::overlay;

use chrono_tz::Tz;
use reader::Reader;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not allowed.
    #[error("{variable}={value}: {allowed}")]
    Invalid {
        variable: &'static str,
        value: String,
        allowed: String,
    },
    /// A file that should hold a value.
    #[error("{variable}={path}: {reason}")]
    File {
        variable: String,
        path: String,
        reason: String,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Conflict(String),
}

/// Whether strangers may be near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// One person's machine: works without authentication, on loopback only.
    Development,
    /// Refuses to start without authentication.
    Production,
}

/// A secret that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub log: LogConfig,
    pub database: DatabaseConfig,
    pub http: HttpConfig,
    pub worker: WorkerConfig,
    pub graphql: GraphqlConfig,
    pub auth: AuthConfig,
    pub engine: EngineConfig,
    pub jobs: JobsConfig,
}

/// How the log is written.
#[derive(Clone, Debug, Default)]
pub struct LogConfig {
    /// `LOG_FORMAT`: `text` for people (the default), `json` for machines.
    pub json: bool,
    /// `ACCESS_LOG`: whether each operation and each export has a line.
    pub access: bool,
    /// `RUST_LOG`: which events are kept, in the syntax of tracing-subscriber's `EnvFilter`.
    pub filter: Option<String>,
}

/// Where the data is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`; unset: a PostgreSQL of our own under `data_dir`.
    pub url: Option<Secret>,
    /// `DATA_DIR`.
    pub data_dir: PathBuf,
    /// `DATABASE_MAX_CONNECTIONS`; two of them listen for events and for runs as long as the process lives.
    /// A process with workers holds one more beside them, which shows that it is alive.
    pub max_connections: u32,
    /// `DATABASE_SCOPED_CONNECTIONS`, beside those: what callers limited to accounts read through.
    pub scoped_connections: u32,
}

/// Where a process that only works on jobs answers for its health and its metrics.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// `WORKER_HOST`.
    pub host: IpAddr,
    /// `WORKER_PORT`; 0 takes a free one. Unset: [`WorkerConfig::DEFAULT_PORT`], or a free one where that is taken.
    pub port: Option<u16>,
}

impl WorkerConfig {
    /// The port when none is set.
    pub const DEFAULT_PORT: u16 = 8001;
}

/// How tags are inferred.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// `ML_MODEL_VERSION`, written beside every inference.
    pub model_version: String,
    /// `AUTO_APPLY_THRESHOLD`.
    pub auto_apply_threshold: f64,
    /// `MANUAL_REVIEW_THRESHOLD`.
    pub manual_review_threshold: f64,
}

/// What runs by itself.
#[derive(Clone, Debug)]
pub struct JobsConfig {
    /// `ENABLE_SCHEDULER`: whether this process ticks the schedules.
    pub scheduler: bool,
    /// `ENABLE_WORKERS`: whether this process works on runs.
    pub workers: bool,
    /// `WORKER_CONCURRENCY`: runs at the same time in this process.
    pub concurrency: usize,
    /// `RUN_TIME_LIMIT`, in seconds: an attempt of any job is cut off after it, where the job's own limit is longer.
    pub run_time_limit: Duration,
    /// `RUN_HISTORY_DAYS` and `RUN_HISTORY_KEEP`: how long ended runs are kept.
    pub run_history: RunHistory,
    /// `SCHEDULE_TIME_ZONE`: the time zone that schedules are read in.
    pub schedule_time_zone: Tz,
    /// `AUDIT_RETENTION_MONTHS`: whole months that the audit trail keeps besides the present one; all if unset or 0.
    pub audit_retention: Option<u32>,
    /// `DISCOVERY_INTERVAL`: a cron expression.
    pub discovery_interval: String,
    /// `DISCOVERY_SOURCES`: `simulated`, `file:PATH`.
    pub discovery_sources: Vec<String>,
    /// `UNPACK_MAX_BYTES` and `UNPACK_MAX_RATIO`.
    pub unpack: UnpackLimits,
}

/// What a packed inventory may unpack to, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub struct UnpackLimits {
    /// Bytes.
    pub max_bytes: u64,
    /// Times the size of the packed file.
    pub max_ratio: u64,
}

impl UnpackLimits {
    fn read(read: &Reader) -> Result<Self, ConfigError> {
        let Self { max_bytes, max_ratio } = Self::default();
        Ok(Self {
            max_bytes: read.in_range("UNPACK_MAX_BYTES", max_bytes, 1 << 20, 1 << 44)?,
            max_ratio: read.in_range("UNPACK_MAX_RATIO", max_ratio, 1, 100_000)?,
        })
    }
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            max_bytes: 8 << 30,
            max_ratio: 200,
        }
    }
}

/// How long the history of runs reaches back.
#[derive(Clone, Copy, Debug)]
pub struct RunHistory {
    /// Runs that ended longer ago are deleted; but of each job and outcome the last one stays.
    pub days: u16,
    /// Of each job and outcome so many are kept.
    pub keep: u32,
}

impl Config {
    /// Reads the environment of this process.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(&std::env::vars().collect())
    }

    /// Reads the given variables. An empty value counts as unset. `X_FILE` names a file that holds the value of `X`.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let read = Reader::new(variables);
        let config = Self::read(&read);
        // Without its file a setting looks unset, and what that leads to would be reported in its place.
        read.check_files()?;
        config
    }

    fn read(read: &Reader) -> Result<Self, ConfigError> {
        let environment = read.environment()?;
        let config = Self {
            environment,
            log: LogConfig {
                json: read.log_format_is_json()?,
                access: read.switch("ACCESS_LOG", false)?,
                filter: read.text("RUST_LOG").map(str::to_owned),
            },
            database: DatabaseConfig {
                url: read.text("DATABASE_URL").map(|url| Secret(url.to_owned())),
                data_dir: read.text("DATA_DIR").unwrap_or("./data").into(),
                max_connections: read.in_range("DATABASE_MAX_CONNECTIONS", 16, 5, 1000)?,
                scoped_connections: read.in_range("DATABASE_SCOPED_CONNECTIONS", 8, 1, 1000)?,
            },
            http: HttpConfig::read(read)?,
            worker: WorkerConfig {
                host: read.host("WORKER_HOST")?,
                port: read.optional("WORKER_PORT", "a port from 0 to 65535")?,
            },
            graphql: GraphqlConfig::read(read, environment)?,
            auth: AuthConfig {
                jwt_secret: read.jwt_secret()?,
                jwks_url: read.jwks_url()?,
                issuer: read.text("JWT_ISSUER").map(str::to_owned),
                audience: read.text("JWT_AUDIENCE").map(str::to_owned),
            },
            engine: EngineConfig {
                model_version: read.text("ML_MODEL_VERSION").unwrap_or("rules-1").to_owned(),
                auto_apply_threshold: read.in_range("AUTO_APPLY_THRESHOLD", 0.90, 0.0, 1.0)?,
                manual_review_threshold: read.in_range("MANUAL_REVIEW_THRESHOLD", 0.70, 0.0, 1.0)?,
            },
            jobs: JobsConfig {
                scheduler: read.switch("ENABLE_SCHEDULER", true)?,
                workers: read.switch("ENABLE_WORKERS", true)?,
                concurrency: read.in_range("WORKER_CONCURRENCY", 4, 1, 64)?,
                run_time_limit: read.seconds("RUN_TIME_LIMIT", 4 * 3600, 1, 7 * 24 * 3600)?,
                run_history: RunHistory {
                    days: read.in_range("RUN_HISTORY_DAYS", 30, 1, 3650)?,
                    keep: read.in_range("RUN_HISTORY_KEEP", 1000, 1, 1_000_000)?,
                },
                schedule_time_zone: read.parsed(
                    "SCHEDULE_TIME_ZONE",
                    Tz::UTC,
                    "a time zone like UTC or Europe/Berlin",
                )?,
                audit_retention: match read.in_range("AUDIT_RETENTION_MONTHS", 0, 0, 1200)? {
                    0 => None,
                    months => Some(months),
                },
                discovery_interval: read
                    .text("DISCOVERY_INTERVAL")
                    .unwrap_or("*/2 * * * *")
                    .to_owned(),
                discovery_sources: read.discovery_sources(environment),
                unpack: UnpackLimits::read(read)?,
            },
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let engine = &self.engine;
        if engine.manual_review_threshold > engine.auto_apply_threshold {
            return Err(ConfigError::Conflict(format!(
                "MANUAL_REVIEW_THRESHOLD={} is above AUTO_APPLY_THRESHOLD={}: it must not be",
                engine.manual_review_threshold, engine.auto_apply_threshold
            )));
        }
        self.auth.check()
    }

    /// Refuses to answer callers who need not say who they are, unless that is one person on this machine. Commands
    /// that answer nobody (`worker`, `migrate`, `import`) need no secret of callers.
    pub fn check_authentication(&self) -> Result<(), ConfigError> {
        if self.auth.is_required() {
            return Ok(());
        }
        if self.environment == Environment::Production {
            return Err(ConfigError::Conflict(
                "ENVIRONMENT=production needs authentication: set JWT_SECRET (32 bytes or more), or JWT_JWKS_URL".into(),
            ));
        }
        if !self.http.host.is_loopback() {
            return Err(ConfigError::Conflict(format!(
                "API_HOST={} can be reached from other machines, which needs authentication: set JWT_SECRET \
                 or JWT_JWKS_URL, or listen on 127.0.0.1",
                self.http.host
            )));
        }
        Ok(())
    }

    /// How long a shutdown waits for running work before it lets go.
    pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_variables(&variables.collect())
    }

    #[test]
    fn defaults_serve_one_person_on_loopback() {
        let config = read(&[]).unwrap();
        assert_eq!(config.environment, Environment::Development);
        assert!(config.http.host.is_loopback());
        assert_eq!(config.http.port, 8000);
        assert_eq!(config.jobs.discovery_sources, ["simulated"]);
        assert!(config.database.url.is_none());
    }

    #[test]
    fn a_wrong_value_names_variable_value_and_what_is_allowed() {
        for (variable, value) in [
            ("API_PORT", "80000"),
            ("API_HOST", "localhost:80"),
            ("ENVIRONMENT", "staging"),
            ("AUTO_APPLY_THRESHOLD", "1.5"),
            ("AUTO_APPLY_THRESHOLD", "NaN"),
            ("ENABLE_SCHEDULER", "maybe"),
            ("LOG_FORMAT", "xml"),
            ("DATABASE_MAX_CONNECTIONS", "4"),
            ("SCHEDULE_TIME_ZONE", "Berlin"),
            ("RUN_HISTORY_KEEP", "0"),
        ] {
            let message = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(message.contains(variable), "{message}");
            assert!(
                message.contains(&value.to_lowercase()) || message.contains(value),
                "{message}"
            );
            assert!(message.contains("must be"), "{message}");
        }
    }

    #[test]
    fn production_and_foreign_hosts_need_authentication() {
        let secret = "0123456789abcdef0123456789abcdef";
        for open in [("ENVIRONMENT", "production"), ("API_HOST", "0.0.0.0")] {
            assert!(read(&[open]).unwrap().check_authentication().is_err(), "{open:?}");
        }
        assert!(read(&[]).unwrap().check_authentication().is_ok());
        let config = read(&[
            ("ENVIRONMENT", "production"),
            ("API_HOST", "::"),
            ("JWT_SECRET", secret),
        ])
        .unwrap();
        assert!(config.check_authentication().is_ok());
        assert!(config.jobs.discovery_sources.is_empty());
        assert!(!format!("{config:?}").contains(secret));
    }

    #[test]
    fn a_short_secret_is_refused_and_not_shown() {
        let message = read(&[("JWT_SECRET", "hunter2")]).unwrap_err().to_string();
        assert!(
            message.contains("32 bytes") && !message.contains("hunter2"),
            "{message}"
        );
    }

    #[test]
    fn thresholds_must_be_in_order() {
        assert!(read(&[("AUTO_APPLY_THRESHOLD", "0.6")]).is_err());
    }
}
