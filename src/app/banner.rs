//! Banner with all addresses, shown when the service has started.

use super::database::Database;
use super::mode::Mode;
use crate::config::Config;
use std::io::Write;
use std::net::SocketAddr;

/// Shows all addresses: as text on the terminal, or as one event in a JSON log.
pub fn show(config: &Config, mode: Mode, address: SocketAddr, database: &Database) {
    let url = format!("http://{address}");
    let authentication = match (&config.auth.jwt_secret, &config.auth.jwks_url) {
        (Some(_), _) => "bearer tokens (JWT, HS256)".to_owned(),
        (None, Some(url)) => format!("bearer tokens (JWT, keys from {url})"),
        (None, None) => "NONE: everybody who reaches this port is an administrator".to_owned(),
    };
    let (data, psql) = (&database.location, &database.psql);
    let serves = mode == Mode::Serve;
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
        lines.push(format!("  web client         {url}/"));
        lines.push(format!("  GraphiQL, GraphQL  {url}/graphiql  {url}/graphql"));
    }
    lines.push(format!("  health, metrics    {url}/readyz  {url}/metrics"));
    if serves {
        lines.push(format!("  authentication     {authentication}"));
    }
    lines.push(format!("  data               {data}"));
    lines.push(format!("  psql               psql '{psql}'"));
    lines.push("  stop with Ctrl-C".into());
    // Beside the log, on the same stream; a failure means that nobody can read it.
    let _unread = writeln!(std::io::stderr(), "\n{}\n", lines.join("\n"));
}
