//! Limit of open files, and so of sockets.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Takes as many as the system grants: shells usually start processes with far fewer than they may have. Fewer than
/// `wanted` are a reason to warn.
pub(super) fn raise_limit(wanted: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!("raising the limit of open files: {error}");
        }
    }
    if let Some(granted) = getrlimit(Resource::Nofile).current
        && granted < wanted as u64
    {
        tracing::warn!(
            "the system grants {granted} open files, which is less than MAX_CONNECTIONS={wanted}: raise `ulimit -n`"
        );
    }
}
