//! The PostgreSQL that a process runs for itself when no `DATABASE_URL` is given: `pg_embedded` under the service's names.

use pg_embedded::{Application, EmbeddedServer, Options, PORT};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::path::PathBuf;

/// Names of the service, and its demands on the server.
static APPLICATION: Application = Application {
    database: "virtual_tagging",
    granted_roles: &["virtual_tagging_reader"],
    server_settings: SERVER_SETTINGS,
    oldest_major: 15,
    downloaded_major: 17,
    // The job queue and the indexes of the lists need them.
    extensions: &["hstore", "pgcrypto", "btree_gin"],
    shared_home: "/var/lib/virtual-tagging",
    socket_prefix: "vt-postgres-",
    lock_name: "service",
    data_dir_setting: "DATA_DIR",
    server_setting: "DATABASE_URL",
};

/// Settings that must not be edited (socket, network, durability) are given on the server's command line instead.
const SERVER_SETTINGS: &str = "
# ---- virtual-tagging ----
max_connections = 200
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
shared_preload_libraries = ''
# A single server, without replicas or archive: the least write-ahead log, few and long checkpoints.
wal_level = minimal
max_wal_senders = 0
wal_compression = on
min_wal_size = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
# One log file per day of the week, overwritten a week later.
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_checkpoints = off
log_line_prefix = '%m [%p] %q%u@%d '
";

/// Options of a durable server in `data_dir`, with the programs that the machine has.
pub fn options(data_dir: impl Into<PathBuf>) -> Options {
    Options::new(&APPLICATION, data_dir)
}

/// Connection to the service's database, as its owner, which is not a superuser.
pub fn connect_options(server: &EmbeddedServer) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(server.socket_dir())
        .port(PORT)
        .username(APPLICATION.database)
        .database(APPLICATION.database)
        .ssl_mode(PgSslMode::Disable)
}
