//! Explanations are the truth: without the evidence that a proposal names, the outcome is another one.
//!
//! Evidence is taken away as a reader would understand it: a word from the name, the tags or the identifier; a known value
//! from the name; a tag from the resource; a rule from the engine; neighbours by training without their labels of the key;
//! words of an account by training without its resources.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::engine::tests::subject;
use crate::inference::{NameTokens, StableHash, container_of, parent_of};
use crate::rules::{CompiledRule, Condition, ValueTemplate};
use crate::tokens::tokens;
use crate::{
    Engine, EstateRow, EstateTrainer, EvidenceBasis, Label, LabelOrigin, Proposal, Signal, SourceKind,
    Subject, Thresholds, Vocabulary,
};

/// Difference of confidences that counts as another outcome.
const DIFFERENCE: f64 = 0.001;

/// An estate: tagged resources, rules, and resources that are asked about.
struct ExplainedEstate {
    vocabulary: Arc<Vocabulary>,
    rows: Vec<EstateRow>,
    rules: Vec<CompiledRule>,
    asked: Vec<Subject>,
    /// Engines without some evidence; many proposals rest on the same neighbours.
    engines: HashMap<Missing, Arc<Engine>>,
}

/// Evidence that an engine lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Missing {
    key: String,
    /// Rows whose labels of the key are left out.
    labels: BTreeSet<usize>,
    /// Rows that are left out.
    rows: BTreeSet<usize>,
    rules: BTreeSet<i64>,
}

impl ExplainedEstate {
    fn engine(&mut self, missing: &Missing) -> Arc<Engine> {
        if let Some(engine) = self.engines.get(missing) {
            return Arc::clone(engine);
        }
        let mut trainer = EstateTrainer::new(Arc::clone(&self.vocabulary), 1);
        for (at, row) in self.rows.iter().enumerate() {
            if missing.rows.contains(&at) {
                continue;
            }
            let mut row = row.clone();
            if missing.labels.contains(&at) {
                row.labels.retain(|label| label.key != missing.key);
            }
            trainer.add(row);
        }
        let kept = self.rules.iter().filter(|rule| !missing.rules.contains(&rule.id));
        let rules = kept.cloned().collect();
        let engine = Engine::new(Arc::clone(&self.vocabulary), rules, Thresholds::default());
        let engine = Arc::new(engine.with_model(Some(Arc::new(trainer.finish()))));
        self.engines.insert(missing.clone(), Arc::clone(&engine));
        engine
    }

    /// Some proposals, in an order that has nothing to do with the estate.
    fn proposals(&mut self, most: usize) -> Vec<(Subject, Proposal)> {
        let engine = self.engine(&Missing::default());
        let mut found: Vec<(u64, Subject, Proposal)> = Vec::new();
        for subject in &self.asked {
            for proposal in engine.evaluate(subject).proposals {
                let order = StableHash::new(0).text(&subject.resource_id).text(&proposal.key);
                found.push((order.finish(), subject.clone(), proposal));
            }
        }
        found.sort_by_key(|(order, ..)| *order);
        found.truncate(most);
        let found = found.into_iter();
        found.map(|(_, subject, proposal)| (subject, proposal)).collect()
    }

    /// Takes away what the proposal names, and tells whether the outcome is another one.
    fn depends(&mut self, subject: &Subject, proposal: &Proposal) -> bool {
        let mut missing = Missing {
            key: proposal.key.clone(),
            ..Missing::default()
        };
        let mut without = subject.clone();
        for signal in &proposal.evidence.signals {
            self.take_away(signal, subject, &mut without, &mut missing);
        }
        let evaluation = self.engine(&missing).evaluate(&without);
        let left = evaluation.proposals.iter().find(|left| left.key == proposal.key);
        left.is_none_or(|left| {
            left.value != proposal.value || (left.confidence - proposal.confidence).abs() >= DIFFERENCE
        })
    }

    fn take_away(&self, signal: &Signal, subject: &Subject, without: &mut Subject, missing: &mut Missing) {
        match signal.basis.as_ref().unwrap() {
            EvidenceBasis::Rule { rule_id, .. } => {
                missing.rules.insert(*rule_id);
            }
            EvidenceBasis::NativeTag { key, .. }
            | EvidenceBasis::Tag { key, .. }
            | EvidenceBasis::TagStem { key, .. } => {
                without.native_tags.remove(key);
            }
            EvidenceBasis::Word { word, place } => match place.as_str() {
                "name" => rename(without, word),
                "tag" => without.native_tags.retain(|_, value| cut(value, word) == *value),
                _ => {
                    without.resource_id = cut(&without.resource_id, word);
                    without.account_id = cut(&without.account_id, word);
                }
            },
            EvidenceBasis::KnownValue { text } => rename(without, text),
            EvidenceBasis::AccountWords { account_id } => {
                let rows = self.rows.iter().enumerate();
                let of_account = rows.filter(|(_, row)| row.subject.account_id == *account_id);
                missing.rows.extend(of_account.map(|(at, _)| at));
            }
            neighbours => missing.labels.extend(self.neighbours(neighbours, subject)),
        }
    }

    /// Tagged resources that the evidence speaks of, as its words tell.
    fn neighbours(&self, basis: &EvidenceBasis, subject: &Subject) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        let members = rows.filter(|(_, row)| is_neighbour(basis, &row.subject, subject));
        members.map(|(at, _)| at).collect()
    }

    /// Tagged resources that a signal counts, and those of them that have the value.
    fn counted(&self, signal: &Signal, subject: &Subject, key: &str, value: &str) -> (usize, usize) {
        let members = self
            .neighbours(signal.basis.as_ref().unwrap(), subject)
            .into_iter();
        let labels = members.flat_map(|at| self.rows[at].labels.iter().filter(|label| label.key == key));
        labels.fold((0, 0), |(voters, agreeing), label| {
            (voters + 1, agreeing + usize::from(label.value == value))
        })
    }
}

fn name_tokens(name: &str) -> Vec<String> {
    let mut read = NameTokens::default();
    read.read(name, false);
    read.iter().map(str::to_owned).collect()
}

fn is_neighbour(basis: &EvidenceBasis, other: &Subject, subject: &Subject) -> bool {
    use EvidenceBasis as B;
    let of = |account: &Option<String>| {
        account
            .as_ref()
            .is_none_or(|account| *account == other.account_id)
    };
    let name = || name_tokens(&other.name);
    match basis {
        B::Account { account_id } => other.account_id == *account_id,
        B::AccountType {
            account_id,
            resource_type,
        } => other.account_id == *account_id && other.resource_type == *resource_type,
        B::Container { name } => {
            other.account_id == subject.account_id && container_of(other) == Some(name.as_str())
        }
        B::Parent { resource_id } => {
            other.account_id == subject.account_id
                && parent_of(&other.resource_id) == Some(resource_id.as_str())
        }
        B::NamePrefix { prefix, account_id } => {
            let parts = prefix.split('-').count();
            of(account_id) && name().len() >= parts && name()[..parts].join("-") == *prefix
        }
        B::Name {
            name: whole,
            account_id,
        } => of(account_id) && name().join("-") == *whole,
        B::NameSuffix { suffix, account_id } => {
            other.account_id == *account_id
                && format!("-{}", name().join("-")).ends_with(&format!("-{suffix}"))
        }
        B::Token { token, account_id } => of(account_id) && name().contains(token),
        B::Tag {
            key,
            value,
            account_id,
        } => of(account_id) && other.native_tags.get(key) == Some(value),
        _ => false,
    }
}

/// The text without a word or phrase, wherever it stands between borders.
fn cut(text: &str, word: &str) -> String {
    let words: Vec<&str> = word.split('-').collect();
    let found: Vec<_> = tokens(text).collect();
    let is_word = |at: usize| {
        let parts = found[at..].iter().map(|token| token.text.to_lowercase());
        found.len() - at >= words.len() && parts.zip(&words).all(|(part, word)| part == **word)
    };
    match (0..found.len()).find(|at| is_word(*at)) {
        Some(at) => {
            let last = found[at + words.len() - 1];
            let rest = [&text[..found[at].start], &text[last.start + last.text.len()..]].concat();
            cut(&rest, word)
        }
        None => text.to_owned(),
    }
}

/// Takes a word from the name, which the identifier repeats.
fn rename(subject: &mut Subject, word: &str) {
    let name = cut(&subject.name, word);
    subject.resource_id = subject.resource_id.replace(&subject.name, &name);
    subject.name = name;
}

const APPLICATIONS: [&str; 12] = [
    "payroll", "ledger", "checkout", "search", "claims", "quotes", "media", "identity", "orders", "stock",
    "billing", "reports",
];
const PARTS: [&str; 8] = ["api", "web", "db", "queue", "cache", "worker", "logs", "cron"];
const STAGES: [&str; 4] = ["prod", "dev", "uat", "staging"];
const TYPES: [&str; 4] = ["ec2/instance", "rds/db", "sqs/queue", "s3/bucket"];

/// A number below `below`, the same for the same question.
fn pick(number: usize, question: &str, below: usize) -> usize {
    let hash = StableHash::new(1).hash(number as u64).text(question).finish();
    (hash % below as u64) as usize
}

/// Resource of a made-up estate, and the labels that are true of it.
fn resource(number: usize) -> (Subject, Vec<(&'static str, String)>) {
    let application = pick(number, "application", APPLICATIONS.len());
    let name = APPLICATIONS[application];
    let account = application % 3 * 2 + pick(number, "account", 2);
    let part = PARTS[pick(number, "part", PARTS.len())];
    let stage = match account {
        0 => "prod",
        1 => "dev",
        _ => STAGES[pick(number, "stage", STAGES.len())],
    };
    let suffix = ["", "-01", "-02"][pick(number, "suffix", 3)];
    let account_id = format!("10000000000{account}");
    // Half of the resources say their stage in their names, some in a tag, some in the group that holds them.
    let in_name = pick(number, "place", 2) == 0;
    let full = match (in_name, pick(number, "named", 8)) {
        (_, 0) => format!("{part}{suffix}-{number}"),
        (true, _) => format!("{name}-{part}-{stage}{suffix}"),
        (false, _) => format!("{name}-{part}{suffix}"),
    };
    let is_azure = account == 4;
    let resource_type = TYPES[pick(number, "type", TYPES.len())];
    let resource_id = if is_azure {
        format!("/subscriptions/{account_id}/resourceGroups/rg-{name}-{stage}/providers/x/{full}")
    } else {
        format!("arn:aws:x:eu-west-1:{account_id}:{resource_type}/{number}/{full}")
    };
    let mut resource = subject(&full, &[]);
    (resource.resource_id, resource.account_id) = (resource_id, account_id);
    resource.resource_type = resource_type.to_owned();
    for (tag, value) in [
        ("repository", format!("https://example.org/{name}")),
        ("stack", format!("{name}-{stage}")),
        ("terraform", "true".to_owned()),
    ] {
        if pick(number, tag, 3) == 0 {
            resource.native_tags.insert(tag.to_owned(), value);
        }
    }
    let environment = Vocabulary::default().canonical("environment", stage).value;
    let labels = vec![
        ("environment", environment),
        ("application", name.to_owned()),
        ("team", format!("{}-team", APPLICATIONS[application / 2 * 2])),
        (
            "business-unit",
            ["retail", "lending", "shared"][account / 2].to_owned(),
        ),
    ];
    (resource, labels)
}

fn rule(id: i64, condition: &str, key: &str, value: &str) -> CompiledRule {
    CompiledRule {
        id,
        name: format!("rule {id}"),
        priority: 100,
        digest: format!("digest-{id}"),
        condition: Condition::compile(condition).unwrap(),
        key: key.into(),
        value: ValueTemplate::compile(value).unwrap(),
        confidence: 0.92,
        corrects: false,
        version: 1,
        approves: false,
    }
}

/// 400 tagged resources, of which some lack some keys, and 700 that are asked about.
fn estate() -> ExplainedEstate {
    let tagged = (0..400).map(|number| {
        let (subject, labels) = resource(number);
        let labels = labels.into_iter().filter(|(key, _)| pick(number, key, 5) > 0);
        let labels = labels.map(|(key, value)| Label {
            key: key.to_owned(),
            value,
            origin: LabelOrigin::Native,
        });
        EstateRow {
            labels: labels.collect(),
            subject,
        }
    });
    let rules = vec![
        rule(1, "resource.name.startsWith('search-')", "cost-center", "cc-7"),
        rule(
            2,
            "resource.tags['team'] == 'payroll-team'",
            "owner",
            "ann@example.org",
        ),
        rule(
            3,
            "resource.resource_type == 's3/bucket'",
            "data-classification",
            "internal",
        ),
        rule(4, "resource.name.contains('-cron')", "team", "clockwork"),
    ];
    let asked = (400..1_100).map(|number| {
        let (mut subject, _) = resource(number);
        if number % 10 == 0 {
            subject.native_tags.insert("Env".into(), "test".into());
        }
        subject
    });
    ExplainedEstate {
        vocabulary: Arc::default(),
        rows: tagged.collect(),
        rules,
        asked: asked.collect(),
        engines: HashMap::new(),
    }
}

#[test]
fn without_the_evidence_that_a_proposal_names_the_outcome_is_another_one() {
    let mut estate = estate();
    let proposals = estate.proposals(1_000);
    assert_eq!(proposals.len(), 1_000);
    let mut sources: BTreeSet<SourceKind> = BTreeSet::new();
    for (subject, proposal) in &proposals {
        sources.extend(proposal.evidence.signals.iter().map(|signal| signal.source));
        assert!(estate.depends(subject, proposal), "{proposal:#?} of {subject:?}");
    }
    let all = [
        SourceKind::Pattern,
        SourceKind::Rule,
        SourceKind::Model,
        SourceKind::Inherited,
        SourceKind::Neighbour,
    ];
    assert_eq!(sources, BTreeSet::from(all));
}

#[test]
fn neighbours_are_as_many_as_evidence_says() {
    let mut estate = estate();
    let mut counted = 0;
    for (subject, proposal) in estate.proposals(300) {
        for signal in proposal
            .evidence
            .signals
            .iter()
            .filter(|signal| signal.voters > 0)
        {
            let basis = signal.basis.as_ref().unwrap();
            if matches!(
                basis,
                EvidenceBasis::AccountWords { .. }
                    | EvidenceBasis::KnownValue { .. }
                    | EvidenceBasis::TagStem { .. }
            ) {
                continue;
            }
            counted += 1;
            let found = estate.counted(signal, &subject, &proposal.key, &proposal.value);
            let said = (signal.voters as usize, signal.agreeing as usize);
            assert_eq!(said, found, "{signal:?} of {subject:?}");
        }
    }
    assert!(counted > 300, "{counted}");
}
