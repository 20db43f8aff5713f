//! Architecture tests: directions and circles of imports, names, sizes. `cargo test --test it architecture -- --nocapture`
//! prints the circles, with the imports that make them.

mod graph;
mod names;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use graph::circles;
use source::{Mention, Workspace, files_below, relative, root, workspace};

/// Modules of the crate, each with those that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("config", &[]),
    ("error", &[]),
    ("db", &["error", "config", "pg_embedded", "telemetry"]),
    ("entities", &["error"]),
    ("auth", &["db", "entities", "error"]),
    ("runs", &["auth", "clock", "db", "entities", "error"]),
    (
        "domain",
        &[
            "auth", "clock", "config", "db", "entities", "error", "runs", "tagging",
        ],
    ),
    (
        "providers",
        &["cloud_api", "config", "domain", "error", "telemetry"],
    ),
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
    (
        "graphql",
        &["auth", "clock", "config", "domain", "error", "runs", "tagging"],
    ),
    ("gateway", &["config", "domain", "graphql"]),
    (
        "http",
        &[
            "auth",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "gateway",
            "graphql",
            "runs",
            "telemetry",
        ],
    ),
    ("telemetry", &["config", "error"]),
    ("cloud-api", &["cloud_api"]),
    ("tagging", &[]),
    ("pg-embedded", &["pg_embedded"]),
];
/// Crates that belong to some parts only.
const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["http", "app"]),
    ("async_graphql_axum", &["http"]),
    ("async_graphql", &["gateway", "graphql", "http"]),
    ("cloud_api", &["cloud-api", "providers"]),
    ("pg_embedded", &["app", "db"]),
    ("apalis", &["jobs"]),
    ("apalis_postgres", &["jobs"]),
    ("clap", &["cli"]),
];

/// Circles of two files that are one thing, each with the reason.
const PAIRS: &[(&str, &str, &str)] = &[];
/// Files in the largest circle of `graphql`: its types refer to each other, as the schema does.
const LARGEST_IN_GRAPHQL: usize = 6;

/// `src/db/sql.rs` and `src/db.rs` belong to `db`; a file of a crate belongs to the crate's folder.
fn part(file: &str) -> &str {
    let below = file.strip_prefix("src/").or_else(|| file.strip_prefix("crates/"));
    let first = below.and_then(|rest| rest.split('/').next()).unwrap_or(file);
    first.trim_end_matches(".rs")
}

/// Lines of code, each with its place; comments do not count.
fn lines() -> Vec<(String, usize, String)> {
    let mut lines = Vec::new();
    for path in files_below(&root().join("src"), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                lines.push((relative(&path), number + 1, line.to_owned()));
            }
        }
    }
    lines
}

/// Every path that the code names, imports included, with the module that names it.
fn mentions(workspace: &Workspace) -> impl Iterator<Item = (usize, &Mention)> {
    workspace.modules.iter().enumerate().flat_map(|(index, module)| {
        let imports = module.imports.iter().map(|import| &import.mention);
        let all = imports.chain(&module.globs).chain(&module.mentions);
        all.map(move |mention| (index, mention))
    })
}

#[test]
fn imports_run_one_way() {
    let workspace = workspace();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (module, mention) in mentions(workspace) {
        let file = &workspace.files[workspace.modules[module].file];
        let part = part(file);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == part) else {
            continue;
        };
        let Some(path) = workspace.absolute(module, &mention.segments) else {
            continue;
        };
        seen += 1;
        let other = match path.as_slice() {
            [krate, other, ..] if krate == "virtual_tagging" => other,
            [krate, ..] => krate,
            [] => continue,
        };
        if other != part && !allowed.contains(&other.as_str()) {
            wrong.push(format!("{file}:{}: {part} imports {other}", mention.line));
        }
    }
    assert!(seen > 1000, "the test has lost sight of the imports: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_make_no_circles() {
    let workspace = workspace();
    let circles = circles(workspace);
    let mut in_circles: BTreeMap<&str, usize> = BTreeMap::new();
    let mut report = String::new();
    for circle in &circles {
        let parts: BTreeSet<&str> = circle.files.iter().map(|file| part(file)).collect();
        let few = circle.files.len() <= LARGEST_IN_GRAPHQL && parts == BTreeSet::from(["graphql"]);
        let pair = PAIRS.iter().any(|(one, two, _)| circle.files == [*one, *two]);
        let verdict = if few || pair { "allowed" } else { "NOT ALLOWED" };
        report += &format!(
            "\n{verdict}: {} files in {parts:?}\n  {}\n    {}\n",
            circle.files.len(),
            circle.files.join("\n  "),
            circle.imports.join("\n    ")
        );
        if !few && !pair {
            for file in &circle.files {
                *in_circles.entry(part(file)).or_default() += 1;
            }
        }
    }
    println!(
        "{} files, {} circles: {in_circles:?} files in those that are not allowed\n{report}",
        workspace.files.len(),
        circles.len()
    );
    assert!(
        in_circles.is_empty(),
        "files in circles: {in_circles:?}\n{report}"
    );
    for (one, two, reason) in PAIRS {
        let exists = circles.iter().any(|circle| circle.files == [*one, *two]);
        assert!(exists, "{one} and {two} are no pair any more ({reason})");
    }
}

#[test]
fn every_part_has_its_place_in_the_rules() {
    let known = |name: &str| {
        MAY_IMPORT.iter().any(|(part, _)| *part == name) || ["lib", "main", "app", "cli"].contains(&name)
    };
    let workspace = workspace();
    let parts: BTreeSet<&str> = workspace.files.iter().map(|file| part(file)).collect();
    let unknown: Vec<_> = parts.into_iter().filter(|part| !known(part)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn crates_stay_where_they_belong() {
    let workspace = workspace();
    let mut wrong = Vec::new();
    for (module, mention) in mentions(workspace) {
        let name = mention.segments[0].as_str();
        let Some((_, parts)) = CRATES.iter().find(|(limited, _)| *limited == name) else {
            continue;
        };
        let module = &workspace.modules[module];
        let file = &workspace.files[module.file];
        if !module.children.contains_key(name) && !parts.contains(&part(file)) {
            wrong.push(format!("{file}:{}: {name}", mention.line));
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
        .map(|(path, number, _)| format!("{path}:{number}"))
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
        .map(|(path, number, _)| format!("{path}:{number}"))
        .collect();
    assert!(wrong.is_empty(), "use db::Begin: {}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    let mut files = files_below(&root().join("src"), &["rs"]);
    files.extend(files_below(&root().join("crates"), &["rs"]));
    for path in files {
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
