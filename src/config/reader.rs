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

    pub(super) fn parsed<T: FromStr>(
        &self,
        variable: &'static str,
        default: T,
        allowed: &str,
    ) -> Result<T, ConfigError> {
        let Some(value) = self.text(variable) else {
            return Ok(default);
        };
        value
            .parse()
            .map_err(|_| invalid(variable, value, format!("must be {allowed}")))
    }

    pub(super) fn within<T>(
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
        self.within(variable, default, least, most)
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

    pub(super) fn host(&self) -> Result<IpAddr, ConfigError> {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        match self.text("API_HOST") {
            Some("localhost") => Ok(loopback),
            _ => self.parsed("API_HOST", loopback, "an IP address, or localhost"),
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
