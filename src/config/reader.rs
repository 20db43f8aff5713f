//! Reader of settings: from the text of a variable to its type.

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::settings::{self, Number, Setting, SettingKind, Switch, Text};
use super::value_files::ValueFiles;
use reqwest::Url;
use std::collections::HashMap;
use std::fmt::Display;
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

    /// Value of a setting, or of the file that the variable with `_FILE` at its end names; nothing if it is not set.
    pub(super) fn given<K>(&self, setting: &Setting<K>) -> Option<&str> {
        let text = self.variables.get(setting.name).map(|value| value.trim());
        self.files
            .value(setting.name, text.filter(|value| !value.is_empty()))
    }

    /// Value of a setting, or its default.
    pub(super) fn text(&self, setting: &Setting<Text>) -> &str {
        self.given(setting).unwrap_or(setting.kind.default)
    }

    pub(super) fn list(&self, setting: &Setting<Text>) -> Vec<String> {
        let entries = self.given(setting).unwrap_or_default().split(',').map(str::trim);
        entries
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Origins exactly as browsers send them, for they are compared as texts.
    pub(super) fn origins(&self, setting: &Setting<Text>) -> Result<Vec<String>, ConfigError> {
        let origins = self.list(setting);
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
            return Err(invalid(setting, origin, allowed));
        }
        Ok(origins)
    }

    /// Names or addresses of hosts, in lower case.
    pub(super) fn host_names(&self, setting: &Setting<Text>) -> Result<Vec<String>, ConfigError> {
        let names = self.list(setting).into_iter().map(|name| {
            let lower = name.to_ascii_lowercase();
            let url = Url::parse(&format!("http://{lower}")).ok();
            if is_host(&lower) && url.is_some_and(|url| url.host_str() == Some(&lower)) {
                return Ok(lower);
            }
            let allowed = "must be a comma list of host names or addresses without scheme and port, like \
                           tags.example.com,192.0.2.7; no *";
            Err(invalid(setting, &name, allowed.into()))
        });
        names.collect()
    }

    /// Value of a text that stands for something else, like an address or a time zone.
    pub(super) fn parsed<T: FromStr>(&self, setting: &Setting<Text>) -> Result<T, ConfigError> {
        let value = self.text(setting);
        value.parse().map_err(|_| must_be(setting, value))
    }

    pub(super) fn number<T>(&self, setting: &Setting<Number<T>>) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        self.number_or(setting, setting.kind.default)
    }

    /// Number with a default that depends on other settings.
    pub(super) fn number_or<T>(&self, setting: &Setting<Number<T>>, default: T) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        Ok(self.given_number(setting)?.unwrap_or(default))
    }

    /// Number that is set, if one is.
    pub(super) fn given_number<T>(&self, setting: &Setting<Number<T>>) -> Result<Option<T>, ConfigError>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let Some(value) = self.given(setting) else {
            return Ok(None);
        };
        let range = setting.kind.least..=setting.kind.most;
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(must_be(setting, value)),
        }
    }

    /// Whole number of seconds.
    pub(super) fn seconds(&self, setting: &Setting<Number<u64>>) -> Result<Duration, ConfigError> {
        self.number(setting).map(Duration::from_secs)
    }

    pub(super) fn switch(&self, setting: &Setting<Switch>) -> Result<bool, ConfigError> {
        match self.given(setting).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(setting.kind.0),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some("false" | "0" | "no" | "off") => Ok(false),
            Some(value) => Err(must_be(setting, value)),
        }
    }

    pub(super) fn host(&self, setting: &Setting<Text>) -> Result<IpAddr, ConfigError> {
        match self.text(setting) {
            "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
            _ => self.parsed(setting),
        }
    }

    pub(super) fn environment(&self) -> Result<Environment, ConfigError> {
        match self.text(&settings::ENVIRONMENT) {
            "development" => Ok(Environment::Development),
            "production" => Ok(Environment::Production),
            value => Err(must_be(&settings::ENVIRONMENT, value)),
        }
    }

    pub(super) fn log_format_is_json(&self) -> Result<bool, ConfigError> {
        match self.text(&settings::LOG_FORMAT) {
            "text" => Ok(false),
            "json" => Ok(true),
            value => Err(must_be(&settings::LOG_FORMAT, value)),
        }
    }

    /// RFC 7518, 3.2: a key for HS256 has at least the 256 bits of its hash.
    pub(super) fn jwt_secret(&self) -> Result<Option<Secret>, ConfigError> {
        match self.given(&settings::JWT_SECRET) {
            Some(secret) if secret.len() < 32 => {
                let allowed = format!("must have at least 32 bytes; it has {}", secret.len());
                Err(invalid(&settings::JWT_SECRET, "(secret)", allowed))
            }
            secret => Ok(secret.map(Secret::new)),
        }
    }

    /// Address of published keys. An attacker who changes the keys on their way could make tokens: only this machine is
    /// asked in the clear.
    pub(super) fn jwks_url(&self) -> Result<Option<Url>, ConfigError> {
        let Some(value) = self.given(&settings::JWT_JWKS_URL) else {
            return Ok(None);
        };
        let refused = |shown: &str| must_be(&settings::JWT_JWKS_URL, shown);
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

    /// Name of a region, which becomes part of addresses.
    pub(super) fn region_name(&self, setting: &Setting<Text>) -> Result<String, ConfigError> {
        let name = self.text(setting);
        is_region(name)
            .then(|| name.to_owned())
            .ok_or_else(|| must_be(setting, name))
    }

    pub(super) fn region_names(&self, setting: &Setting<Text>) -> Result<Vec<String>, ConfigError> {
        let names = self.list(setting);
        match names.iter().find(|name| !is_region(name)) {
            Some(name) => Err(must_be(setting, name)),
            None => Ok(names),
        }
    }

    /// Name of a role, with its path before it.
    pub(super) fn role_name(&self, setting: &Setting<Text>) -> Result<String, ConfigError> {
        let name = self.text(setting).trim_start_matches('/');
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c);
        if name.is_empty() || !name.chars().all(is_allowed) {
            return Err(must_be(setting, name));
        }
        Ok(name.to_owned())
    }

    /// Address in place of a service's own, without credentials in it.
    pub(super) fn endpoint(&self, setting: &Setting<Text>) -> Result<Option<Url>, ConfigError> {
        let is_given = self.given(setting).is_some();
        is_given.then(|| self.web_address(setting)).transpose()
    }

    /// Address of a service, without credentials in it.
    pub(super) fn web_address(&self, setting: &Setting<Text>) -> Result<Url, ConfigError> {
        let value = self.text(setting);
        let url = Url::parse(value).map_err(|_| must_be(setting, value))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(must_be(setting, "(secret)"));
        }
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_web.then_some(url).ok_or_else(|| must_be(setting, value))
    }

    /// Invented resources never mix with real ones unasked: production discovers nothing by default.
    pub(super) fn discovery_sources(&self, environment: Environment) -> Vec<String> {
        // An empty value is none at all here, in place of the default.
        let name = settings::DISCOVERY_SOURCES.name;
        let is_given = self.variables.contains_key(name) || self.files.contains(name);
        match environment {
            Environment::Development if !is_given => vec!["demo".into()],
            _ => self.list(&settings::DISCOVERY_SOURCES),
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

/// True for names like `eu-west-1` and `us-gov-east-1`.
fn is_region(name: &str) -> bool {
    let parts: Vec<_> = name.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2
                && words.iter().all(is_word)
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && !number.is_empty()
        }
        None => false,
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

pub(super) fn must_be<K: SettingKind>(setting: &Setting<K>, value: &str) -> ConfigError {
    invalid(setting, value, format!("must be {}", setting.kind.allowed()))
}

fn invalid<K>(setting: &Setting<K>, value: &str, allowed: String) -> ConfigError {
    ConfigError::Invalid {
        variable: setting.name,
        value: value.to_owned(),
        allowed,
    }
}
