use super::*;
use crate::CloudProvider;
use proptest::prelude::*;

/// An AWS resource of an unknown type with that name and those native tags.
pub(crate) fn subject(name: &str, tags: &[(&str, &str)]) -> Subject {
    let tags = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Subject {
        resource_id: "arn:aws:x:::1".into(),
        name: name.into(),
        cloud: CloudProvider::Aws,
        account_id: "111122223333".into(),
        resource_type: "unheard/of".into(),
        region: None,
        native_tags: tags.collect(),
        approved: BTreeMap::new(),
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}

/// Candidates of one source alone.
pub(crate) fn proposed_by(source: &dyn CandidateSource, name: &str, tags: &[(&str, &str)]) -> Vec<Candidate> {
    let vocabulary = Vocabulary::default();
    let subject = subject(name, tags);
    let mut out = Vec::new();
    let input = SourceInput {
        subject: &subject,
        native: &NativeStatements::read(&subject.native_tags, &vocabulary),
        effective: Some(&subject.effective_tags(&vocabulary)),
    };
    source.propose(&input, &mut out);
    out
}

fn engine() -> Engine {
    Engine::new(Arc::new(Vocabulary::default()), Vec::new(), Thresholds::default())
}

#[test]
fn thresholds_are_ordered_and_inclusive() {
    assert!(Thresholds::new(0.5, 0.6).is_err());
    assert!(Thresholds::new(1.1, 0.6).is_err());
    assert!(Thresholds::new(f64::NAN, 0.6).is_err());
    let thresholds = Thresholds::new(0.9, 0.7).unwrap();
    assert_eq!(thresholds.decide(0.9), Disposition::AutoApply);
    assert_eq!(thresholds.decide(0.7), Disposition::Suggest);
    assert_eq!(thresholds.decide(0.699_999), Disposition::Discard);
}

#[test]
fn what_the_own_tags_state_is_not_proposed_however_it_is_spelled() {
    for tags in [
        &[("Env", "prd")][..],
        &[("Environment", "dev"), ("env", "prd"), ("stage", "prod")],
    ] {
        let found = engine().evaluate(&subject("x", tags));
        assert_eq!(found.proposals, [], "{tags:?}");
        let environment = found.predictions.iter().find(|found| found.key == "environment");
        assert_eq!(environment.unwrap().outcome, KeyOutcome::AlreadyHolds);
    }
}

#[test]
fn sure_evidence_against_a_native_tag_is_suggested_as_a_contradiction() {
    let against = |confidence| {
        let source = FixedSource(Candidate {
            key: "environment".into(),
            value: "production".into(),
            source: SourceKind::Pattern,
            confidence,
            rule_id: None,
            reason: "the name says so".into(),
            signature: "PATTERN:word".into(),
            weighed: None,
        });
        let engine = engine().with_source(Box::new(source));
        engine.evaluate(&subject("x", &[("env", "stg")]))
    };
    let sure = against(0.97);
    let proposal = &sure.proposals[0];
    assert_eq!(
        (proposal.value.as_str(), proposal.contradiction),
        ("production", true)
    );
    assert_eq!(proposal.disposition, Disposition::Suggest);
    assert_eq!(proposal.signature, "CONTRADICTS:staging:PATTERN:word");
    let stated = proposal.evidence.contradicts.as_ref().unwrap();
    assert_eq!(
        (stated.value.as_str(), stated.raw_value.as_str()),
        ("staging", "stg")
    );
    assert_eq!(sure.predictions[0].outcome, KeyOutcome::Suggest);
    let unsure = against(0.6);
    assert_eq!(unsure.proposals, []);
    assert_eq!(unsure.predictions[0].outcome, KeyOutcome::AlreadyHolds);
}

/// The shipped vocabulary with other thresholds for one key.
fn with_thresholds(key: &str, auto_apply: f64, manual_review: f64) -> Arc<Vocabulary> {
    let change = crate::KeyChange {
        auto_apply_threshold: Some(auto_apply),
        manual_review_threshold: Some(manual_review),
        ..crate::KeyChange::default()
    };
    let file = Vocabulary::shipped_file().unwrap();
    let changed = file.changed([(&key.to_owned(), &change)]);
    Arc::new(Vocabulary::from_file(changed).unwrap())
}

#[test]
fn evidence_against_a_native_tag_is_sure_by_the_thresholds_of_its_key() {
    let source = || {
        Box::new(FixedSource(Candidate {
            key: "environment".into(),
            value: "production".into(),
            source: SourceKind::Pattern,
            confidence: 0.95,
            rule_id: None,
            reason: String::new(),
            signature: String::new(),
            weighed: None,
        }))
    };
    let outcome = |vocabulary| {
        let engine = Engine::new(vocabulary, Vec::new(), Thresholds::default()).with_source(source());
        let found = engine.evaluate(&subject("x", &[("env", "stg")]));
        (found.predictions[0].value.clone(), found.predictions[0].outcome)
    };
    assert_eq!(
        outcome(with_thresholds("environment", 0.99, 0.97)),
        ("staging".into(), KeyOutcome::AlreadyHolds)
    );
    assert_eq!(
        outcome(Arc::default()),
        ("production".into(), KeyOutcome::Suggest)
    );
}

#[test]
fn what_a_key_with_a_lower_threshold_proposes_has_all_its_evidence() {
    let vocabulary = with_thresholds("team", 0.98, 0.5);
    let mut trainer = crate::EstateTrainer::new(Arc::clone(&vocabulary), 0);
    for name in ["lonely-thing-a", "lonely-thing-b", "lonely-thing-c"] {
        let row = crate::EstateRow::of_native_tags(subject(name, &[("team", "hermits")]), &vocabulary);
        trainer.add(row);
    }
    let thresholds = Thresholds::new(0.98, 0.95).unwrap();
    let engine = Engine::new(vocabulary, Vec::new(), thresholds).with_model(Some(Arc::new(trainer.finish())));
    let found = engine.evaluate(&subject("lonely-thing-d", &[]));
    let proposal = found.proposals.iter().find(|found| found.key == "team").unwrap();
    assert!(proposal.confidence < 0.95, "{}", proposal.confidence);
    assert!(proposal.evidence.signals.len() > 1);
}

fn rule(id: i64, condition: &str, key: &str, value: &str) -> CompiledRule {
    CompiledRule {
        id,
        name: format!("rule {id}"),
        priority: 0,
        digest: String::new(),
        condition: crate::rules::Condition::compile(condition).unwrap(),
        key: key.into(),
        value: crate::rules::ValueTemplate::compile(value).unwrap(),
        confidence: 1.0,
        approves: false,
        corrects: false,
        version: 1,
    }
}

#[test]
fn only_a_correcting_rule_overrides_a_native_tag_at_once() {
    let proposed = |corrects| {
        let rule = CompiledRule {
            corrects,
            ..rule(1, "true", "environment", "production")
        };
        let engine = Engine::new(Arc::default(), vec![rule], Thresholds::default());
        let found = engine.evaluate(&subject("x", &[("env", "stg")]));
        found
            .proposals
            .into_iter()
            .find(|found| found.key == "environment")
    };
    let (plain, correcting) = (proposed(false).unwrap(), proposed(true).unwrap());
    assert_eq!(
        (plain.disposition, plain.contradiction),
        (Disposition::Suggest, true)
    );
    assert_eq!(
        (correcting.disposition, correcting.contradiction),
        (Disposition::AutoApply, false)
    );
    assert_eq!(correcting.evidence.contradicts.unwrap().raw_value, "stg");
}

#[test]
fn conditions_see_what_other_sources_apply_but_never_what_rules_do() {
    let applied = FixedSource(Candidate {
        key: "environment".into(),
        value: "production".into(),
        source: SourceKind::Pattern,
        confidence: 0.95,
        rule_id: None,
        reason: String::new(),
        signature: String::new(),
        weighed: None,
    });
    let rules = vec![
        rule(1, "resource.tags['environment'] == 'production'", "team", "core"),
        rule(2, "resource.tags['team'] == 'core'", "owner", "ann"),
    ];
    let engine = Engine::new(Arc::default(), rules, Thresholds::default()).with_source(Box::new(applied));
    let mut subject = subject("x", &[]);
    let first = engine.evaluate(&subject);
    let keys: Vec<&str> = first
        .proposals
        .iter()
        .map(|proposal| proposal.key.as_str())
        .collect();
    assert_eq!(keys, ["environment", "team"]);
    let applied = first.proposals.iter();
    subject.applied = applied.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    assert_eq!(engine.evaluate(&subject), first);
    assert!(!engine.tags_for_rules(&subject).contains_key("team"));
}

#[test]
fn what_holds_is_not_proposed_again() {
    let native = engine().evaluate(&subject("pay-prod", &[("environment", "production")]));
    assert_eq!(
        (native.proposals.len(), native.predictions[0].outcome),
        (0, KeyOutcome::AlreadyHolds)
    );
    let mut approved = subject("pay-prod", &[]);
    approved
        .approved
        .insert("environment".into(), "production".into());
    assert_eq!(engine().evaluate(&approved).proposals, []);
}

#[test]
fn a_value_against_an_approved_one_is_at_most_suggested() {
    let mut subject = subject("x", &[]);
    subject.approved.insert("environment".into(), "staging".into());
    let source = FixedSource(Candidate {
        key: "environment".into(),
        value: "production".into(),
        source: SourceKind::Pattern,
        confidence: 0.97,
        rule_id: None,
        reason: String::new(),
        signature: String::new(),
        weighed: None,
    });
    let found = engine().with_source(Box::new(source)).evaluate(&subject);
    assert_eq!(found.proposals[0].disposition, Disposition::Suggest);
    assert!(!found.proposals[0].contradiction);
    assert_eq!(found.predictions[0].outcome, KeyOutcome::Suggest);
}

#[test]
fn effective_tags_put_approved_over_normalised_native() {
    let mut subject = subject("x", &[("Env", "prd"), ("Team", "Pay Roll"), ("Colour", "Red")]);
    subject.approved.insert("environment".into(), "staging".into());
    let tags = subject.effective_tags(&Vocabulary::default());
    let tags: Vec<(&str, &str)> = tags
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        tags,
        [
            ("Colour", "Red"),
            ("environment", "staging"),
            ("team", "pay-roll")
        ]
    );
}

struct FixedSource(Candidate);
impl CandidateSource for FixedSource {
    fn source(&self) -> SourceKind {
        self.0.source
    }
    fn propose(&self, _: &SourceInput<'_>, out: &mut Vec<Candidate>) {
        out.push(self.0.clone());
    }
}

#[test]
fn further_sources_take_part_and_weak_winners_are_kept_as_predictions() {
    let candidate = Candidate {
        key: "team".into(),
        value: "pay".into(),
        source: SourceKind::Model,
        confidence: 0.4,
        rule_id: None,
        reason: "similar resources".into(),
        signature: "MODEL:1".into(),
        weighed: None,
    };
    let found = engine()
        .with_source(Box::new(FixedSource(candidate)))
        .evaluate(&subject("x", &[]));
    assert_eq!(found.proposals, []);
    assert_eq!(
        (found.predictions[0].key.as_str(), found.predictions[0].outcome),
        ("team", KeyOutcome::Discard)
    );
}

proptest! {
    #[test]
    fn evaluating_is_deterministic_and_stays_in_range(
        name in "(prod|dev|test|live|pay|api|[-_0-9]){0,6}",
        resource_type in "(rds/db|ec2/vpc|Microsoft.Network/x|\\PC{0,12})",
        tags in proptest::collection::btree_map("(Env|env|stage|Owner|team|\\PC{0,8})", "\\PC{0,20}", 0..6),
    ) {
        let mut resource = subject(&name, &[]);
        resource.resource_type = resource_type;
        resource.native_tags = tags;
        let first = engine().evaluate(&resource);
        prop_assert_eq!(&first, &engine().evaluate(&resource));
        for prediction in &first.predictions {
            prop_assert!((0.0..=1.0).contains(&prediction.confidence));
            prop_assert!(!prediction.value.is_empty());
        }
        prop_assert!(first.proposals.iter().all(|p| p.disposition != Disposition::Discard));
        prop_assert!(first.proposals.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}
