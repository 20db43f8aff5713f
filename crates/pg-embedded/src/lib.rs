//! A private PostgreSQL server that a process runs for itself. The names of the [`Application`] are passed in.
//!
//! It keeps its data under a data directory between starts, listens on a unix socket only, and is shared by all
//! who use that directory: the first process starts it, others join, the last one to leave stops it. A server that
//! outlived a killed process is taken over by the next.

use std::path::{Path, PathBuf};

mod account;
mod application;
mod binaries;
mod cluster;
mod durability;
mod error;
mod layout;
mod lock;
mod process;
mod remnants;

use account::OsAccount;
pub use application::Application;
pub use binaries::BinarySearch;
use binaries::{Binaries, Finder};
pub use cluster::SUPERUSER;
pub use durability::Durability;
pub use error::EmbeddedError;
use error::IoContext;
use layout::Layout;
pub use layout::PORT;
use lock::Tenancy;
use process::Postmaster;

/// Options of a start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The application that the server belongs to.
    pub application: &'static Application,
    /// The data directory; made when missing. The cluster is, or is linked from, `postgres` in it.
    pub data_dir: PathBuf,
    /// Durability of committed data in a crash of the machine.
    pub durability: Durability,
    /// Places to look for the server's programs.
    pub binaries: BinarySearch,
}

impl Options {
    /// A durable server in `data_dir`, with the programs that the machine has.
    pub fn new(application: &'static Application, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            application,
            data_dir: data_dir.into(),
            durability: Durability::Durable,
            binaries: BinarySearch::system(),
        }
    }
}

/// A server in use by this process. End the use with [`EmbeddedServer::stop`]; dropping it only asks the server to shut
/// down, without waiting.
#[derive(Debug)]
pub struct EmbeddedServer {
    options: Options,
    tenancy: Tenancy,
    postmaster: Postmaster,
    location: PathBuf,
    version: String,
    attached: bool,
    left: bool,
}

impl EmbeddedServer {
    /// Starts the server of a data directory, or joins it when it runs, and waits until it accepts connections.
    ///
    /// The first start makes the cluster (about a second), after downloading the programs if the machine has none.
    pub async fn start(options: Options) -> Result<Self, EmbeddedError> {
        let data_dir = &options.data_dir.clone();
        std::fs::create_dir_all(data_dir).context("create the data directory", data_dir)?;
        let tenancy = Tenancy::open(options.application, data_dir)?;
        let lock = tenancy.lock_cluster().await?;
        let (layout, account) = Layout::resolve(options.application, data_dir)?;
        let attached = tenancy.register(&lock)?;
        let location = layout.cluster.clone();
        if let Some(postmaster) = Postmaster::running(&layout).await? {
            let pid = postmaster.pid();
            tracing::info!(
                pid,
                attached,
                "using the PostgreSQL server that is running in {}",
                location.display()
            );
            let version = written_by(&layout).map_or_else(String::new, |major| major.to_string());
            return Ok(Self {
                options,
                tenancy,
                postmaster,
                location,
                version,
                attached,
                left: false,
            });
        }
        let binaries = prepare(&layout, &account, &options).await?;
        let postmaster = Postmaster::start(&layout, &account, &binaries, options.durability).await?;
        let (pid, version) = (postmaster.pid(), binaries.version.text);
        tracing::info!(
            pid,
            version,
            "started the PostgreSQL server in {}",
            location.display()
        );
        Ok(Self {
            options,
            tenancy,
            postmaster,
            location,
            version,
            attached: false,
            left: false,
        })
    }

    /// Directory of the unix socket that the server listens on; its port is [`PORT`].
    pub fn socket_dir(&self) -> &Path {
        &self.postmaster.socket_dir
    }

    /// The application's database as psql takes it: `postgres:///name?host=...&user=...`.
    pub fn url(&self) -> String {
        let name = self.options.application.database;
        let directory = self.postmaster.socket_dir.to_string_lossy();
        format!(
            "postgres:///{name}?host={}&user={name}",
            percent_encode(&directory)
        )
    }

    /// The cluster's directory, where the data is.
    pub fn location(&self) -> &Path {
        &self.location
    }

    /// The server's version: as the program spells it ("15.18") when this process started it, else the major only.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// True when another process used the server before this one.
    pub fn attached(&self) -> bool {
        self.attached
    }

    /// The postmaster's process id.
    pub fn pid(&self) -> i32 {
        self.postmaster.pid()
    }

    /// Starts the server again if it has died; gives whether it had. Where several processes use it, one of them starts
    /// it and the others find it. It listens where it did, so that pools find it.
    pub async fn revive(&mut self) -> Result<bool, EmbeddedError> {
        if !self.postmaster.has_ended()? {
            return Ok(false);
        }
        let lock = self.tenancy.lock_cluster().await?;
        let (layout, account) = Layout::resolve(self.options.application, &self.options.data_dir)?;
        self.postmaster = if let Some(running) = Postmaster::running(&layout).await? {
            running
        } else {
            let binaries = prepare(&layout, &account, &self.options).await?;
            Postmaster::start(&layout, &account, &binaries, self.options.durability).await?
        };
        drop(lock);
        Ok(true)
    }

    /// Ends this process's use. When no other process uses the server, shuts it down and waits for that: open
    /// sessions are ended, so close the pool first.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        let lock = self.tenancy.lock_cluster().await?;
        self.left = true;
        if self.tenancy.unregister(&lock)? {
            self.postmaster.stop().await?;
            tracing::info!("stopped the PostgreSQL server");
        } else {
            tracing::info!("leaving the PostgreSQL server to the other processes that use it");
        }
        Ok(())
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        // Whoever holds the lock is about to use the server.
        if let Ok(Some(lock)) = self.tenancy.try_lock_cluster()
            && let Ok(true) = self.tenancy.unregister(&lock)
        {
            self.postmaster.request_stop();
        }
    }
}

/// Finds the programs, and makes the cluster when there is none.
async fn prepare(layout: &Layout, account: &OsAccount, options: &Options) -> Result<Binaries, EmbeddedError> {
    let required = written_by(layout);
    let cache = layout.base.join("postgres-binaries");
    let binaries = Finder {
        application: options.application,
        search: &options.binaries,
        account,
        required,
        cache,
    }
    .find()
    .await?;
    if !layout.is_initialised() {
        tracing::info!("creating the database in {}", layout.cluster.display());
        cluster::initialise(layout, account, &binaries, options.durability).await?;
    }
    Ok(binaries)
}

/// The major version of the server that wrote the cluster, if there is a cluster.
fn written_by(layout: &Layout) -> Option<u32> {
    std::fs::read_to_string(layout.cluster.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Encodes what has a meaning of its own in the query part of a URL.
fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let encode = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    #[test]
    fn urls_keep_paths_readable_and_unambiguous() {
        assert_eq!(
            super::percent_encode("/var/my data/ä&b=1"),
            "/var/my%20data/%C3%A4%26b%3D1"
        );
    }
}
