//! Documents say what is: files that exist, and each setting that the code reads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Parts of a text between two marks, as `code` is in Markdown.
fn quoted(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

/// Paths of the project that a line of Markdown names as code.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    let folders = ["src/", "tests/", "bench/", "migration/", "docs/", "scripts/"];
    quoted(line, '`').filter(move |text| {
        folders.iter().any(|folder| text.starts_with(folder))
            && !text.contains([' ', '*', '{'])
            && !text.contains("NNNN")
    })
}

/// Files that a line of Markdown links to.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.match_indices("](");
    let targets = targets.filter_map(|(at, _)| line[at + 2..].split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn documents_name_files_that_exist() {
    let mut documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(|name| root().join(name))
        .to_vec();
    files_below(&root().join("docs"), &mut documents);
    let mut named = 0;
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        for line in text.lines() {
            let paths = named_paths(line).map(|path| root().join(path));
            for path in paths.chain(links(line).map(|link| folder.join(link))) {
                named += 1;
                assert!(
                    path.exists(),
                    "{}: there is no {}",
                    document.display(),
                    path.display()
                );
            }
        }
    }
    assert!(named > 80, "{named}");
}

/// Whether a text can be the name of a setting.
fn is_setting(text: &str) -> bool {
    let is_part = |each: char| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_';
    text.contains('_')
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(is_part)
}

/// Settings in the code that reads them, without its tests and comments.
fn settings_in_code() -> BTreeSet<String> {
    let mut files = Vec::new();
    files_below(&root().join("src/config"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: Vec<&str> = lines.collect();
        let code = code.join("\n");
        names.extend(
            quoted(&code, '"')
                .filter(|text| is_setting(text))
                .map(str::to_owned),
        );
    }
    names
}

#[test]
fn every_setting_is_documented_and_every_documented_one_is_read() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let in_rows = rows.iter().flat_map(|row| quoted(row, '`'));
    let documented: BTreeSet<&str> = in_rows.filter(|text| is_setting(text)).collect();
    let in_code = settings_in_code();
    assert!(in_code.len() > 50, "{in_code:?}");
    for name in &in_code {
        assert!(
            documented.contains(name.as_str()),
            "docs/configuration.md lacks {name}"
        );
    }
    let names = rows.iter().filter_map(|row| row.split('|').nth(1));
    for name in names
        .flat_map(|cell| quoted(cell, '`'))
        .filter(|text| is_setting(text))
    {
        assert!(in_code.contains(name), "nothing reads {name}");
    }
}
