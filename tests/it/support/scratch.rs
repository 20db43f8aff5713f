//! Directories for throw-away servers, which vanish with what runs in them however the test process ends.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for the end of its input, which comes when the test process ends in any way; then ends the server and removes
/// the directory, again and again while something (an initdb, say) still writes there.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
    lock=$(ls "$1"/postgres/postmaster.pid "$1"/*/postgres/postmaster.pid "$1"/*/*/postgres/postmaster.pid 2>/dev/null | head -n 1)
    pid=$(head -n 1 "$lock" 2>/dev/null)
    socket=$(sed -n 5p "$lock" 2>/dev/null)
    [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
    waits=0
    while [ -e "$lock" ] && kill -0 "$pid" 2>/dev/null && [ $waits -lt 40 ]; do sleep 0.05; waits=$((waits + 1)); done
    case "$socket" in */vt-postgres-*) rm -rf "$socket" ;; esac
    moved=$(readlink "$1"/*/*/postgres)
    case "$moved" in /var/lib/virtual-tagging/*/postgres) rm -rf "${moved%/postgres}" ;; esac
    rm -rf "$1" 2>/dev/null
    tries=$((tries + 1))
    [ -e "$1" ] && sleep 0.05
done
"#;

/// A temporary directory with a watchdog over it.
pub struct Scratch {
    path: PathBuf,
    watchdog: Child,
}

impl Scratch {
    /// Makes the directory. The server's unprivileged user may pass through it.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("vt-test-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .expect("a temporary directory");
        // From here on it is the watchdog's to remove.
        let path = directory.keep();
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(&path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell for the watchdog");
        Self { path, watchdog }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}
