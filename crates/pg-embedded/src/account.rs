//! The user that the server's programs run as: they refuse to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use tokio::process::Command;

use crate::Application;
use crate::error::{EmbeddedError, IoContext};

/// A user and group of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OsAccount {
    pub(super) uid: u32,
    gid: u32,
    /// This process is root and must switch to the account for the server's programs.
    switch: bool,
}

impl OsAccount {
    /// The account for a cluster that is still to be made: this process's own, or for root `postgres` or `nobody`.
    pub(super) fn for_new_cluster(application: &Application) -> Result<Self, EmbeddedError> {
        let uid = rustix::process::geteuid();
        if !uid.is_root() {
            return Ok(Self {
                uid: uid.as_raw(),
                gid: rustix::process::getegid().as_raw(),
                switch: false,
            });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| find_user(&passwd, name))
            .map(|(uid, gid)| Self {
                uid,
                gid,
                switch: true,
            })
            .ok_or(EmbeddedError::NoAccount {
                setting: application.server_setting,
            })
    }

    /// The account for an existing cluster: its owner, if this process is or may become that user.
    pub(super) fn for_cluster(cluster: &Path, application: &Application) -> Result<Self, EmbeddedError> {
        let metadata = fs::metadata(cluster).context("read the owner of", cluster)?;
        let (uid, gid) = (metadata.uid(), metadata.gid());
        let current = rustix::process::geteuid();
        if uid == 0 || (!current.is_root() && current.as_raw() != uid) {
            return Err(EmbeddedError::ForeignCluster {
                path: cluster.to_path_buf(),
                owner: uid,
                setting: application.data_dir_setting,
            });
        }
        Ok(Self {
            uid,
            gid,
            switch: current.is_root(),
        })
    }

    /// A command of the server's programs under this account, free of the environment's `PG*` settings.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.switch {
            command.gid(self.gid).uid(self.uid);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(&name);
            }
        }
        // The account need not be able to read the directory that the service was started in.
        command
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(std::process::Stdio::null());
        command
    }

    /// Gives a file or directory to the account.
    pub(super) fn take(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).context("change the owner of", path)?;
        }
        Ok(())
    }

    /// True when the account may pass through `directory` and all that it lies in, by the permission bits.
    pub(super) fn can_reach(&self, directory: &Path) -> bool {
        directory.ancestors().all(|ancestor| {
            fs::metadata(ancestor).is_ok_and(|metadata| {
                let search = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
                    (true, _) => 0o100,
                    (false, true) => 0o010,
                    (false, false) => 0o001,
                };
                !self.switch || metadata.mode() & search != 0
            })
        })
    }
}

/// The user id and group id of `name` in the text of a passwd file.
fn find_user(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::find_user;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          postgres2:x:7:7::/:/bin/sh\n\
                          postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n\
                          nobody:*:-2:-2::/:/bin/false\n";

    #[test]
    fn users_are_found_by_their_whole_name() {
        assert_eq!(find_user(PASSWD, "postgres"), Some((101, 104)));
        assert_eq!(find_user(PASSWD, "postgre"), None);
    }

    #[test]
    fn root_and_ids_out_of_range_are_refused() {
        assert_eq!(find_user(PASSWD, "root"), None);
        assert_eq!(find_user(PASSWD, "nobody"), None);
    }
}
