//! `evaluate`: figures on an inventory file, without a database.

use crate::support::process::{Ended, run};
use serde_json::Value;
use std::fmt::Write as _;

/// An inventory of three applications, tagged throughout, in a directory that goes with the test.
fn inventory() -> (tempfile::TempDir, String) {
    let mut lines = String::new();
    for number in 0..180 {
        let (application, environment) = (
            ["ledger", "quotes", "claims"][number % 3],
            ["prod", "dev"][number % 2],
        );
        let name = format!("{application}-{environment}-db-{number}");
        let id = format!("arn:aws:rds:eu-west-1:111122223333:db:{name}");
        let resource = serde_json::json!({
            "resource_id": id, "name": name, "cloud": "aws", "account_id": "111122223333", "resource_type": "rds/db",
            "native_tags": {"Env": environment, "Application": application, "Team": format!("{application}-people")},
        });
        writeln!(lines, "{resource}").unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inventory.jsonl");
    std::fs::write(&file, lines).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (directory, file)
}

fn objects(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn evaluate_prints_figures_of_each_key_and_the_simulated_decisions() {
    let (_directory, file) = inventory();
    let ended = run(
        &[],
        &["evaluate", &file, "--json", "--approver", "--protocol", "cold"],
    )
    .await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let objects = objects(&ended);
    let (decisions, keys) = objects.split_last().unwrap();
    let names: Vec<&str> = keys.iter().filter_map(|key| key["key"].as_str()).collect();
    assert_eq!(names, ["application", "environment", "team"]);
    for key in keys {
        assert_eq!(key["support"], 180);
        for figure in ["coverage90", "coverage70", "ece", "brier"] {
            assert!((0.0..=1.0).contains(&key[figure].as_f64().unwrap()), "{key}");
        }
        assert!(key.get("precision90").is_some() && key.get("precision70").is_some());
    }
    let decisions = decisions["decisions"].as_array().unwrap();
    let numbers: Vec<u64> = decisions.iter().filter_map(|point| point["n"].as_u64()).collect();
    assert_eq!(numbers, [0, 10, 30, 100, 300]);
    let coverage = |at: usize| decisions[at]["coverage"].as_f64().unwrap();
    assert!(coverage(2) > coverage(0) + 0.3, "{decisions:?}");
}

#[tokio::test]
async fn evaluate_prints_tables_that_are_the_same_for_a_seed() {
    let (_directory, file) = inventory();
    let first = run(&[], &["evaluate", &file, "--seed", "7"]).await;
    assert_eq!(first.code, 0, "{}", first.stderr);
    for words in [
        "support",
        "precision",
        "ECE",
        "Brier",
        "environment",
        "confidence, share that was right",
    ] {
        assert!(first.stdout.contains(words), "{words}: {}", first.stdout);
    }
    let again = run(&[], &["evaluate", &file, "--seed", "7"]).await;
    assert_eq!(first.stdout, again.stdout);
}

#[tokio::test]
async fn evaluate_says_what_an_inventory_lacks() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bare.csv");
    let row = "arn:aws:s3:::a,a,aws,111122223333,s3/bucket";
    std::fs::write(
        &file,
        format!("resource_id,name,cloud,account_id,resource_type\n{row}\n"),
    )
    .unwrap();
    let ended = run(&[], &["evaluate", file.to_str().unwrap()]).await;
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("none of 1 resources has a tag"),
        "{}",
        ended.stderr
    );
    let missing = run(&[], &["evaluate", "/no/such/file"]).await;
    assert!(
        missing.code == 1 && missing.stderr.contains("/no/such/file"),
        "{}",
        missing.stderr
    );
}
