//! Directories and files of an embedded server.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::Application;
use crate::account::OsAccount;
use crate::error::{EmbeddedError, IoContext};

/// The longest path of a unix socket in bytes, without the closing zero: 107 on Linux, 103 on macOS and the BSDs.
const SOCKET_PATH_LIMIT: usize = 103;

/// The port is only a part of the socket's file name: the server does not listen on the network.
pub const PORT: u16 = 5432;

/// The directories of one server.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The application that the server belongs to.
    pub(super) application: &'static Application,
    /// The data directory, absolute and without symbolic links.
    pub(super) data_dir: PathBuf,
    /// The cluster itself (PGDATA); not a symbolic link.
    pub(super) cluster: PathBuf,
    /// The directory that the cluster lies in, also home of its socket and of downloaded binaries.
    pub(super) base: PathBuf,
}

impl Layout {
    /// Finds or decides where the cluster of `data_dir` is, and the account that it belongs to.
    pub(super) fn resolve(
        application: &'static Application,
        data_dir: &Path,
    ) -> Result<(Self, OsAccount), EmbeddedError> {
        let data_dir = data_dir
            .canonicalize()
            .context("open the data directory", data_dir)?;
        let entry = data_dir.join("postgres");
        if entry.join("PG_VERSION").exists() {
            let cluster = entry
                .canonicalize()
                .context("open the database cluster", &entry)?;
            let account = OsAccount::for_cluster(&cluster, application)?;
            return Ok((Self::at(application, data_dir, cluster), account));
        }
        let account = OsAccount::for_new_cluster(application)?;
        if let Ok(target) = fs::read_link(&entry) {
            // Made by us before a first initdb that did not get to its end, or by the operator.
            let cluster = data_dir.join(target);
            return Ok((Self::at(application, data_dir, cluster), account));
        }
        if account.can_reach(&data_dir) {
            return Ok((Self::at(application, data_dir, entry), account));
        }
        let cluster = relocate(application.shared_home, &data_dir, &entry)?;
        tracing::info!(cluster = %cluster.display(), link = %entry.display(),
            "the database is kept outside the data directory, which the server's unprivileged user cannot reach");
        Ok((Self::at(application, data_dir, cluster), account))
    }

    fn at(application: &'static Application, data_dir: PathBuf, cluster: PathBuf) -> Self {
        let base = cluster.parent().unwrap_or(&data_dir).to_path_buf();
        Self {
            application,
            data_dir,
            cluster,
            base,
        }
    }

    /// True when the cluster exists: it is moved to its place only when it is complete.
    pub(super) fn is_initialised(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// Output of the server before its own log file is open.
    pub(super) fn start_log(&self) -> PathBuf {
        self.data_dir.join("postgres-start.log")
    }

    /// Makes the private directory for the server's socket: beside the cluster, or, when that path is too long for a
    /// socket, under the directory for temporary files.
    pub(super) fn make_socket_dir(&self, account: &OsAccount) -> Result<PathBuf, EmbeddedError> {
        let short = format!("{}{}", self.application.socket_prefix, digest(&self.cluster));
        let candidates = [
            self.base.join("postgres-run"),
            std::env::temp_dir().join(&short),
            Path::new("/tmp").join(&short),
        ];
        let directory = candidates
            .into_iter()
            .find(|directory| fits_socket(directory))
            .ok_or(EmbeddedError::NoSocketDirectory {
                limit: SOCKET_PATH_LIMIT,
                setting: self.application.data_dir_setting,
            })?;
        make_private_dir(&directory, account)?;
        Ok(directory)
    }
}

/// Makes a directory that only `account` can enter, or makes sure that an existing one is of that kind: in a directory
/// for temporary files, anybody could have put something of that name.
pub(super) fn make_private_dir(directory: &Path, account: &OsAccount) -> Result<(), EmbeddedError> {
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => return account.take(directory),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).context("create the directory", directory),
    }
    let metadata = fs::symlink_metadata(directory).context("examine", directory)?;
    let uid = account.uid;
    // Root owns it when an earlier start was ended between making the directory and giving it away.
    let own = metadata.uid() == uid || metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || !own {
        return Err(EmbeddedError::NotPrivate {
            path: directory.to_path_buf(),
            uid,
        });
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
        .context("protect the directory", directory)?;
    account.take(directory)
}

/// Picks a place under `shared_home` and links `entry` to it. The link is made before the cluster, so a cluster
/// without a link is one whose data directory was deleted: it is set aside, neither revived nor deleted.
fn relocate(shared_home: &str, data_dir: &Path, entry: &Path) -> Result<PathBuf, EmbeddedError> {
    let home = Path::new(shared_home).join(digest(data_dir));
    for directory in [Path::new(shared_home), &home] {
        fs::create_dir_all(directory)
            .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
            .context(
                "create, as the server's user cannot reach the data directory,",
                directory,
            )?;
    }
    let cluster = home.join("postgres");
    if cluster.join("PG_VERSION").exists() {
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs());
        let aside = home.join(format!("postgres.{seconds}"));
        fs::rename(&cluster, &aside)
            .context("set aside the database of a deleted data directory", &cluster)?;
        tracing::warn!(path = %aside.display(),
            "set aside the database of an earlier data directory of the same name; delete it when nobody needs it");
    }
    symlink(&cluster, entry).context("link", entry)?;
    Ok(cluster)
}

/// True when the server can listen in `directory`, whose path also has to pass through a list in its configuration.
fn fits_socket(directory: &Path) -> bool {
    let name = format!("/.s.PGSQL.{PORT}");
    directory.to_str().is_some_and(|path| {
        path.len() + name.len() <= SOCKET_PATH_LIMIT
            && path.starts_with('/')
            && !path.chars().any(|c| matches!(c, ',' | '"') || c.is_control())
    })
}

/// 16 hexadecimal digits that stand for a path.
fn digest(path: &Path) -> String {
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let number = hash
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::fits_socket;

    #[test]
    fn socket_paths_are_limited_to_103_bytes() {
        let longest = format!("/{}", "d".repeat(103 - "/".len() - "/.s.PGSQL.5432".len()));
        assert!(fits_socket(&PathBuf::from(&longest)));
        assert!(!fits_socket(&PathBuf::from(format!("{longest}d"))));
    }

    #[test]
    fn paths_that_would_split_in_a_configuration_list_are_refused() {
        assert!(!fits_socket(&PathBuf::from("/a,b")));
        assert!(!fits_socket(&PathBuf::from("/a\"b")));
        assert!(!fits_socket(&PathBuf::from("relative")));
        assert!(fits_socket(&PathBuf::from("/with space/and=sign")));
    }
}
