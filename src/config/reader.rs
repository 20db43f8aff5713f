//! From the text of a variable to its type.

use super::value_files::ValueFiles;
use super::{ConfigError, Environment, Secret};
use reqwest::Url;
use std::collections::HashMap;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// Typed access to the variables.
pub(super) struct Reader<'a> {
    variables: &'a HashMap<String, String>,
    files: ValueFiles<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a HashMap<String, String>) -> Self {
        let files = ValueFiles::new(variables);
        Self { variables, files }
    }

    /// Refuses files that settings read so far should have come from.
    pub(super) fn check_files(&self) -> Result<(), ConfigError> {
        self.files.check()
    }

    /// Value of a variable, or of the file that the variable with `_FILE` at its end names.
    pub(super) fn text(&self, variable: &str) -> Option<&str> {
        let text = self.variables.get(variable).map(|value| value.trim());
        self.files.value(variable, text.filter(|value| !value.is_empty()))
    }

    fn is_given(&self, variable: &str) -> bool {
        self.variables.contains_key(variable) || self.files.contains(variable)
    }

    pub(super) fn list(&self, variable: &str) -> Vec<String> {
        let entries = self.text(variable).unwrap_or_default().split(',').map(str::trim);
        entries
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Origins exactly as browsers send them, for they are compared as texts.
    pub(super) fn origins(&self, variable: &'static str) -> Result<Vec<String>, ConfigError> {
        let origins = self.list(variable);
        for origin in &origins {
            let sent = origin_of(origin);
            if sent.as_ref() == Some(origin) {
                continue;
            }
            let hint = sent.map_or_else(String::new, |sent| format!("; did you mean {sent}?"));
            let allowed = format!(
                "must be a comma list of origins as browsers send them: scheme, host and, unless it is the scheme's \
                 own, port, like https://app.example.com,http://localhost:5173; no *, no path, no slash at the end{hint}"
            );
            return Err(invalid(variable, origin, allowed));
        }
        Ok(origins)
    }

    /// Names or addresses of hosts, in lower case.
    pub(super) fn host_names(&self, variable: &'static str) -> Result<Vec<String>, ConfigError> {
        let names = self.list(variable).into_iter().map(|name| {
            let lower = name.to_ascii_lowercase();
            let url = Url::parse(&format!("http://{lower}")).ok();
            if is_host(&lower) && url.is_some_and(|url| url.host_str() == Some(&lower)) {
                return Ok(lower);
            }
            let allowed = "must be a comma list of host names or addresses without scheme and port, like \
                           tags.example.com,192.0.2.7; no *";
            Err(invalid(variable, &name, allowed.into()))
        });
        names.collect()
    }

    pub(super) fn parsed<T: FromStr>(
        &self,
        variable: &'static str,
        default: T,
        allowed: &str,
    ) -> Result<T, ConfigError> {
        Ok(self.optional(variable, allowed)?.unwrap_or(default))
    }

    pub(super) fn optional<T: FromStr>(
        &self,
        variable: &'static str,
        allowed: &str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.text(variable) else {
            return Ok(None);
        };
        let parsed = value.parse().map(Some);
        parsed.map_err(|_| invalid(variable, value, format!("must be {allowed}")))
    }

    pub(super) fn in_range<T>(
        &self,
        variable: &'static str,
        default: T,
        least: T,
        most: T,
    ) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let allowed = format!("a number from {least} to {most}");
        let value = self.parsed(variable, default, &allowed)?;
        if value >= least && value <= most {
            return Ok(value);
        }
        Err(invalid(
            variable,
            &value.to_string(),
            format!("must be {allowed}"),
        ))
    }

    /// A whole number of seconds.
    pub(super) fn seconds(
        &self,
        variable: &'static str,
        default: u64,
        least: u64,
        most: u64,
    ) -> Result<Duration, ConfigError> {
        self.in_range(variable, default, least, most)
            .map(Duration::from_secs)
    }

    pub(super) fn switch(&self, variable: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.text(variable).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some("false" | "0" | "no" | "off") => Ok(false),
            Some(value) => Err(invalid(variable, value, "must be true or false".into())),
        }
    }

    pub(super) fn host(&self, variable: &'static str) -> Result<IpAddr, ConfigError> {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        match self.text(variable) {
            Some("localhost") => Ok(loopback),
            _ => self.parsed(variable, loopback, "an IP address, or localhost"),
        }
    }

    pub(super) fn environment(&self) -> Result<Environment, ConfigError> {
        match self.text("ENVIRONMENT") {
            None | Some("development") => Ok(Environment::Development),
            Some("production") => Ok(Environment::Production),
            Some(value) => Err(invalid(
                "ENVIRONMENT",
                value,
                "must be development or production".into(),
            )),
        }
    }

    pub(super) fn log_format_is_json(&self) -> Result<bool, ConfigError> {
        match self.text("LOG_FORMAT") {
            None | Some("text") => Ok(false),
            Some("json") => Ok(true),
            Some(value) => Err(invalid("LOG_FORMAT", value, "must be text or json".into())),
        }
    }

    /// RFC 7518, 3.2: a key for HS256 has at least the 256 bits of its hash.
    pub(super) fn jwt_secret(&self) -> Result<Option<Secret>, ConfigError> {
        match self.text("JWT_SECRET") {
            Some(secret) if secret.len() < 32 => {
                let allowed = format!("must have at least 32 bytes; it has {}", secret.len());
                Err(invalid("JWT_SECRET", "(secret)", allowed))
            }
            secret => Ok(secret.map(|secret| Secret(secret.to_owned()))),
        }
    }

    /// Who could change the keys on their way could make tokens: only this machine is asked in the clear.
    pub(super) fn jwks_url(&self) -> Result<Option<Url>, ConfigError> {
        let Some(value) = self.text("JWT_JWKS_URL") else {
            return Ok(None);
        };
        let allowed = "must be a URL with https (http for this machine), without a name or a password in it";
        let refused = |shown: &str| invalid("JWT_JWKS_URL", shown, allowed.into());
        let url = Url::parse(value).map_err(|_| refused(value))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("(secret)"));
        }
        let is_allowed = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_this_machine(&url),
            _ => false,
        };
        if is_allowed {
            Ok(Some(url))
        } else {
            Err(refused(value))
        }
    }

    /// Invented resources never mix with real ones unasked: production discovers nothing by default.
    pub(super) fn discovery_sources(&self, environment: Environment) -> Vec<String> {
        match environment {
            Environment::Development if !self.is_given("DISCOVERY_SOURCES") => vec!["simulated".into()],
            _ => self.list("DISCOVERY_SOURCES"),
        }
    }
}

/// The origin that a browser sends for a page at this address, if there is one.
fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| is_host(host))?;
    match (url.scheme(), url.origin()) {
        ("http" | "https", origin) => Some(origin.ascii_serialization()),
        // Of apps that bring a scheme of their own.
        (scheme, _) => {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            Some(format!("{scheme}://{host}{port}"))
        }
    }
}

/// A name or an address, without wildcards.
fn is_host(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._[:]".contains(c);
    !text.is_empty() && text.chars().all(is_allowed)
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn invalid(variable: &'static str, value: &str, allowed: String) -> ConfigError {
    ConfigError::Invalid {
        variable,
        value: value.to_owned(),
        allowed,
    }
}
