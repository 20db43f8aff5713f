//! The application that a server belongs to.

/// Names and demands of an application: everything that differs from one user of this crate to the next. Names are
/// written into paths, SQL and the server's configuration as they are.
#[derive(Debug)]
pub struct Application {
    /// Name of the database, and of the role without special rights that owns it; an SQL identifier that needs no quotes.
    pub database: &'static str,
    /// Further roles, which cannot log in and are granted to the owner.
    pub granted_roles: &'static [&'static str],
    /// Settings that are appended to `postgresql.conf` once, when the cluster is made: the operator may edit them there.
    pub server_settings: &'static str,
    /// Oldest major version of the server that will do.
    pub oldest_major: u32,
    /// Major version that is downloaded for a new cluster.
    pub downloaded_major: u32,
    /// Extensions that the server's installation must have.
    pub extensions: &'static [&'static str],
    /// Directory of the clusters whose data directory the server's unprivileged user cannot reach.
    pub shared_home: &'static str,
    /// Prefix of socket directories under the directory for temporary files.
    pub socket_prefix: &'static str,
    /// Stem of the lock files in the data directory: `service` for `service.lock` and `service.start.lock`.
    pub lock_name: &'static str,
    /// Setting that names the data directory, for error messages: `DATA_DIR`.
    pub data_dir_setting: &'static str,
    /// Setting that names a server to use in place of this one, for error messages: `DATABASE_URL`.
    pub server_setting: &'static str,
}
