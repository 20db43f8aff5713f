//! `health`: asks a running service or worker for its readiness. For containers, which have no other HTTP client.

use super::flags::Flags;
use super::output::say;
use crate::config::{Config, WorkerConfig};
use anyhow::Context;
use clap::Args;
use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Time for an answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Address of the service to ask.
#[derive(Debug, Default, Args)]
pub struct HealthArgs {
    #[arg(
        long,
        help = "Ask a worker: at WORKER_HOST and WORKER_PORT rather than API_HOST and API_PORT"
    )]
    pub worker: bool,
    #[arg(
        long,
        help = "Address to ask [env: API_HOST or WORKER_HOST]",
        value_name = "IP"
    )]
    host: Option<String>,
    #[arg(long, help = "Port to ask [env: API_PORT or WORKER_PORT]")]
    port: Option<u16>,
}

impl HealthArgs {
    /// Asks a service or a worker where the settings say that it is.
    pub fn of(worker: bool) -> Self {
        Self {
            worker,
            ..Self::default()
        }
    }

    /// Tells whether a flag names the service to ask.
    pub fn is_given(&self) -> bool {
        self.worker || self.host.is_some() || self.port.is_some()
    }

    pub fn flags(&self) -> Flags {
        let (host, port) = if self.worker {
            ("WORKER_HOST", "WORKER_PORT")
        } else {
            ("API_HOST", "API_PORT")
        };
        vec![
            (host, self.host.clone()),
            (port, self.port.map(|port| port.to_string())),
        ]
    }
}

/// The arguments with which the first process of a container was started, if it is this program, perhaps below an init
/// like tini: what `health` asks in there, whatever the container runs.
pub fn container_arguments() -> Option<Vec<String>> {
    let command_line = std::fs::read("/proc/1/cmdline").ok()?;
    arguments_in(&command_line)
}

fn arguments_in(command_line: &[u8]) -> Option<Vec<String>> {
    let arguments = command_line.split(|byte| *byte == 0);
    let arguments: Vec<String> = arguments
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect();
    let is_program =
        |argument: &String| Path::new(argument).file_name() == Some(OsStr::new(env!("CARGO_PKG_NAME")));
    let at = arguments.iter().position(is_program)?;
    let mut arguments = arguments[at..].to_vec();
    // The last one ends with a NUL, too.
    arguments.pop_if(|last| last.is_empty());
    Some(arguments)
}

/// Asks; ends with 0 when the answer is that it is ready.
pub async fn ask(config: &Config, worker: bool) -> anyhow::Result<ExitCode> {
    let (host, port) = if worker {
        let WorkerConfig { host, port } = config.worker;
        (host, port.unwrap_or(WorkerConfig::DEFAULT_PORT))
    } else {
        (config.http.host, config.http.port)
    };
    let host = match host {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        host => host,
    };
    let address = SocketAddr::new(host, port);
    let answer = tokio::time::timeout(RESPONSE_TIMEOUT, readiness(address))
        .await
        .with_context(|| format!("{address} gave no answer within {} s", RESPONSE_TIMEOUT.as_secs()))?
        .with_context(|| format!("asking {address}"))?;
    say(answer.rsplit("\r\n\r\n").next().unwrap_or_default());
    Ok(if answer.starts_with("HTTP/1.1 200") {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn readiness(address: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_below_an_init() {
        let found = |line: &str| arguments_in(line.replace(' ', "\0").as_bytes());
        let expected = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(
            found("/usr/local/bin/virtual-tagging serve --port 9000 "),
            expected(&["/usr/local/bin/virtual-tagging", "serve", "--port", "9000"])
        );
        assert_eq!(
            found("/sbin/docker-init -- virtual-tagging worker "),
            expected(&["virtual-tagging", "worker"])
        );
        assert_eq!(found("/sbin/init splash "), None);
    }
}
