//! Settings from files: `X_FILE` names a file that holds the value of `X`, as container platforms mount secrets.

use super::error::ConfigError;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::Read;

const SUFFIX: &str = "_FILE";

/// Bytes of a file at most: no setting is as long, and a device has no end.
const MAX_BYTES: u64 = 64 << 10;

/// Files that variables ending in `_FILE` name.
///
/// A file is read when its setting is asked for, because an environment has such variables for others, too
/// (`SSL_CERT_FILE`).
pub(super) struct ValueFiles<'a>(HashMap<&'a str, ValueFile<'a>>);

struct ValueFile<'a> {
    variable: &'a str,
    path: &'a str,
    content: OnceCell<Result<String, ConfigError>>,
}

impl<'a> ValueFiles<'a> {
    pub(super) fn new(variables: &'a HashMap<String, String>) -> Self {
        let files = variables.iter().filter_map(|(variable, path)| {
            let (setting, path) = (variable.strip_suffix(SUFFIX)?, path.trim());
            let content = OnceCell::new();
            let file = ValueFile {
                variable,
                path,
                content,
            };
            (!path.is_empty()).then_some((setting, file))
        });
        Self(files.collect())
    }

    pub(super) fn contains(&self, setting: &str) -> bool {
        self.0.contains_key(setting)
    }

    /// Value of a setting, `text` being the one that it has without a file. A file that cannot be used gives none,
    /// and [`Self::check`] the reason.
    pub(super) fn value<'s>(&'s self, setting: &str, text: Option<&'s str>) -> Option<&'s str> {
        let Some(file) = self.0.get(setting) else {
            return text;
        };
        let content = file.content.get_or_init(|| match text {
            Some(_) => Err(ConfigError::Conflict(format!(
                "{setting} and {} are both set: give the value, or the file that holds it",
                file.variable
            ))),
            None => file.read(),
        });
        content.as_deref().ok()
    }

    /// Refuses files that were asked for in vain.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let failed = self
            .0
            .values()
            .filter_map(|file| file.content.get()?.as_ref().err());
        failed
            .min_by_key(ToString::to_string)
            .map_or(Ok(()), |error| Err(error.clone()))
    }
}

impl ValueFile<'_> {
    fn read(&self) -> Result<String, ConfigError> {
        let mut content = String::new();
        let read =
            File::open(self.path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut content));
        let reason = match read {
            Err(error) => error.to_string(),
            Ok(bytes) if bytes as u64 > MAX_BYTES => format!("the file has more than {MAX_BYTES} bytes"),
            // An empty variable counts as unset. An empty file is a secret that was not written, and must not turn
            // authentication off.
            Ok(_) if content.trim().is_empty() => "the file is empty".to_owned(),
            Ok(_) => return Ok(content.trim().to_owned()),
        };
        Err(ConfigError::File {
            variable: self.variable.to_owned(),
            path: self.path.to_owned(),
            reason,
        })
    }
}

/// Adds variables that win over the present ones: a setting given as text replaces the same given as a file, and the
/// other way round.
pub fn overlay<S: BuildHasher>(
    variables: &mut HashMap<String, String, S>,
    winning: impl IntoIterator<Item = (String, String)>,
) {
    let winning: Vec<_> = winning.into_iter().collect();
    for (name, _) in &winning {
        match name.strip_suffix(SUFFIX) {
            Some(setting) => variables.remove(setting),
            None => variables.remove(&format!("{name}{SUFFIX}")),
        };
    }
    variables.extend(winning);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_variables(&variables(pairs))
    }

    /// A directory with the file `value` of the given content, and the file's path.
    fn file(content: &[u8]) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value");
        std::fs::write(&path, content).unwrap();
        let path = path.display().to_string();
        (directory, path)
    }

    #[test]
    fn any_setting_can_come_from_a_file() {
        let (_directory, secret) = file(format!("{SECRET}\n").as_bytes());
        let (_directory, port) = file(b" 9000\r\n");
        let (_directory, sources) = file(b"file:/a.csv,simulated:7\n");
        let config = read(&[
            ("JWT_SECRET_FILE", &secret),
            ("API_PORT_FILE", &port),
            ("DISCOVERY_SOURCES_FILE", &sources),
            ("JWT_SECRET", " "),
            ("SSL_CERT_FILE", "/nowhere/else.pem"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.auth.jwt_secret.as_ref().unwrap().reveal(), SECRET);
        assert_eq!(config.http.port, 9000);
        assert_eq!(config.jobs.discovery_sources, ["file:/a.csv", "simulated:7"]);
        assert!(config.graphql.rate.is_some(), "callers are told apart");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_reason() {
        let (directory, empty) = file(b"\n");
        let (_directory, binary) = file(b"\xff\xfe");
        let missing = directory.path().join("missing").display().to_string();
        let folder = directory.path().display().to_string();
        for (path, reason) in [
            (missing.as_str(), "No such file"),
            (&folder, "directory"),
            (&empty, "empty"),
            (&binary, "UTF-8"),
            ("/dev/zero", "more than"),
        ] {
            let refused = read(&[("JWT_SECRET_FILE", path), ("ENVIRONMENT", "production")]).unwrap_err();
            assert!(matches!(refused, ConfigError::File { .. }), "{refused}");
            let message = refused.to_string();
            assert!(
                message.contains(&format!("JWT_SECRET_FILE={path}: ")) && message.contains(reason),
                "{message}"
            );
        }
    }

    #[test]
    fn a_value_and_its_file_are_not_both_taken() {
        let (_directory, path) = file(SECRET.as_bytes());
        let refused = read(&[("JWT_SECRET", SECRET), ("JWT_SECRET_FILE", &path)]).unwrap_err();
        let message = refused.to_string();
        assert!(message.contains("JWT_SECRET and JWT_SECRET_FILE"), "{message}");
        assert!(!message.contains(SECRET), "{message}");
    }

    #[test]
    fn the_later_layer_decides_whether_a_setting_is_text_or_file() {
        let mut layers = variables(&[
            ("JWT_SECRET_FILE", "/a"),
            ("DATABASE_URL", "b"),
            ("API_PORT", "1"),
        ]);
        overlay(
            &mut layers,
            variables(&[("JWT_SECRET", SECRET), ("DATABASE_URL_FILE", "/c")]),
        );
        assert_eq!(
            layers,
            variables(&[
                ("JWT_SECRET", SECRET),
                ("DATABASE_URL_FILE", "/c"),
                ("API_PORT", "1")
            ])
        );
    }
}
