//! Settings: flags over environment over `.env`. A fault is told with where it is.

use crate::config::{self, Config, ConfigError};
use anyhow::{Context, bail};
use clap::Args;
use std::collections::HashMap;
use std::io::ErrorKind;

/// Settings by the names of their variables, as flags give them.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// Where to listen, for a service.
#[derive(Debug, Default, Args)]
pub struct ListenFlags {
    #[arg(
        long,
        help = "Address to listen on [env: API_HOST, default: 127.0.0.1]",
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(
        long,
        help = "Port to listen on; 0 takes a free one [env: API_PORT, default: 8000]"
    )]
    port: Option<u16>,
}

impl ListenFlags {
    pub fn flags(&self) -> Flags {
        listen_flags("API_HOST", "API_PORT", self.host.as_ref(), self.port)
    }
}

/// Where a worker answers for its health and its metrics.
#[derive(Debug, Default, Args)]
pub struct WorkerFlags {
    #[arg(
        long,
        help = "Address for /healthz, /readyz and /metrics [env: WORKER_HOST, default: 127.0.0.1]",
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(
        long,
        help = "Port for these; 0 takes a free one [env: WORKER_PORT, default: 8001]"
    )]
    port: Option<u16>,
}

impl WorkerFlags {
    pub fn flags(&self) -> Flags {
        listen_flags("WORKER_HOST", "WORKER_PORT", self.host.as_ref(), self.port)
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

/// Which database to use.
#[derive(Debug, Default, Args)]
pub struct DatabaseFlags {
    #[arg(
        long,
        help = "Where the embedded PostgreSQL keeps its data [env: DATA_DIR, default: ./data]",
        value_name = "DIR"
    )]
    data_dir: Option<String>,
    #[arg(
        long,
        help = "A PostgreSQL (15 or newer) to use in place of the embedded one [env: DATABASE_URL]",
        value_name = "URL"
    )]
    database_url: Option<String>,
}

impl DatabaseFlags {
    pub fn flags(&self) -> Flags {
        vec![
            ("DATA_DIR", self.data_dir.clone()),
            ("DATABASE_URL", self.database_url.clone()),
        ]
    }
}

/// All settings. Of two flags for one setting, the later one counts.
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

/// The file's name; it is looked for in the working directory and those above.
const NAME: &str = ".env";

/// What `.env` says.
#[derive(Default)]
struct EnvFile {
    path: String,
    text: String,
    variables: HashMap<String, String>,
}

impl EnvFile {
    /// Nothing when there is no file.
    fn read() -> anyhow::Result<Self> {
        let found = std::env::current_dir()
            .context("finding the working directory")?
            .ancestors()
            .map(|directory| directory.join(NAME))
            .find(|path| path.is_file());
        let Some(path) = found else {
            return Ok(Self::default());
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => anyhow::anyhow!("{shown}: must be text in UTF-8"),
            _ => anyhow::Error::new(error).context(shown.clone()),
        })?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let mut variables = HashMap::new();
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => variables.insert(name, value),
                // The line itself may have a secret in it.
                Err(dotenvy::Error::LineParse(..)) => {
                    let number = faulty_line(&text);
                    bail!("{shown}, line {number}: must be NAME=value, with closed quotes around blanks");
                }
                Err(error) => return Err(error).context(shown),
            };
        }
        Ok(Self {
            path: shown,
            text,
            variables,
        })
    }

    /// Where the variable gets its value.
    fn place(&self, variable: &str) -> Option<String> {
        let sets = |line: &str| {
            let line = line.trim_start();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let rest = line.strip_prefix(variable)?;
            rest.trim_start().starts_with('=').then_some(())
        };
        let last = self
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| sets(line).is_some())
            .last();
        last.map(|(index, _)| format!("{}, line {}", self.path, index + 1))
    }
}

/// The number of the line after the most lines that can be read. The parser tells a part of the line only.
fn faulty_line(text: &str) -> usize {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let can_be_read = |count: &usize| {
        dotenvy::from_read_iter(lines[..*count].concat().as_bytes()).all(|entry| entry.is_ok())
    };
    (0..lines.len()).rev().find(can_be_read).unwrap_or_default() + 1
}
