//! Remnants of a server that was killed, or lost its power: its lock files, and its log.
//!
//! PostgreSQL takes a lock file for that of a running server when its process id is in use, by whatever program, and
//! would then refuse to start for as long as that program lives. An empty file, as a power cut may leave it, it refuses
//! for ever. The caller holds the lock of the cluster, so that no other process starts a server meanwhile.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{EmbeddedError, IoContext};
use crate::layout::{Layout, PORT};

/// Time for which a lock file may be incomplete: a server writes it at once after making it.
const INCOMPLETE_TIMEOUT: Duration = Duration::from_secs(1);

/// Lines of the server's log that an error shows, where none says why it ended.
const LOG_LINES: usize = 20;

/// Removes a lock file.
pub(super) fn remove_lock(path: &Path) -> Result<(), EmbeddedError> {
    tracing::info!(path = %path.display(), "removing the lock file of a server that is gone");
    fs::remove_file(path).context("remove", path)
}

/// Removes `postmaster.pid` if it stays without a process id.
pub(super) async fn remove_unreadable_lock(
    path: &Path,
    is_readable: impl Fn() -> bool,
) -> Result<(), EmbeddedError> {
    let deadline = Instant::now() + INCOMPLETE_TIMEOUT;
    while path.exists() {
        if is_readable() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return remove_lock(path);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Removes the lock of a socket on which no process listens. The directory is private to the cluster's server, so a process
/// that has the lock's number and does not listen is another program.
pub(super) fn remove_socket_lock(socket_dir: &Path) -> Result<(), EmbeddedError> {
    let socket = socket_dir.join(format!(".s.PGSQL.{PORT}"));
    let lock = socket_dir.join(format!(".s.PGSQL.{PORT}.lock"));
    if !lock.exists() {
        return Ok(());
    }
    match UnixStream::connect(&socket) {
        // The server removes the socket itself.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {
            remove_lock(&lock)
        }
        // Somebody listens, or it cannot be said: PostgreSQL decides.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Lengths of the log files before a start, so that an error shows what that start wrote.
#[derive(Debug, Default)]
pub(super) struct LogMark(HashMap<PathBuf, u64>);

impl LogMark {
    /// The present lengths.
    pub(super) fn set(layout: &Layout) -> Self {
        let files = log_files(layout).into_iter();
        let lengths = files.map(|path| {
            let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            (path, length)
        });
        Self(lengths.collect())
    }

    /// Messages since then, in words of PostgreSQL: why it ended, or else the last lines.
    pub(super) fn reason(&self, layout: &Layout) -> String {
        // The server prints here until its own log file is open; made anew by each start.
        let mut text = read(&layout.start_log(), 0);
        for path in log_files(layout) {
            let before = self.0.get(&path).copied().unwrap_or(0);
            text += &read(&path, before);
        }
        explain(&text)
    }
}

fn log_files(layout: &Layout) -> Vec<PathBuf> {
    let entries = fs::read_dir(layout.cluster.join("log")).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The text of a file behind `before` bytes; from its beginning, when it has become shorter and so is another.
fn read(path: &Path, before: u64) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let before = usize::try_from(before).unwrap_or(usize::MAX);
    let new = bytes.get(before..).unwrap_or(&bytes);
    String::from_utf8_lossy(new).into_owned()
}

/// Fatal messages with what PostgreSQL adds to them, without the time; for a fault in a configuration file the lines
/// that name it, too. The last lines when there is no fatal message.
fn explain(text: &str) -> String {
    let is_configuration = text.contains("FATAL:  configuration file");
    let mut kept = Vec::new();
    let mut follows = false;
    for line in text.lines() {
        let Some((severity, message)) = message(line) else {
            if follows {
                kept.push(line.trim().to_owned());
            }
            continue;
        };
        follows = match severity {
            "FATAL" | "PANIC" => true,
            "DETAIL" | "HINT" | "CONTEXT" => follows,
            _ => is_configuration && message.contains(" file \""),
        };
        if follows {
            kept.push(format!("{severity}: {message}"));
        }
    }
    if kept.is_empty() {
        let lines: Vec<&str> = text.lines().collect();
        return lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
    }
    kept.join("\n")
}

/// Severity and text of a line that begins a message: `2026-01-02 03:04:05 UTC [123] FATAL:  text`.
fn message(line: &str) -> Option<(&str, &str)> {
    let (before, text) = line.split_once(":  ")?;
    let severity = before.rsplit(' ').next()?;
    let is_severity = severity.len() > 2 && severity.bytes().all(|byte| byte.is_ascii_uppercase());
    is_severity.then_some((severity, text))
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn a_fatal_message_is_shown_with_its_hint_and_nothing_around_it() {
        let log = "2026-11-28 15:00:00.000 UTC [7] LOG:  starting PostgreSQL 15.18\n\
                   2026-11-28 15:00:00.001 UTC [7] FATAL:  lock file \".s.PGSQL.5432.lock\" already exists\n\
                   2026-11-28 15:00:00.001 UTC [7] HINT:  Is another postmaster (PID 1) using it?\n\
                   2026-11-28 15:00:00.002 UTC [7] LOG:  database system is shut down\n";
        let expected = "FATAL: lock file \".s.PGSQL.5432.lock\" already exists\n\
                        HINT: Is another postmaster (PID 1) using it?";
        assert_eq!(explain(log), expected);
    }

    #[test]
    fn what_is_wrong_with_a_configuration_file_is_shown() {
        let log = "2026-11-28 15:00:00 UTC [7] LOG:  unrecognized configuration parameter \"no_such\" in file \"/d/postgresql.conf\" line 9\n\
                   2026-11-28 15:00:00 UTC [7] FATAL:  configuration file \"/d/postgresql.conf\" contains errors\n";
        let reason = explain(log);
        assert!(
            reason.contains("no_such") && reason.contains("FATAL: configuration file"),
            "{reason}"
        );
    }

    #[test]
    fn without_a_fatal_message_the_end_is_shown() {
        let text = (1..=30).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        assert!(explain(&text).starts_with("11\n"));
        assert_eq!(explain("one"), "one");
    }
}
