//! Settings: environment variables (and `.env`, and flags, which the CLI merges in) to typed sections.
//!
//! A wrong value is refused with the variable's name, the value (never a secret) and what is allowed.

mod auth;
mod aws;
mod azure;
mod environment;
mod error;
mod gcp;
mod graphql;
mod http;
mod reader;
mod secret;
pub mod settings;
mod value_files;

pub use auth::{AuthConfig, ClaimNames};
pub use aws::AwsSourceConfig;
pub use azure::{AzureConfig, AzureIdentity};
pub use environment::Environment;
pub use error::ConfigError;
pub use gcp::GcpConfig;
pub use graphql::{GraphqlConfig, Limits};
pub use http::{HttpConfig, UploadConfig};
pub use secret::Secret;
pub use value_files::overlay;

use chrono_tz::Tz;
use reader::Reader;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// All settings, typed.
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
    pub aws: AwsSourceConfig,
    pub gcp: Box<GcpConfig>,
    pub azure: Box<AzureConfig>,
}

/// Form and filter of the log.
#[derive(Clone, Debug, Default)]
pub struct LogConfig {
    /// `LOG_FORMAT`: `text` for people (the default), `json` for machines.
    pub json: bool,
    /// `ACCESS_LOG`: a line for each operation and each export.
    pub access: bool,
    /// `RUST_LOG`: which events are kept, in the syntax of tracing-subscriber's `EnvFilter`.
    pub filter: Option<String>,
}

/// Database and its pools.
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

/// Address of a process that only works on jobs, for its health and its metrics.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// `WORKER_HOST`.
    pub host: IpAddr,
    /// `WORKER_PORT`; 0 takes a free one. Unset: [`WorkerConfig::DEFAULT_PORT`], or a free one where that is taken.
    pub port: Option<u16>,
}

impl WorkerConfig {
    /// The port when none is set.
    pub const DEFAULT_PORT: u16 = settings::WORKER_PORT.kind.default;
}

/// Settings of inference.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// `ML_MODEL_VERSION`; `None` for the active model.
    pub pinned_model: Option<String>,
    /// `AUTO_APPLY_THRESHOLD`.
    pub auto_apply_threshold: f64,
    /// `MANUAL_REVIEW_THRESHOLD`.
    pub manual_review_threshold: f64,
}

/// Schedules, workers and discovery.
#[derive(Clone, Debug)]
pub struct JobsConfig {
    /// `ENABLE_SCHEDULER`: this process ticks the schedules.
    pub scheduler: bool,
    /// `ENABLE_WORKERS`: this process works on runs.
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
    /// `DISCOVERY_SOURCES`: `demo`, `simulated`, `file:PATH`, and sources of clouds.
    pub discovery_sources: Vec<String>,
    /// `RETIREMENT_MAX_PERCENT` and `RETIREMENT_MAX_FEW`.
    pub retirement: RetirementLimit,
    /// `UNPACK_MAX_BYTES` and `UNPACK_MAX_RATIO`.
    pub unpack: UnpackLimits,
}

/// Number of resources that a report of a source may retire unasked: a percentage of them, and a few in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetirementLimit {
    pub percent: u8,
    pub few: u32,
}

impl RetirementLimit {
    /// True if so many `missing` resources out of `known` ones are retired unasked.
    pub fn allows(self, missing: u64, known: u64) -> bool {
        missing <= u64::from(self.few) || missing * 100 <= known * u64::from(self.percent)
    }
}

/// Limits of a packed inventory, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub struct UnpackLimits {
    /// Bytes.
    pub max_bytes: u64,
    /// Times the size of the packed file.
    pub max_ratio: u64,
}

impl UnpackLimits {
    fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            max_bytes: read.number(&settings::UNPACK_MAX_BYTES)?,
            max_ratio: read.number(&settings::UNPACK_MAX_RATIO)?,
        })
    }
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            max_bytes: settings::UNPACK_MAX_BYTES.kind.default,
            max_ratio: settings::UNPACK_MAX_RATIO.kind.default,
        }
    }
}

/// Retention of ended runs.
#[derive(Clone, Copy, Debug)]
pub struct RunHistory {
    /// Runs that ended longer ago are deleted; but of each job and outcome the last one stays.
    pub days: u16,
    /// Runs of each job and outcome that are kept.
    pub keep: u32,
}

impl Config {
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
                access: read.switch(&settings::ACCESS_LOG)?,
                filter: read.given(&settings::RUST_LOG).map(str::to_owned),
            },
            database: DatabaseConfig {
                url: read.given(&settings::DATABASE_URL).map(Secret::new),
                data_dir: read.text(&settings::DATA_DIR).into(),
                max_connections: read.number(&settings::DATABASE_MAX_CONNECTIONS)?,
                scoped_connections: read.number(&settings::DATABASE_SCOPED_CONNECTIONS)?,
            },
            http: HttpConfig::read(read)?,
            worker: WorkerConfig {
                host: read.host(&settings::WORKER_HOST)?,
                port: read.given_number(&settings::WORKER_PORT)?,
            },
            graphql: GraphqlConfig::read(read, environment)?,
            auth: AuthConfig {
                jwt_secret: read.jwt_secret()?,
                jwks_url: read.jwks_url()?,
                issuer: read.given(&settings::JWT_ISSUER).map(str::to_owned),
                audience: read.given(&settings::JWT_AUDIENCE).map(str::to_owned),
                claims: ClaimNames::read(read)?,
                oidc_client_id: read.given(&settings::OIDC_CLIENT_ID).map(str::to_owned),
            },
            engine: EngineConfig {
                pinned_model: read.given(&settings::ML_MODEL_VERSION).map(str::to_owned),
                auto_apply_threshold: read.number(&settings::AUTO_APPLY_THRESHOLD)?,
                manual_review_threshold: read.number(&settings::MANUAL_REVIEW_THRESHOLD)?,
            },
            jobs: JobsConfig {
                scheduler: read.switch(&settings::ENABLE_SCHEDULER)?,
                workers: read.switch(&settings::ENABLE_WORKERS)?,
                concurrency: read.number(&settings::WORKER_CONCURRENCY)?,
                run_time_limit: read.seconds(&settings::RUN_TIME_LIMIT)?,
                run_history: RunHistory {
                    days: read.number(&settings::RUN_HISTORY_DAYS)?,
                    keep: read.number(&settings::RUN_HISTORY_KEEP)?,
                },
                schedule_time_zone: read.parsed(&settings::SCHEDULE_TIME_ZONE)?,
                audit_retention: match read.number(&settings::AUDIT_RETENTION_MONTHS)? {
                    0 => None,
                    months => Some(months),
                },
                discovery_interval: read.text(&settings::DISCOVERY_INTERVAL).to_owned(),
                discovery_sources: read.discovery_sources(environment),
                retirement: RetirementLimit {
                    percent: read.number(&settings::RETIREMENT_MAX_PERCENT)?,
                    few: read.number(&settings::RETIREMENT_MAX_FEW)?,
                },
                unpack: UnpackLimits::read(read)?,
            },
            aws: AwsSourceConfig::read(read)?,
            gcp: Box::new(GcpConfig::read(read)?),
            azure: Box::new(AzureConfig::read(read)?),
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

    /// Time for which a shutdown waits for running work before it lets go.
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
        assert_eq!(config.jobs.discovery_sources, ["demo"]);
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
