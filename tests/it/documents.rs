//! Documents name files that exist, and settings as the code reads them.

use std::path::{Path, PathBuf};
use virtual_tagging::config::settings;

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

/// Text between each two marks, as `code` in Markdown.
fn quoted(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

/// Paths of the project that a line of Markdown names as code.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    let folders = [
        "src/",
        "crates/",
        "tests/",
        "bench/",
        "migration/",
        "docs/",
        "scripts/",
    ];
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
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
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
    assert!(named > 120, "{named}");
}

#[test]
fn the_page_about_settings_is_made_from_their_table() {
    let committed = include_str!("../../docs/configuration.md");
    assert!(
        committed == settings::markdown(),
        "docs/configuration.md differs: `cargo run -- settings > docs/configuration.md` renews it"
    );
}

#[test]
fn every_setting_of_the_table_is_read() {
    let mut files = Vec::new();
    files_below(&root().join("src/config"), &mut files);
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    let code: String = texts.collect();
    let page = settings::markdown();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let names: Vec<&str> = rows.filter_map(|row| quoted(row, '`').next()).collect();
    assert!(names.len() > 50, "{names:?}");
    // The standard library reads TMPDIR.
    for name in names.into_iter().filter(|name| *name != "TMPDIR") {
        let path = format!("settings::{name}");
        let is_end = |rest: &str| !rest.starts_with(|next: char| next == '_' || next.is_alphanumeric());
        let is_read = code.split(&path).skip(1).any(is_end);
        assert!(is_read, "nothing reads {name}");
    }
}

/// Text between each two fences of a language in Markdown.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let blocks = text.split(opening.as_str()).skip(1);
    blocks.filter_map(|block| block.split("```").next()).collect()
}

#[test]
fn the_rule_language_is_documented_and_its_examples_compile() {
    use tagging::rules::language::{FIELDS, FUNCTIONS, OPERATORS, TEMPLATES};
    use tagging::rules::{Condition, ValueTemplate};
    let text = std::fs::read_to_string(root().join("docs/rules.md")).unwrap();
    for item in FIELDS.iter().chain(FUNCTIONS).chain(OPERATORS) {
        assert!(
            text.contains(&format!("`{}`", item.name)),
            "{} is missing",
            item.name
        );
    }
    for item in TEMPLATES {
        assert!(text.contains(item.name), "{} is missing", item.name);
    }
    let conditions = fenced(&text, "cel");
    assert!(conditions.len() >= 4);
    for condition in conditions {
        let compiled = Condition::compile(condition).unwrap();
        assert_eq!(compiled.doubts(), [], "{condition}");
    }
    let values = quoted(&text, '`').filter(|text| text.starts_with("{{ "));
    for value in values.map(|value| value.replace('\\', "")) {
        ValueTemplate::compile(&value).unwrap();
    }
}
