//! The built program as a process.

use super::wait::wait_until;
use serde_json::{Value, json};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// Outcome of a command.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The program with these settings and no others, where there is no `.env`.
pub fn program(settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtual-tagging"));
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().copied())
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut program = program(settings, arguments);
    let output = tokio::time::timeout(Duration::from_mins(2), program.output());
    let output = output.await.expect("an end within two minutes").unwrap();
    Ended {
        code: output.status.code().expect("no signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A service that has told where it is.
pub struct Serving {
    process: Child,
    /// Output until it was ready.
    pub told: String,
    /// Begins with `http://`, ends with the port.
    pub url: String,
    rest: JoinHandle<String>,
}

impl Serving {
    /// Starts without arguments, on a free port; not ready yet.
    pub fn spawn(settings: &[(&str, &str)]) -> Child {
        // Nobody has to be told of a test's end, and a whole company is too much for most tests.
        let defaults = [("DRAIN_TIME", "0"), ("DISCOVERY_SOURCES", "simulated")];
        let settings: Vec<_> = defaults.iter().chain(settings).copied().collect();
        let mut command = program(&settings, &[]);
        command
            .env("API_PORT", "0")
            .env("WORKER_PORT", "0")
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Starts without arguments, on a free port, and waits until it is ready.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let mut process = Self::spawn(settings);
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut told = String::new();
        let ready = async {
            loop {
                let line = lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended: {told}"));
                told += &line;
                told.push('\n');
                if line.contains("stop with Ctrl-C") {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(1), ready).await;
        assert!(in_time.is_ok(), "not ready within a minute: {told}");
        let start = told.find("http://").expect("a URL in the banner");
        let url = told[start..].split_whitespace().next().unwrap();
        let url = url.trim_end_matches('/').to_owned();
        // Nobody reads on otherwise, and the pipe would fill.
        let rest = tokio::spawn(async move {
            let mut rest = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                rest += &line;
                rest.push('\n');
            }
            rest
        });
        Self {
            process,
            told,
            url,
            rest,
        }
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// The data of an operation; there must be no errors.
    pub async fn data(&self, client: &reqwest::Client, query: &str) -> Value {
        let request = client.post(format!("{}/graphql", self.url));
        let answer = request.json(&json!({ "query": query })).send().await.unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
        answer["data"].take()
    }

    /// The data of a query as soon as it meets the condition.
    pub async fn until(
        &self,
        client: &reqwest::Client,
        query: &str,
        condition: impl Fn(&Value) -> bool,
    ) -> Value {
        wait_until(Duration::from_secs(30), query, async || {
            let data = self.data(client, query).await;
            if condition(&data) { Ok(data) } else { Err(data) }
        })
        .await
    }

    /// Waits until SIGSTOP has stopped it.
    pub async fn wait_until_stopped(&self) {
        let stat = format!("/proc/{}/stat", self.pid());
        wait_until(Duration::from_secs(10), "a stopped process", async || {
            let text = std::fs::read_to_string(&stat).unwrap();
            // The state is behind the name, which is in brackets.
            text.rsplit_once(") ")
                .is_some_and(|(_, rest)| rest.starts_with('T'))
        })
        .await;
    }

    /// Kills it, as `kill -9` does.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Sends a signal, as `kill` names it.
    pub async fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Sends a signal and waits for the end; gives it with what was logged until then.
    pub async fn end(mut self, signal: &str) -> (ExitStatus, String) {
        self.signal(signal).await;
        let ended = tokio::time::timeout(Duration::from_secs(30), self.process.wait());
        let status = ended.await.expect("an end within 30 s").unwrap();
        (status, self.rest.await.unwrap())
    }
}
