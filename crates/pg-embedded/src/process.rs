//! The postmaster: starting it, recognising it, waiting for it, ending it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::Durability;
use crate::account::OsAccount;
use crate::binaries::Binaries;
use crate::error::{EmbeddedError, IoContext};
use crate::layout::{Layout, PORT};
use crate::remnants::{self, LogMark};

/// Recovery after a crash replays the write-ahead log before the server accepts connections.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// A fast shutdown writes all changed pages before it ends.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

/// Content of `postmaster.pid` in a cluster; PostgreSQL keeps it up to date.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: i32,
    socket_dir: PathBuf,
    status: String,
}

impl PidFile {
    /// Reads the file; nothing when it is missing or still being written.
    fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// Line 1 is the process id, 5 the socket's directory, 8 the status.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            pid: lines.next()?.trim().parse().ok()?,
            socket_dir: lines.nth(3).unwrap_or_default().into(),
            status: lines.nth(2).unwrap_or_default().trim().to_owned(),
        })
    }
}

/// A running server, started by this process or found running.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    /// Present when this process started it: it has to be waited for, or it stays a zombie.
    child: Option<Child>,
    cluster: PathBuf,
    pub(super) socket_dir: PathBuf,
    /// Set while it starts: a start that is cancelled must not leave a server behind.
    stop_on_drop: bool,
    /// Lengths of its log files before the start, for errors.
    log: LogMark,
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if self.stop_on_drop {
            self.request_stop();
        }
    }
}

impl Postmaster {
    /// The server that runs on this cluster already, once it accepts connections. A `postmaster.pid` of no server is
    /// removed, for it would keep a new server from starting.
    pub(super) async fn running(layout: &Layout) -> Result<Option<Self>, EmbeddedError> {
        let cluster = layout.cluster.clone();
        let lock = cluster.join("postmaster.pid");
        remnants::remove_unreadable_lock(&lock, || PidFile::read(&cluster).is_some()).await?;
        let Some(file) = PidFile::read(&cluster) else {
            return Ok(None);
        };
        // A server in single-user mode, which a person runs by hand, writes its number with a minus.
        let Some(pid) = Pid::from_raw(file.pid.saturating_abs()) else {
            remnants::remove_lock(&lock)?;
            return Ok(None);
        };
        if !is_alive(pid) {
            // The new server replaces the file itself, and first makes sure that no backend of the old one is left.
            return Ok(None);
        }
        if !serves(pid, &cluster, &file.socket_dir) {
            remnants::remove_lock(&lock)?;
            return Ok(None);
        }
        if file.pid < 0 {
            // The start that follows is refused by PostgreSQL, in its own words.
            return Ok(None);
        }
        let mut found = Self {
            pid,
            child: None,
            cluster,
            socket_dir: file.socket_dir,
            stop_on_drop: false,
            log: LogMark::default(),
        };
        match found.ready(layout, Instant::now() + START_TIMEOUT).await {
            Ok(()) => {
                // The file may have been incomplete when it was read first.
                if let Some(file) = PidFile::read(&found.cluster) {
                    found.socket_dir = file.socket_dir;
                }
                Ok(Some(found))
            }
            // It was on its way out.
            Err(EmbeddedError::Exited { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts the server and waits until it accepts connections.
    pub(super) async fn start(
        layout: &Layout,
        account: &OsAccount,
        binaries: &Binaries,
        durability: Durability,
    ) -> Result<Self, EmbeddedError> {
        let socket_dir = layout.make_socket_dir(account)?;
        let deadline = Instant::now() + START_TIMEOUT;
        remnants::remove_socket_lock(&socket_dir)?;
        loop {
            let mut started = Self::spawn(layout, account, binaries, durability, &socket_dir)?;
            let ready = started.ready(layout, deadline).await;
            started.stop_on_drop = false;
            match ready {
                // Backends of a server that was killed see its end only when their statement does.
                Err(EmbeddedError::Exited { reason, .. })
                    if reason.contains("pre-existing shared memory block") && Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => return other.map(|()| started),
            }
        }
    }

    fn spawn(
        layout: &Layout,
        account: &OsAccount,
        binaries: &Binaries,
        durability: Durability,
        socket_dir: &Path,
    ) -> Result<Self, EmbeddedError> {
        let mark = LogMark::set(layout);
        let path = layout.start_log();
        let log = fs::File::create(&path).context("write", &path)?;
        let errors = log.try_clone().context("write", &path)?;
        let program = binaries.program("postgres");
        let mut command = account.command(&program);
        command.arg("-D").arg(&layout.cluster).args(durability.settings());
        command.args(["-c", "listen_addresses=", "-c", &format!("port={PORT}")]);
        command.args(["-c", &format!("unix_socket_directories={}", socket_dir.display())]);
        // Its own process group: the terminal's Ctrl-C is for the service, which then stops the server in good order.
        command.stdout(log).stderr(errors).process_group(0);
        let child = command.spawn().context("run", &program)?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.ok_or_else(|| exited(layout, &mark, "it ended at once".to_owned()))?;
        Ok(Self {
            pid,
            child: Some(child),
            cluster: layout.cluster.clone(),
            socket_dir: socket_dir.to_path_buf(),
            stop_on_drop: true,
            log: mark,
        })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits until the server says that it accepts connections.
    async fn ready(&mut self, layout: &Layout, deadline: Instant) -> Result<(), EmbeddedError> {
        let mut pause = Duration::from_millis(2);
        loop {
            let file = PidFile::read(&self.cluster).filter(|file| file.pid == self.pid());
            if file.is_some_and(|file| file.status == "ready") {
                return Ok(());
            }
            if let Some(status) = self.ended()? {
                return Err(exited(layout, &self.log, status));
            }
            if Instant::now() > deadline {
                return Err(EmbeddedError::NotReady {
                    cluster: self.cluster.clone(),
                    pid: self.pid(),
                    seconds: START_TIMEOUT.as_secs(),
                    log: self.log.reason(layout),
                });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(25));
        }
    }

    /// True when the server has ended, for whatever reason.
    pub(super) fn has_ended(&mut self) -> Result<bool, EmbeddedError> {
        Ok(self.ended()?.is_some())
    }

    /// Exit status of the server, if it has ended.
    fn ended(&mut self) -> Result<Option<String>, EmbeddedError> {
        let Some(child) = &mut self.child else {
            let serves = is_alive(self.pid) && serves(self.pid, &self.cluster, &self.socket_dir);
            return Ok((!serves).then(|| "it has ended".to_owned()));
        };
        let status = child
            .try_wait()
            .context("wait for the server of", &self.cluster)?;
        Ok(status.map(|status: ExitStatus| status.to_string()))
    }

    /// Asks for a fast shutdown: sessions are ended, transactions rolled back, everything is written.
    pub(super) fn request_stop(&self) {
        // A process that is gone already needs no signal.
        let _ = kill_process(self.pid, Signal::INT);
    }

    /// A fast shutdown, waited for.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        self.request_stop();
        let deadline = Instant::now() + STOP_TIMEOUT;
        let mut pause = Duration::from_millis(2);
        while self.ended()?.is_none() {
            if Instant::now() > deadline {
                return Err(EmbeddedError::NotStopped {
                    pid: self.pid(),
                    seconds: STOP_TIMEOUT.as_secs(),
                });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(25));
        }
        // Empty now; under the directory for temporary files it would be litter.
        let _ = fs::remove_dir(&self.socket_dir);
        Ok(())
    }
}

/// True when a process of this id exists, be it another user's.
fn is_alive(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

/// True when the process is the postmaster of this cluster, and not one that got the number of a server that died.
fn serves(pid: Pid, cluster: &Path, socket_dir: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    if !Path::new("/proc/self/cmdline").exists() {
        // Without /proc: a socket of a dead server refuses.
        return UnixStream::connect(socket_dir.join(format!(".s.PGSQL.{PORT}"))).is_ok();
    }
    let command = fs::read_to_string(process.join("cmdline")).unwrap_or_default();
    let mut arguments = command.split('\0');
    let program = arguments.next().map(Path::new).and_then(Path::file_name);
    if !program.is_some_and(|name| name == "postgres" || name == "postmaster") {
        return false;
    }
    // A postmaster works in its cluster's directory; who may not see that can read the command line.
    match fs::read_link(process.join("cwd")) {
        Ok(directory) => directory == cluster,
        Err(_) => arguments.any(|argument| Path::new(argument) == cluster),
    }
}

fn exited(layout: &Layout, log: &LogMark, status: String) -> EmbeddedError {
    EmbeddedError::Exited {
        cluster: layout.cluster.clone(),
        status,
        reason: log.reason(layout),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::PidFile;

    #[test]
    fn a_pid_file_is_read_while_it_grows() {
        let whole = "4711\n/data/postgres\n1700000000\n5432\n/data/postgres-run\n\n  123  456\nready   \n";
        let expected = PidFile {
            pid: 4711,
            socket_dir: PathBuf::from("/data/postgres-run"),
            status: "ready".into(),
        };
        assert_eq!(PidFile::parse(whole), Some(expected));
        let partial = PidFile::parse("4711\n/data/postgres\n");
        assert_eq!(
            partial.map(|file| (file.pid, file.status)),
            Some((4711, String::new()))
        );
        assert_eq!(PidFile::parse(""), None);
    }
}
