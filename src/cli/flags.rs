//! Flags that override settings: flags over environment over `.env`. An error names the place of its setting.

use super::env_file::EnvFile;
use crate::config::{self, Config, ConfigError, settings};
use clap::Args;
use std::collections::HashMap;

/// Settings by the names of their variables, as flags give them.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// Address of a service.
#[derive(Debug, Default, Args)]
pub struct ListenFlags {
    #[arg(
        long,
        help = settings::API_HOST.help(),
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(long, help = settings::API_PORT.help())]
    port: Option<u16>,
}

impl ListenFlags {
    pub fn flags(&self) -> Flags {
        listen_flags(settings::API_HOST.name, "API_PORT", self.host.as_ref(), self.port)
    }
}

/// Address of a worker, for its health and its metrics.
#[derive(Debug, Default, Args)]
pub struct WorkerFlags {
    #[arg(
        long,
        help = settings::WORKER_HOST.help(),
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(long, help = settings::WORKER_PORT.help())]
    port: Option<u16>,
}

impl WorkerFlags {
    pub fn flags(&self) -> Flags {
        listen_flags(
            settings::WORKER_HOST.name,
            settings::WORKER_PORT.name,
            self.host.as_ref(),
            self.port,
        )
    }
}

fn listen_flags(
    host_variable: &'static str,
    port_variable: &'static str,
    host: Option<&String>,
    port: Option<u16>,
) -> Flags {
    vec![
        (host_variable, host.cloned()),
        (port_variable, port.map(|port| port.to_string())),
    ]
}

/// Database to use.
#[derive(Debug, Default, Args)]
pub struct DatabaseFlags {
    #[arg(
        long,
        help = settings::DATA_DIR.help(),
        value_name = "DIR"
    )]
    data_dir: Option<String>,
    #[arg(
        long,
        help = settings::DATABASE_URL.help(),
        value_name = "URL"
    )]
    database_url: Option<String>,
}

impl DatabaseFlags {
    pub fn flags(&self) -> Flags {
        vec![
            (settings::DATA_DIR.name, self.data_dir.clone()),
            (settings::DATABASE_URL.name, self.database_url.clone()),
        ]
    }
}

/// Reads all settings. Of two flags for one setting, the later one counts.
pub fn config(flags: Flags) -> anyhow::Result<Config> {
    let file = EnvFile::read()?;
    let flags = flags
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut set: HashMap<String, String> = HashMap::new();
    config::overlay(&mut set, std::env::vars());
    config::overlay(&mut set, flags);
    let mut variables = file.variables.clone();
    config::overlay(&mut variables, set.clone());
    let place = |error: &ConfigError| match error {
        ConfigError::Invalid { variable, .. } if !set.contains_key(*variable) => file.place(variable),
        _ => None,
    };
    Config::from_variables(&variables).map_err(|error| match place(&error) {
        Some(place) => anyhow::Error::new(error).context(place),
        None => error.into(),
    })
}
