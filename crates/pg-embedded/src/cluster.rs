//! Making the database cluster: `initdb`, the application's settings, its roles and its database; all of it, or nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;

use crate::account::OsAccount;
use crate::binaries::Binaries;
use crate::error::{EmbeddedError, IoContext};
use crate::layout::{Layout, make_private_dir};
use crate::{Application, Durability};

/// Superuser of a cluster that this crate made.
pub const SUPERUSER: &str = "postgres";

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
    configure(&unfinished, layout.application)?;
    let output = create_database(&unfinished, layout.application, account, binaries, durability).await?;
    check("postgres --single", layout, &output)?;
    fs::rename(&unfinished, &layout.cluster).context("move the new cluster to", &layout.cluster)?;
    if durability == Durability::Durable {
        fs::File::open(&layout.base)
            .and_then(|dir| dir.sync_all())
            .context("sync", &layout.base)?;
    }
    Ok(())
}

/// Directory of a cluster that is being made: beside its final one, to be moved by renaming.
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

fn configure(directory: &Path, application: &Application) -> Result<(), EmbeddedError> {
    let path = directory.join("postgresql.conf");
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(application.server_settings.as_bytes())?;
            file.sync_all()
        })
        .context("write", &path)
}

/// Creates the roles and the database without a running server, in PostgreSQL's single-user mode: one statement a line.
async fn create_database(
    directory: &Path,
    application: &Application,
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
        let owner = application.database;
        let mut statements = format!("CREATE ROLE {owner} LOGIN;\nCREATE DATABASE {owner} OWNER {owner};\n");
        for role in application.granted_roles {
            statements += &format!("CREATE ROLE {role};\nGRANT {role} TO {owner};\n");
        }
        // When the program has ended already, its output says more than the broken pipe.
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
