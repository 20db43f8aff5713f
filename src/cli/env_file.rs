//! `.env`: settings in a file of the working directory or one above it.

use anyhow::{Context, bail};
use std::collections::HashMap;
use std::io::ErrorKind;

const NAME: &str = ".env";

/// Content of the nearest `.env`.
#[derive(Default)]
pub struct EnvFile {
    path: String,
    text: String,
    pub variables: HashMap<String, String>,
}

impl EnvFile {
    /// Reads the file; gives no variables when there is none.
    pub fn read() -> anyhow::Result<Self> {
        let found = std::env::current_dir()
            .context("finding the working directory")?
            .ancestors()
            .map(|directory| directory.join(NAME))
            .find(|path| path.is_file());
        let Some(path) = found else {
            return Ok(Self::default());
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => anyhow::anyhow!("{shown}: must be text in UTF-8"),
            _ => anyhow::Error::new(error).context(shown.clone()),
        })?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let mut variables = HashMap::new();
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => variables.insert(name, value),
                // The line itself may have a secret in it.
                Err(dotenvy::Error::LineParse(..)) => {
                    let number = faulty_line(&text);
                    bail!("{shown}, line {number}: must be NAME=value, with closed quotes around blanks");
                }
                Err(error) => return Err(error).context(shown),
            };
        }
        Ok(Self {
            path: shown,
            text,
            variables,
        })
    }

    /// Line that gives a variable its value.
    pub fn place(&self, variable: &str) -> Option<String> {
        let sets = |line: &str| {
            let line = line.trim_start();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let rest = line.strip_prefix(variable)?;
            rest.trim_start().starts_with('=').then_some(())
        };
        let last = self
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| sets(line).is_some())
            .last();
        last.map(|(index, _)| format!("{}, line {}", self.path, index + 1))
    }
}

/// Number of the line after the most lines that can be read. The parser gives a part of the line only.
fn faulty_line(text: &str) -> usize {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let can_be_read = |count: &usize| {
        dotenvy::from_read_iter(lines[..*count].concat().as_bytes()).all(|entry| entry.is_ok())
    };
    (0..lines.len()).rev().find(can_be_read).unwrap_or_default() + 1
}
