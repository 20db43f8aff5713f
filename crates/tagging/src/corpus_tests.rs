//! Precision and coverage against a labelled inventory. `CORPUS_DIR` names it: `cargo test corpus -- --ignored`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use crate::{CloudProvider, Engine, KeyOutcome, KeyPrediction, Subject, Thresholds, Vocabulary};

#[derive(Deserialize)]
struct LabelledResource {
    input: LabelledInput,
    expected: BTreeMap<String, String>,
    #[serde(rename = "all_native_tags_DO_NOT_FEED")]
    native_tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct LabelledInput {
    resource_id: String,
    cloud: CloudProvider,
    account_id: String,
    resource_type: String,
    name: String,
    native_tags: BTreeMap<String, String>,
}

/// The labelled keys under our names.
const KEYS: [(&str, &str); 6] = [
    ("Environment", "environment"),
    ("Owner", "owner"),
    ("Team", "team"),
    ("Application", "application"),
    ("CostCenter", "cost-center"),
    ("BusinessUnit", "business-unit"),
];

fn rows() -> Vec<LabelledResource> {
    let directory = PathBuf::from(std::env::var_os("CORPUS_DIR").expect("CORPUS_DIR names the inventory"));
    let file = std::fs::File::open(directory.join("eval_shared.jsonl.gz")).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

#[derive(Default)]
struct KeyCounts {
    labelled: u32,
    proposed: [u32; 2],
    right: [u32; 2],
}

/// Counts per key what is proposed or already holds: [0] at 0.70 or more, [1] at 0.90 or more.
fn measure(
    rows: &[LabelledResource],
    visible: impl Fn(&LabelledResource) -> BTreeMap<String, String>,
) -> BTreeMap<&'static str, KeyCounts> {
    let engine = Engine::new(Arc::new(Vocabulary::default()), Vec::new(), Thresholds::default());
    let mut counts_by_key: BTreeMap<&'static str, KeyCounts> = BTreeMap::new();
    for row in rows {
        let subject = Subject {
            resource_id: row.input.resource_id.clone(),
            name: row.input.name.clone(),
            cloud: row.input.cloud,
            account_id: row.input.account_id.clone(),
            resource_type: row.input.resource_type.clone(),
            region: None,
            native_tags: visible(row),
            approved: BTreeMap::new(),
            applied: BTreeMap::new(),
            denied_native: BTreeSet::new(),
        };
        let found = engine.evaluate(&subject).predictions;
        for (label, key) in KEYS {
            let Some(expected) = row.expected.get(label) else {
                continue;
            };
            let counts = counts_by_key.entry(key).or_default();
            counts.labelled += 1;
            let kept = |found: &&KeyPrediction| found.key == key && found.outcome != KeyOutcome::Discard;
            let Some(proposal) = found.iter().find(kept) else {
                continue;
            };
            let sure = usize::from(proposal.confidence >= Thresholds::default().auto_apply());
            for band in 0..=sure {
                counts.proposed[band] += 1;
                counts.right[band] += u32::from(proposal.value == *expected);
            }
        }
    }
    counts_by_key
}

fn report(title: &str, counts_by_key: &BTreeMap<&'static str, KeyCounts>) {
    let share = |a: u32, b: u32| f64::from(a) / f64::from(b.max(1));
    for (key, counts) in counts_by_key {
        for (band, threshold) in ["0.70", "0.90"].iter().enumerate() {
            eprintln!(
                "{title} {key} >= {threshold}: precision {:.3}, coverage {:.3} ({} of {} labelled)",
                share(counts.right[band], counts.proposed[band]),
                share(counts.proposed[band], counts.labelled),
                counts.proposed[band],
                counts.labelled,
            );
        }
    }
}

#[test]
#[ignore = "needs CORPUS_DIR"]
fn sure_environments_are_right_nine_times_in_ten() {
    let rows = rows();
    let cold = measure(&rows, |row| row.input.native_tags.clone());
    report("without related tags:", &cold);
    report(
        "with all native tags:",
        &measure(&rows, |row| row.native_tags.clone()),
    );
    let environment = &cold["environment"];
    let precision = f64::from(environment.right[1]) / f64::from(environment.proposed[1]);
    assert!(precision >= 0.90, "precision {precision:.3} at 0.90");
    assert!(
        environment.proposed[1] * 4 >= environment.labelled,
        "fewer than a quarter get a sure value"
    );
}
