//! Errors of the embedded server; each message says what the operator can do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded server could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// Operation, as a verb phrase: "create the directory".
        action: &'static str,
        /// The file or directory concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Neither this machine nor the download had server binaries that fit.
    #[error(
        "no usable PostgreSQL server was found: wanted {wanted}.\n{considered}\nDownload: {download}\n\
         Do one of these:\n\
         - install the server package with its contrib extensions (Debian, Ubuntu: apt-get install postgresql; \
         Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17)\n\
         - set {setting} to the database of a PostgreSQL server, version {oldest_major} or newer, that is already running"
    )]
    NoBinaries {
        /// The versions and parts that would do.
        wanted: String,
        /// One line per directory that had a server, and why it was refused.
        considered: String,
        /// Why the download gave nothing.
        download: String,
        /// The oldest major version that would do.
        oldest_major: u32,
        /// The setting that names another server.
        setting: &'static str,
    },
    /// `initdb`, or the creation of the role and the database after it, failed.
    #[error("{program} could not create the database cluster in {} ({status}):\n{output}", path.display())]
    Initialise {
        /// The program that failed.
        program: &'static str,
        /// Intended place of the cluster.
        path: PathBuf,
        /// Exit status.
        status: String,
        /// Its output.
        output: String,
    },
    /// The server ended before it accepted connections.
    #[error("the PostgreSQL server of {} did not start ({status}):\n{reason}", cluster.display())]
    Exited {
        /// The cluster's directory.
        cluster: PathBuf,
        /// Exit status.
        status: String,
        /// Its fatal messages; the last lines that it logged when there are none.
        reason: String,
    },
    /// The server runs but does not accept connections yet.
    #[error(
        "the PostgreSQL server of {} (process {pid}) does not accept connections after {seconds} s; it may still be \
         recovering from a crash and was left running: start again to wait on; the end of its log:\n{log}",
        cluster.display()
    )]
    NotReady {
        /// The cluster's directory.
        cluster: PathBuf,
        /// The postmaster's process id.
        pid: i32,
        /// Time waited.
        seconds: u64,
        /// The last lines that it logged.
        log: String,
    },
    /// The server does not end.
    #[error(
        "the PostgreSQL server (process {pid}) has not stopped after {seconds} s; it is still shutting down"
    )]
    NotStopped {
        /// The postmaster's process id.
        pid: i32,
        /// Time waited.
        seconds: u64,
    },
    /// Another process holds the data directory's start lock and does not give it back.
    #[error(
        "another process is starting or stopping the database in {} for more than {seconds} s; end that process, or use \
         another {setting}",
        path.display()
    )]
    Busy {
        /// The data directory.
        path: PathBuf,
        /// Time waited.
        seconds: u64,
        /// The setting that names the data directory.
        setting: &'static str,
    },
    /// The cluster belongs to a user that this process can not act as.
    #[error(
        "the database cluster in {} belongs to the user with id {owner}, and PostgreSQL accepts only its owner, who must \
         not be root: run the service as that user, or change the owner with `chown -R`, or use another {setting}",
        path.display()
    )]
    ForeignCluster {
        /// The cluster's directory.
        path: PathBuf,
        /// User id of the owner.
        owner: u32,
        /// The setting that names the data directory.
        setting: &'static str,
    },
    /// Root has no unprivileged user for the server to run as.
    #[error(
        "PostgreSQL refuses to run as root, and /etc/passwd has neither the user `postgres` nor `nobody` to run it as: add \
         one (useradd --system postgres), or run the service as an ordinary user, or set {setting}"
    )]
    NoAccount {
        /// The setting that names another server.
        setting: &'static str,
    },
    /// A directory that must be private to the server belongs to someone else.
    #[error("{} is not a directory of the server's user (id {uid}); remove it and start again", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
        /// User id of the intended owner.
        uid: u32,
    },
    /// No directory has a path short enough for a unix socket.
    #[error(
        "no directory for the server's unix socket has a path below {limit} bytes: use a shorter {setting} or TMPDIR"
    )]
    NoSocketDirectory {
        /// The longest path of a socket, in bytes.
        limit: usize,
        /// The setting that names the data directory.
        setting: &'static str,
    },
}

/// Names the operation and the path of an input or output error.
pub(super) trait IoContext<T> {
    /// Turns the error into [`EmbeddedError::Io`].
    fn context(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io {
            action,
            path: path.to_path_buf(),
            source,
        })
    }
}
