//! Inferences for the rows of an inventory that an estate model was not shown the tags of.
//!
//! `score ROWS.jsonl QUERIES.txt`: trains on all rows, and prints what the engine predicts for those whose ids (JSON strings)
//! are in the second file, one JSON object a line. What the engine holds already is printed, too.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use tagging::{
    CloudProvider, Engine, EstateModel, EstateRow, EstateTrainer, Subject, Thresholds, Vocabulary,
};

#[derive(Deserialize)]
struct Row {
    resource_id: String,
    #[serde(default)]
    name: String,
    cloud: CloudProvider,
    account_id: String,
    resource_type: String,
    #[serde(default)]
    native_tags: BTreeMap<String, String>,
}

fn lines(path: &str) -> Result<Vec<String>, Box<dyn Error>> {
    Ok(BufReader::new(File::open(path)?)
        .lines()
        .collect::<Result<_, _>>()?)
}

fn subject(row: Row) -> Subject {
    Subject {
        resource_id: row.resource_id,
        name: row.name,
        cloud: row.cloud,
        account_id: row.account_id,
        resource_type: row.resource_type,
        region: None,
        native_tags: row.native_tags,
        approved: BTreeMap::new(),
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(rows), Some(queries)) = (arguments.next(), arguments.next()) else {
        return Err("score ROWS.jsonl QUERIES.txt".into());
    };
    let queries: HashSet<String> = lines(&queries)?
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    let mut log = std::io::stderr().lock();
    let vocabulary = Arc::new(Vocabulary::default());
    let mut trainer = EstateTrainer::new(Arc::clone(&vocabulary), 0);
    let mut asked = Vec::new();
    let started = Instant::now();
    for line in BufReader::new(File::open(&rows)?).lines() {
        let subject = subject(serde_json::from_str(&line?)?);
        if queries.contains(&subject.resource_id) {
            asked.push(subject.clone());
        }
        trainer.add(EstateRow::of_native_tags(subject, &vocabulary));
    }
    let read = started.elapsed();
    let started = Instant::now();
    let model = trainer.finish();
    let trained = started.elapsed();
    let bytes = model.to_bytes();
    writeln!(
        log,
        "read in {read:.2?}, trained in {trained:.2?}, {} bytes",
        bytes.len()
    )?;
    for metrics in model.metrics() {
        writeln!(
            log,
            "{:15} {:6} hidden: {:.3} at >= .90, right {:.3}; ece {:.3}, brier {:.3}",
            metrics.key,
            metrics.support,
            metrics.coverage90,
            metrics.precision90.unwrap_or_default(),
            metrics.ece,
            metrics.brier
        )?;
    }
    let model = EstateModel::from_bytes(&bytes, Arc::clone(&vocabulary))?;
    let engine = Engine::new(vocabulary, Vec::new(), Thresholds::default()).with_model(Some(Arc::new(model)));
    let mut out = std::io::stdout().lock();
    let started = Instant::now();
    for subject in &asked {
        for found in engine.evaluate(subject).predictions {
            writeln!(
                out,
                "{}",
                serde_json::json!({
                    "resource_id": subject.resource_id, "key": found.key, "value": found.value,
                    "confidence": found.confidence, "source": found.source, "reason": found.reason,
                })
            )?;
        }
    }
    let each = started.elapsed() / u32::try_from(asked.len().max(1))?;
    writeln!(log, "{} evaluated, {each:.2?} each", asked.len())?;
    Ok(())
}
