//! Addresses, connections and uploads.

use super::error::ConfigError;
use super::reader::Reader;
use super::settings;
use std::net::IpAddr;
use std::time::Duration;

/// Addresses and connections of the API.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `API_HOST`.
    pub host: IpAddr,
    /// `API_PORT`; 0 takes a free one.
    pub port: u16,
    /// `CORS_ORIGINS`: origins of web pages that may call.
    pub cors_origins: Vec<String>,
    /// `ALLOWED_HOSTS`: names besides those of loopback that requests may give as `Host`; empty: any under
    /// authentication, none without.
    pub allowed_hosts: Vec<String>,
    /// Limits of uploads.
    pub uploads: UploadConfig,
    /// `MAX_CONNECTIONS`: connections at the same time, websockets among them; one more is closed at once.
    pub max_connections: usize,
    /// `HEADER_TIMEOUT`, in seconds: the time for a request's line and headers.
    pub header_timeout: Duration,
    /// `IDLE_TIMEOUT`, in seconds: how long a connection may rest between two requests; longer than a load balancer
    /// keeps its own, which would otherwise meet closed ones.
    pub idle_timeout: Duration,
    /// `DRAIN_TIME`, in seconds: how long a shutdown still takes requests, for as long as callers come.
    pub drain_time: Duration,
}

/// Limits of uploads: disk and time.
#[derive(Clone, Copy, Debug)]
pub struct UploadConfig {
    /// `UPLOAD_MAX_BYTES` of a request with files.
    pub bytes: usize,
    /// `UPLOAD_MAX_CONCURRENT`: uploads under way in this process; one caller gets a quarter of them at most. Disk for
    /// so many files of `bytes` is taken.
    pub concurrent: usize,
    /// `UPLOAD_TIMEOUT`, in seconds: the time for the files of an upload.
    pub time: Duration,
    /// `UPLOAD_MIN_RATE`: bytes a second that must come; 0: any.
    pub min_rate: u32,
}

impl HttpConfig {
    pub(super) fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            host: read.host(&settings::API_HOST)?,
            port: read.number(&settings::API_PORT)?,
            cors_origins: read.origins(&settings::CORS_ORIGINS)?,
            allowed_hosts: read.host_names(&settings::ALLOWED_HOSTS)?,
            uploads: UploadConfig {
                bytes: read.number(&settings::UPLOAD_MAX_BYTES)?,
                concurrent: read.number(&settings::UPLOAD_MAX_CONCURRENT)?,
                time: read.seconds(&settings::UPLOAD_TIMEOUT)?,
                min_rate: read.number(&settings::UPLOAD_MIN_RATE)?,
            },
            max_connections: read.number(&settings::MAX_CONNECTIONS)?,
            header_timeout: read.seconds(&settings::HEADER_TIMEOUT)?,
            idle_timeout: read.seconds(&settings::IDLE_TIMEOUT)?,
            drain_time: read.seconds(&settings::DRAIN_TIME)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_variables(&variables.collect())
    }

    #[test]
    fn what_is_no_origin_or_no_host_is_refused_with_what_is_allowed() {
        for (variable, value) in [
            ("CORS_ORIGINS", "*"),
            ("CORS_ORIGINS", "https://app.example.com/"),
            ("CORS_ORIGINS", "app.example.com"),
            ("CORS_ORIGINS", "https://app.example.com/tags"),
            ("CORS_ORIGINS", "https://app.example.com:443"),
            ("CORS_ORIGINS", "https://App.example.com"),
            ("CORS_ORIGINS", "https://*.example.com"),
            ("CORS_ORIGINS", "https://ada@app.example.com"),
            ("CORS_ORIGINS", "https://"),
            ("CORS_ORIGINS", "tauri://localhost/x"),
            ("CORS_ORIGINS", "null"),
            ("ALLOWED_HOSTS", "*"),
            ("ALLOWED_HOSTS", "https://tags.example.com"),
            ("ALLOWED_HOSTS", "tags.example.com:8000"),
        ] {
            let message = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("{variable}={value}: must be")),
                "{message}"
            );
        }
    }

    #[test]
    fn origins_and_hosts_are_lists_of_what_browsers_send() {
        let origins = "https://app.example.com, http://localhost:5173,http://[::1]:3000,tauri://localhost";
        let hosts = "Tags.example.com,192.0.2.7,[2001:db8::1]";
        let http = read(&[("CORS_ORIGINS", origins), ("ALLOWED_HOSTS", hosts)])
            .unwrap()
            .http;
        let expected = origins.split(',').map(str::trim);
        assert!(http.cors_origins.iter().eq(expected), "{:?}", http.cors_origins);
        assert_eq!(
            http.allowed_hosts,
            ["tags.example.com", "192.0.2.7", "[2001:db8::1]"]
        );
        let message = read(&[("CORS_ORIGINS", "https://good.example, https://App.example:443/")]);
        let message = message.unwrap_err().to_string();
        assert!(
            message.starts_with("CORS_ORIGINS=https://App.example:443/: must be"),
            "{message}"
        );
        assert!(
            message.ends_with("did you mean https://app.example?"),
            "{message}"
        );
    }
}
