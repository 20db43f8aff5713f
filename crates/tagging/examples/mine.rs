//! Time and memory of mining and ranking, over made-up resources: `cargo run --release -p tagging --example mine -- 1000000`.

#![expect(clippy::print_stdout, reason = "the figures are its result")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use tagging::suggestions::{Certainty, HeldValue, MinerInput, MinerSettings, SuggestionMiner};
use tagging::{CloudProvider, Subject, Vocabulary};

const ENVIRONMENTS: [&str; 5] = ["prod", "dev", "staging", "uat", "test"];
const TYPES: [&str; 8] = [
    "rds/db",
    "ec2/instance",
    "s3/bucket",
    "lambda/function",
    "iam/role",
    "sqs/queue",
    "logs/log-group",
    "ecr/repository",
];

/// A resource of one of some thousand applications in some hundred accounts; one of five holds its team.
fn input(number: usize, applications: usize) -> MinerInput {
    let draw = |salt: usize, below: usize| {
        (number.wrapping_mul(2_654_435_761).wrapping_add(salt * 40_503) >> 7) % below
    };
    let application = draw(1, applications);
    let (team, environment) = (application / 7, ENVIRONMENTS[draw(2, 5)]);
    let resource_type = TYPES[draw(3, 8)];
    let account = format!("{:012}", application / 20 * 5 + draw(2, 5));
    let name = format!(
        "team{team}-app{application}-{environment}-{}-{number:x}",
        ["api", "db", "worker"][draw(4, 3)]
    );
    let tags = [
        ("namespace", format!("team{team}-app{application}-{environment}")),
        (
            "repository",
            format!("https://example.org/team{team}/app{application}"),
        ),
        ("terraform", "true".to_owned()),
    ];
    let held = HeldValue {
        key: "team".to_owned(),
        value: format!("team{team}"),
        certainty: Certainty::Native,
    };
    MinerInput {
        subject: Subject {
            resource_id: format!("arn:aws:x:eu-west-1:{account}:{resource_type}/{name}"),
            name,
            cloud: CloudProvider::Aws,
            account_id: account,
            resource_type: resource_type.to_owned(),
            region: None,
            native_tags: tags.map(|(key, value)| (key.to_owned(), value)).into(),
            approved: BTreeMap::new(),
            applied: BTreeMap::new(),
            denied_native: BTreeSet::new(),
        },
        holds: (draw(5, 5) == 0).then_some(held).into_iter().collect(),
        guesses: Vec::new(),
        cost: None,
    }
}

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(200_000);
    let started = Instant::now();
    let mut miner = SuggestionMiner::new(Arc::new(Vocabulary::default()), MinerSettings::default());
    for number in 0..count {
        miner.add(input(number, count / 100));
    }
    println!("{count} resources taken after {:.1?}", started.elapsed());
    let mut index = miner.finish();
    println!("{} patterns after {:.1?}", index.patterns(), started.elapsed());
    let suggestions = index.rank(&[]);
    println!(
        "{} suggestions after {:.1?}",
        suggestions.len(),
        started.elapsed()
    );
    let Some(first) = suggestions.first() else { return };
    println!("first: {}, {} resources", first.description, first.resource_count);
    for row in &first.members {
        index.set_cells(*row, &[], &[]);
    }
    let again = Instant::now();
    println!(
        "{} suggestions again, in {:.1?}",
        index.rank(&[]).len(),
        again.elapsed()
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        println!("{}", peak.unwrap_or_default());
    }
}
