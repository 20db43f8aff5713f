//! Cost of one evaluation, over made-up but realistic resources, with the default vocabulary, a trained model and 0, 100
//! and 1,000 rules: 1,000 may take three times as long as 100.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tagging::rules::{CompiledRule, Condition, ValueTemplate};
use tagging::{
    CloudProvider, Engine, EstateModel, EstateRow, EstateTrainer, Subject, Thresholds, Vocabulary,
};

const SERVICES: [&str; 8] = [
    "checkout", "payroll", "search", "ledger", "identity", "media", "quotes", "claims",
];
const ENVIRONMENTS: [&str; 6] = ["prod", "dev", "staging", "uat", "test", "preprod"];
const TYPES: [(&str, &str); 6] = [
    ("rds/db", "db"),
    ("ec2/instance", "web"),
    ("s3/bucket", "assets"),
    ("lambda/function", "worker"),
    ("iam/role", "role"),
    ("sqs/queue", "events"),
];

fn subjects() -> Vec<Subject> {
    (0..240usize)
        .map(|n| {
            let (service, environment) = (SERVICES[n % 8], ENVIRONMENTS[n / 3 % 6]);
            let (resource_type, suffix) = TYPES[n / 7 % 6];
            let mut native_tags = BTreeMap::new();
            if n % 3 != 0 {
                native_tags.insert("Env".to_owned(), environment.to_owned());
                native_tags.insert(
                    "Owner".to_owned(),
                    format!("{service} <team-{service}@example.org>"),
                );
            }
            if n % 2 == 0 {
                native_tags.insert("Project".to_owned(), service.to_owned());
                native_tags.insert("Terraform".to_owned(), "true".to_owned());
                native_tags.insert("Name".to_owned(), format!("{service}-{suffix}-{n}"));
            }
            let name = format!("{service}-{environment}-{suffix}-{n:03}");
            Subject {
                resource_id: format!("arn:aws:x:eu-west-1:111122223333:{resource_type}/{name}"),
                name,
                cloud: CloudProvider::Aws,
                account_id: "111122223333".to_owned(),
                resource_type: resource_type.to_owned(),
                region: Some("eu-west-1".to_owned()),
                native_tags,
                approved: BTreeMap::new(),
                applied: BTreeMap::new(),
                denied_native: BTreeSet::new(),
            }
        })
        .collect()
}

/// Rules of every common shape; one in ten matches the resources of its service, most do not match, as in a real rule book.
fn rules(count: usize) -> Vec<CompiledRule> {
    let rule = |n: usize| {
        let service = SERVICES[n % 8];
        let condition = match n % 4 {
            _ if n % 10 == 9 => {
                format!("resource.name.startsWith('{service}-') && resource.tags['environment'] != 'test'")
            }
            0 => format!("resource.cloud == 'aws' && resource.name.startsWith('{service}{n}-')"),
            1 => format!(
                "resource.tags['application'] == '{service}{n}' && resource.account_id in ['111122223333', '{n}']"
            ),
            2 => format!("resource.name.matches('^{service}-.*-{n}$')"),
            _ => format!("'team' in resource.native_tags && resource.resource_type.contains('{service}')"),
        };
        Some(CompiledRule {
            id: i64::try_from(n).ok()?,
            name: format!("rule {n}"),
            priority: 100,
            digest: "3fa9c1".into(),
            condition: Condition::compile(&condition).ok()?,
            key: format!("key_{}", n % 5),
            value: ValueTemplate::compile("{{ name | capture('^([a-z]+)-') }}").ok()?,
            confidence: 0.9,
            corrects: false,
            version: 1,
            approves: false,
        })
    };
    let rules: Vec<CompiledRule> = (0..count).filter_map(rule).collect();
    assert_eq!(rules.len(), count, "every rule of the benchmark compiles");
    rules
}

/// Model of an estate of which these resources are a part.
fn model(vocabulary: &Arc<Vocabulary>, subjects: &[Subject]) -> Arc<EstateModel> {
    let mut trainer = EstateTrainer::new(Arc::clone(vocabulary), 0);
    for account in 0..40u64 {
        for subject in subjects {
            let mut subject = subject.clone();
            subject.account_id = (111_122_223_333 + account).to_string();
            trainer.add(EstateRow::of_native_tags(subject, vocabulary));
        }
    }
    Arc::new(trainer.finish())
}

fn evaluate(criterion: &mut Criterion) {
    let subjects = subjects();
    let vocabulary = Arc::new(Vocabulary::default());
    let model = model(&vocabulary, &subjects);
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(subjects.len() as u64));
    for count in [0, 100, 1000] {
        let engine = Engine::new(Arc::clone(&vocabulary), rules(count), Thresholds::default())
            .with_model(Some(Arc::clone(&model)));
        group.bench_function(BenchmarkId::new("rules", count), |bencher| {
            bencher.iter(|| {
                for subject in &subjects {
                    black_box(engine.evaluate(black_box(subject)));
                }
            });
        });
    }
    group.bench_function("model alone", |bencher| {
        bencher.iter(|| {
            for subject in &subjects {
                black_box(model.infer_from(black_box(subject), 0.7));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
