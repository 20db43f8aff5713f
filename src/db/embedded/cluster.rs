//! Making the database cluster: `initdb`, our settings, the role and the database; all of it, or nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;

use super::Durability;
use super::account::OsAccount;
use super::binaries::Binaries;
use super::error::{EmbeddedError, IoContext};
use super::layout::{Layout, make_private_dir};

/// The role that the service connects as, and the database that it owns.
pub(super) const NAME: &str = "virtual_tagging";

/// The superuser of a cluster that we made.
pub(super) const SUPERUSER: &str = "postgres";

/// Appended to the cluster's postgresql.conf once, when it is made: the operator may edit it there. What must not be
/// edited (socket, network, durability) is given on the server's command line instead.
const SETTINGS: &str = "
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

/// Makes the cluster beside its place and moves it there when it is complete, so that one left by a start that was
/// killed is never taken for a whole one.
pub(super) async fn initialise(
    layout: &Layout,
    account: &OsAccount,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    let unfinished = unfinished(&layout.cluster);
    if unfinished.exists() {
        tracing::info!(path = %unfinished.display(), "removing a database cluster that was not finished");
    }
    // C.UTF-8 knows letters beyond ASCII (ILIKE, lower), and sorts by code point; not every system has it.
    let mut output = init_db(&unfinished, account, binaries, durability, "C.UTF-8").await?;
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("invalid locale") {
        output = init_db(&unfinished, account, binaries, durability, "C").await?;
    }
    check("initdb", layout, &output)?;
    configure(&unfinished)?;
    let output = create_database(&unfinished, account, binaries, durability).await?;
    check("postgres --single", layout, &output)?;
    fs::rename(&unfinished, &layout.cluster).context("move the new cluster to", &layout.cluster)?;
    if durability == Durability::Durable {
        fs::File::open(&layout.base)
            .and_then(|dir| dir.sync_all())
            .context("sync", &layout.base)?;
    }
    Ok(())
}

/// Where the cluster is while it is being made: beside its place, to be moved by renaming.
fn unfinished(cluster: &Path) -> PathBuf {
    let mut name = cluster.file_name().unwrap_or_default().to_os_string();
    name.push(".unfinished");
    cluster.with_file_name(name)
}

async fn init_db(
    directory: &Path,
    account: &OsAccount,
    binaries: &Binaries,
    durability: Durability,
    locale: &str,
) -> Result<Output, EmbeddedError> {
    if directory.exists() {
        fs::remove_dir_all(directory).context("remove the unfinished cluster", directory)?;
    }
    make_private_dir(directory, account)?;
    let program = binaries.program("initdb");
    let mut command = account.command(&program);
    command
        .arg("--pgdata")
        .arg(directory)
        .args([
            "--username",
            SUPERUSER,
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
        ])
        .args(["--data-checksums", "--no-instructions", "--locale", locale])
        .kill_on_drop(true);
    if durability == Durability::Throwaway {
        command.arg("--no-sync");
    }
    command.output().await.context("run", &program)
}

fn configure(directory: &Path) -> Result<(), EmbeddedError> {
    let path = directory.join("postgresql.conf");
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(SETTINGS.as_bytes())?;
            file.sync_all()
        })
        .context("write", &path)
}

/// Creates the role and its database without a running server, in PostgreSQL's single-user mode: one statement a line.
async fn create_database(
    directory: &Path,
    account: &OsAccount,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Output, EmbeddedError> {
    let program = binaries.program("postgres");
    let mut command = account.command(&program);
    command
        .arg("--single")
        .arg("-D")
        .arg(directory)
        .args(["-c", "exit_on_error=on"]);
    command.args(durability.settings()).arg("postgres");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().context("run", &program)?;
    if let Some(mut input) = child.stdin.take() {
        let statements = format!(
            "CREATE ROLE {NAME} LOGIN;\nCREATE DATABASE {NAME} OWNER {NAME};\n\
             CREATE ROLE {NAME}_reader;\nGRANT {NAME}_reader TO {NAME};\n"
        );
        // When the program has ended already, its output tells more than the broken pipe.
        let _ = input.write_all(statements.as_bytes()).await;
    }
    child.wait_with_output().await.context("run", &program)
}

fn check(program: &'static str, layout: &Layout, output: &Output) -> Result<(), EmbeddedError> {
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(EmbeddedError::Initialise {
        program,
        path: layout.cluster.clone(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&text).trim_end().to_owned(),
    })
}
