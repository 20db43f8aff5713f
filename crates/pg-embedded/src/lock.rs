//! Users of a data directory's server, by file locks: the kernel gives them back however a process ends.
//!
//! Every process that uses the server holds `NAME.lock` shared for as long as it does, where NAME is the application's.
//! Starting and stopping the server happens under `NAME.start.lock`, exclusively, so that of two processes the second finds a server that is
//! ready, and only the last one to leave stops it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Application;
use crate::error::{EmbeddedError, IoContext};

/// Long enough for another process to download the server, to make the cluster and to recover it.
const LOCK_TIMEOUT: Duration = Duration::from_mins(10);

/// This process's share in the server of a data directory.
#[derive(Debug)]
pub(super) struct Tenancy {
    application: &'static Application,
    data_dir: PathBuf,
    users: File,
}

/// The right to start or stop the server; given back when dropped.
#[derive(Debug)]
pub(super) struct ClusterLock {
    _file: File,
}

impl Tenancy {
    /// Opens the locks of a data directory, without taking a share yet.
    pub(super) fn open(application: &'static Application, data_dir: &Path) -> Result<Self, EmbeddedError> {
        Ok(Self {
            application,
            data_dir: data_dir.to_path_buf(),
            users: open(&users_path(application, data_dir))?,
        })
    }

    /// Waits for the right to start or stop the server.
    pub(super) async fn lock_cluster(&self) -> Result<ClusterLock, EmbeddedError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(2);
        let mut logged = false;
        loop {
            if let Some(lock) = self.try_lock_cluster()? {
                return Ok(lock);
            }
            if started.elapsed() > LOCK_TIMEOUT {
                return Err(EmbeddedError::Busy {
                    path: self.data_dir.clone(),
                    seconds: LOCK_TIMEOUT.as_secs(),
                    setting: self.application.data_dir_setting,
                });
            }
            if !logged && started.elapsed() > Duration::from_secs(3) {
                logged = true;
                tracing::info!("waiting for another process that starts or stops the database");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// The right to start or stop the server, if no other process has it at this moment.
    pub(super) fn try_lock_cluster(&self) -> Result<Option<ClusterLock>, EmbeddedError> {
        let path = self
            .data_dir
            .join(format!("{}.start.lock", self.application.lock_name));
        let file = open(&path)?;
        Ok(try_exclusive(&file, &path)?.then_some(ClusterLock { _file: file }))
    }

    /// Takes a share; true when other processes have one. Needs the lock of the cluster, which keeps others
    /// from coming between.
    pub(super) fn register(&self, _lock: &ClusterLock) -> Result<bool, EmbeddedError> {
        let path = users_path(self.application, &self.data_dir);
        let alone = try_exclusive(&self.users, &path)?;
        self.users.lock_shared().context("lock", &path)?;
        Ok(!alone)
    }

    /// Gives the share back; true when it was the last.
    pub(super) fn unregister(&self, _lock: &ClusterLock) -> Result<bool, EmbeddedError> {
        let path = users_path(self.application, &self.data_dir);
        self.users.unlock().context("unlock", &path)?;
        try_exclusive(&self.users, &path)
    }
}

/// File whose lock each process that uses the server shares.
fn users_path(application: &Application, data_dir: &Path) -> PathBuf {
    data_dir.join(format!("{}.lock", application.lock_name))
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .context("open the lock file", path)
}

fn try_exclusive(file: &File, path: &Path) -> Result<bool, EmbeddedError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).context("lock", path),
    }
}
