//! The house keeps its shape: imports run one way, and what is limited stays limited.

use std::fs;
use std::path::{Path, PathBuf};

/// What each part of the crate may import of the others.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("config", &[]),
    ("error", &[]),
    ("db", &["error", "config", "telemetry"]),
    ("entities", &["error"]),
    ("auth", &["db", "entities", "error"]),
    (
        "runs",
        &["auth", "clock", "config", "db", "domain", "entities", "error"],
    ),
    (
        "domain",
        &["auth", "clock", "config", "db", "entities", "error", "runs"],
    ),
    ("providers", &["domain", "error"]),
    (
        "jobs",
        &[
            "auth",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "runs",
            "telemetry",
        ],
    ),
    ("graphql", &["auth", "clock", "config", "domain", "error", "runs"]),
    (
        "http",
        &[
            "auth",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "graphql",
            "runs",
            "telemetry",
        ],
    ),
    ("telemetry", &["config", "error"]),
];
/// Crates that belong to some parts only.
const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["http", "app"]),
    ("async_graphql_axum", &["http"]),
    ("async_graphql", &["graphql", "http"]),
    ("apalis", &["jobs"]),
    ("apalis_postgres", &["jobs"]),
    ("clap", &["cli"]),
];

fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// `src/db/sql.rs` and `src/db.rs` belong to `db`.
fn part(path: &Path) -> String {
    let first = path.strip_prefix(root()).unwrap().components().next().unwrap();
    first
        .as_os_str()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

/// Lines of code, each with its place; comments do not count.
fn lines() -> Vec<(PathBuf, usize, String)> {
    let mut lines = Vec::new();
    for path in sources(&root()) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                lines.push((path.clone(), number + 1, line.to_owned()));
            }
        }
    }
    lines
}

/// Every `name::` that stands in a line after `prefix`, which may be empty.
fn mentions<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).filter_map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        (end > 0).then_some(&rest[..end])
    })
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, number, line) in lines() {
        let part = part(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == part) else {
            continue;
        };
        for other in mentions(&line, "crate::") {
            seen += 1;
            if other != part && !allowed.contains(&other) {
                wrong.push(format!("{}:{number}: {part} imports {other}", path.display()));
            }
        }
    }
    assert!(seen > 100, "the test has lost sight of the imports");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_part_has_its_place_in_the_rules() {
    let known = |name: &str| {
        MAY_IMPORT.iter().any(|(part, _)| *part == name) || ["lib", "main", "app", "cli"].contains(&name)
    };
    let unknown: Vec<_> = sources(&root())
        .iter()
        .map(|path| part(path))
        .filter(|part| !known(part))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (path, number, line) in lines() {
        for (name, parts) in CRATES {
            let used = line.contains(&format!("{name}::")) && !line.contains(&format!("_{name}::"));
            if used && !parts.contains(&part(&path).as_str()) {
                wrong.push(format!("{}:{number}: {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_entities_find_without_a_scope() {
    let unscoped = ["Entity::find()", "Entity::find_by_id(", "::Entity::find"];
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(path, _, line)| part(path) != "entities" && unscoped.iter().any(|find| line.contains(find)))
        .map(|(path, number, _)| format!("{}:{number}", path.display()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A transaction that is begun otherwise may be left in a pooled connection when its caller goes away.
#[test]
fn transactions_are_begun_in_one_way() {
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(path, _, line)| {
            part(path) != "db" && (line.contains("TransactionTrait") || line.contains("pool.begin()"))
        })
        .map(|(path, number, _)| format!("{}:{number}", path.display()))
        .collect();
    assert!(wrong.is_empty(), "use db::Begin: {}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let text = fs::read_to_string(&path).unwrap();
        if text.lines().count() > 400 {
            wrong.push(format!("{}: {} lines", path.display(), text.lines().count()));
        }
        let mut begun: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let declares = line.trim_start().starts_with("fn ")
                || line.contains(" fn ") && line.trim_end().ends_with('{');
            match &begun {
                None if declares && !line.trim_start().starts_with("//") => {
                    begun = Some((number, indent, line.trim().to_owned()));
                }
                Some((start, depth, name)) if line.starts_with(&format!("{}}}", " ".repeat(*depth))) => {
                    if number - start > 70 {
                        wrong.push(format!(
                            "{}:{}: {} lines: {name}",
                            path.display(),
                            start + 1,
                            number - start
                        ));
                    }
                    begun = None;
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
