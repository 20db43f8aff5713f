//! Embeds the web client: writes `client.rs`, a table of the files below `client/dist`, each with its path on the service.
//!
//! The bundle is committed, so that a build needs no Node. Without it the table is empty, and the service says how to build it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let dist = root.join("client/dist");
    // Cargo runs a script anew each time when a path that it watches does not exist.
    let watched = ["client/dist", "client", "build.rs"];
    let watched = watched.into_iter().find(|path| root.join(path).exists());
    cargo_line("rerun-if-changed", watched.unwrap_or("Cargo.toml"));

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?;
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        let (path, source) = (names.join("/"), file.to_string_lossy());
        let _infallible = writeln!(table, "    (\"/{path}\", include_bytes!({source:?})),");
    }
    table.push_str("]\n");
    fs::write(out.join("client.rs"), table)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of build scripts"
)]
fn cargo_line(key: &str, value: &str) {
    println!("cargo::{key}={value}");
}
