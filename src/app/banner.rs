//! What a person wants to know when the service has started.

use super::{Mode, RunningApp};
use crate::config::Config;
use std::io::Write;

/// Tells where everything is: as text on the terminal, or as one event in a JSON log.
pub fn show(config: &Config, app: &RunningApp) {
    let url = format!("http://{}", app.address);
    let authentication = match (&config.auth.jwt_secret, &config.auth.jwks_url) {
        (Some(_), _) => "bearer tokens (JWT, HS256)".to_owned(),
        (None, Some(url)) => format!("bearer tokens (JWT, keys from {url})"),
        (None, None) => "NONE: everybody who reaches this port is an administrator".to_owned(),
    };
    let (data, psql) = (&app.database.location, &app.database.psql);
    let serves = app.mode == Mode::Serve;
    if serves && !config.auth.is_required() {
        tracing::warn!(
            "no JWT_SECRET and no JWT_JWKS_URL: every caller is an administrator named by the X-Actor header, or \"developer\""
        );
    }
    if config.log.json {
        tracing::info!(url, data, psql, authentication, "ready");
        return;
    }
    let mut lines = vec![format!("virtual-tagging {} is ready", env!("CARGO_PKG_VERSION"))];
    if serves {
        lines.push(format!("  GraphiQL, GraphQL  {url}/graphql"));
    }
    lines.push(format!("  health, metrics    {url}/readyz  {url}/metrics"));
    if serves {
        lines.push(format!("  authentication     {authentication}"));
    }
    lines.push(format!("  data               {data}"));
    lines.push(format!("  psql               psql '{psql}'"));
    lines.push("  stop with Ctrl-C".into());
    // Beside the log, on the same stream; when nobody can read it, there is nobody to tell.
    let _unread = writeln!(std::io::stderr(), "\n{}\n", lines.join("\n"));
}
