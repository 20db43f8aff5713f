//! Names: types that are unique in the workspace, and words that the project has given up for those of the field.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::source::{files_below, relative, root, workspace};

/// Types that SeaORM's derive macros ask for, in each entity.
const OF_ENTITIES: &[&str] = &[
    "ActiveModel",
    "Column",
    "Entity",
    "Model",
    "PrimaryKey",
    "Relation",
];

/// Words that no code, comment or document has any more: each was a type, a constant or a function, and has the name
/// now that an engineer of the field would search for.
///
/// Missing here are words that are right elsewhere: `Edge` and `Cursor` (Relay), `Refused`, `Rejected`, `Decided` and
/// `Queued` (states), `Group` (of approvals), `Parts` (of the crate http), `Arguments` (of
/// functions) and `Wake` (the standard library's trait).
const GIVEN_UP: &[&str] = &[
    "SharedEdge",
    "House",
    "Seat",
    "Place",
    "enter_to_stay",
    "Rates",
    "Callers",
    "see_off",
    "Patience",
    "PATIENCE",
    "Pulse",
    "Beat",
    "Felt",
    "LOOK",
    "Generations",
    "Excess",
    "Extent",
    "Measure",
    "drop_absent",
    "blame_variables",
    "Refusal",
    "Denial",
    "Answer",
    "Failure",
    "Trouble",
    "Told",
    "Course",
    "Portion",
    "Teller",
    "Stretch",
    "Member",
    "Sharing",
    "fall_behind",
    "Gate",
    "Ticket",
    "Wanted",
    "Driven",
    "misplaced",
    "misfit",
    "Checker",
    "Figures",
    "Moment",
    "Within",
    "tell_accounts",
    "comes_back",
    "Note",
    "Watch",
    "Broken",
    "Hold",
    "Flow",
    "GaveWay",
    "must_stop",
    "DEAD_AFTER",
    "Wakeups",
    "Presence",
    "see_through",
    "Pace",
    "Known",
    "Found",
    "cells_around",
    "Cells",
    "FEW",
    "Selected",
    "at_once",
    "Weigh",
    "Draft",
    "DISSENT_OF_LESSER",
    "Duty",
    "Demands",
    "World",
    "Picture",
    "Blow",
    "Hand",
];

/// Names of files and modules that have another name now.
const FILES_GIVEN_UP: &[&str] = &[
    "awaited",
    "blow",
    "callers",
    "cells",
    "check_document",
    "course",
    "estate",
    "extent",
    "find",
    "gate",
    "generations",
    "guard",
    "hand",
    "house",
    "live",
    "misfit",
    "patience",
    "picture",
    "place",
    "positions",
    "presence",
    "pulse",
    "rates",
    "recruit",
    "rescue",
    "settle",
    "shapes",
    "stretch",
    "told",
    "trouble",
    "wakeups",
    "wall",
    "walls",
    "within",
    "world",
];

/// Sources and documents, without this file.
fn texts() -> impl Iterator<Item = (String, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(|name| root().join(name))
        .to_vec();
    for folder in ["src", "crates", "tests", "benches", "docs"] {
        paths.extend(files_below(&root().join(folder), &["rs", "md"]));
    }
    let others = paths
        .into_iter()
        .filter(|path| !path.ends_with("architecture/names.rs"));
    others.map(|path| (relative(&path), fs::read_to_string(&path).unwrap()))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|each: char| !each.is_alphanumeric() && each != '_')
}

#[test]
fn type_names_are_unique() {
    let workspace = workspace();
    let mut declared: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, name) in &workspace.types {
        let place = format!("{}:{}", workspace.files[*file], name.line);
        declared.entry(&name.name).or_default().push(place);
    }
    assert!(declared.len() > 300, "{}", declared.len());
    let twice: Vec<_> = declared
        .iter()
        .filter(|(name, places)| places.len() > 1 && !OF_ENTITIES.contains(name))
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

#[test]
fn words_that_were_given_up_do_not_come_back() {
    let given_up: BTreeSet<&str> = GIVEN_UP.iter().copied().collect();
    let mut found = Vec::new();
    let mut read = 0;
    for (file, text) in texts() {
        read += 1;
        for (number, line) in text.lines().enumerate() {
            let words = words(line).filter(|word| given_up.contains(word));
            found.extend(words.map(|word| format!("{file}:{}: {word}", number + 1)));
        }
    }
    assert!(read > 300, "{read}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_have_the_words_of_the_field() {
    let mut wrong = Vec::new();
    for folder in ["src", "crates", "tests/it", "benches"] {
        for path in files_below(&root().join(folder), &["rs"]) {
            let path = relative(&path);
            let mut names = path.split('/').map(|name| name.trim_end_matches(".rs"));
            if names.any(|name| FILES_GIVEN_UP.contains(&name)) {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
