//! Properties of estate models: what they learn, and what they must not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::tests::subject;
use crate::{
    EstateModel, EstateRow, EstateTrainer, Inference, Label, LabelOrigin, ModelError, SourceKind, Subject,
    Vocabulary,
};

fn resource(name: &str, account: &str) -> Subject {
    let mut resource = subject(name, &[]);
    resource.resource_id = format!("arn:aws:x:eu-west-1:{account}:thing/{name}");
    resource.account_id = account.to_owned();
    resource
}

fn row(name: &str, account: &str, key: &str, value: &str, origin: LabelOrigin) -> EstateRow {
    EstateRow {
        subject: resource(name, account),
        labels: vec![Label {
            key: key.into(),
            value: value.into(),
            origin,
        }],
    }
}

fn train(rows: &[EstateRow]) -> EstateModel {
    let mut trainer = EstateTrainer::new(Arc::default(), 7);
    rows.iter().cloned().for_each(|row| trainer.add(row));
    trainer.finish()
}

fn found(model: &EstateModel, subject: &Subject, key: &str) -> Option<Inference> {
    model.infer(subject).into_iter().find(|found| found.key == key)
}

/// Applications of which each has its own team, eight tagged resources each, in three accounts.
fn estate() -> Vec<EstateRow> {
    let applications = [
        "payroll", "ledger", "checkout", "search", "claims", "quotes", "media", "ident", "orders", "stock",
    ];
    let mut rows = Vec::new();
    for (at, application) in applications.iter().enumerate() {
        for part in ["api", "web", "db", "queue", "cache", "worker", "logs", "cron"] {
            let account = ["100000000001", "100000000002", "100000000003"][at % 3];
            let name = format!("{application}-core-{part}");
            rows.push(row(
                &name,
                account,
                "team",
                &format!("{application}-team"),
                LabelOrigin::Native,
            ));
        }
    }
    rows
}

#[test]
fn families_of_names_tell_what_their_members_lack() {
    let model = train(&estate());
    let inferred = found(&model, &resource("ledger-core-alarm", "100000000002"), "team").unwrap();
    assert_eq!(
        (inferred.value.as_str(), inferred.source),
        ("ledger-team", SourceKind::Neighbour)
    );
    assert!(inferred.confidence >= 0.7, "{}", inferred.confidence);
    let signal = &inferred.signals[0];
    assert!(
        signal.voters >= 8 && signal.agreeing == signal.voters,
        "{signal:?}"
    );
    assert!(signal.reason.contains("ledger"), "{}", signal.reason);
}

#[test]
fn a_resource_is_no_evidence_for_itself() {
    let account = "100000000009";
    let names = ["lonely-thing-a", "lonely-thing-b", "lonely-thing-c"];
    let model = train(&names.map(|name| row(name, account, "team", "hermits", LabelOrigin::Native)));
    let voters = |subject: &Subject| found(&model, subject, "team").unwrap().signals[0].voters;
    let mut own = resource("lonely-thing-a", account);
    own.native_tags.insert("team".into(), "hermits".into());
    assert_eq!(voters(&own), 2);
    assert_eq!(voters(&resource("lonely-thing-d", account)), 3);
}

#[test]
fn a_tag_that_only_often_means_a_key_is_no_label_of_its_resource() {
    let account = "100000000009";
    let names = ["lonely-thing-a", "lonely-thing-b", "lonely-thing-c"];
    let rows = names.map(|name| row(name, account, "application", "hermitage", LabelOrigin::Native));
    let mut asked = resource("lonely-thing-d", account);
    asked.native_tags.insert("solution".into(), "hermitage".into());
    assert_eq!(
        EstateRow::of_native_tags(asked.clone(), &Vocabulary::default()).labels,
        []
    );
    let inferred = train(&rows).infer_from(&asked, 0.5);
    let inferred = inferred.iter().find(|found| found.key == "application").unwrap();
    assert_eq!(inferred.signals[0].voters, 3);
}

#[test]
fn a_tag_that_a_person_denied_is_no_label_of_its_resource() {
    let account = "100000000009";
    let names = ["lonely-thing-a", "lonely-thing-b", "lonely-thing-c"];
    let rows = names.map(|name| row(name, account, "team", "hermits", LabelOrigin::Native));
    let mut asked = resource("lonely-thing-d", account);
    asked.native_tags.insert("team".into(), "hermits".into());
    let labels = |asked: &Subject| EstateRow::of_native_tags(asked.clone(), &Vocabulary::default()).labels;
    let voters = |asked: &Subject| found(&train(&rows), asked, "team").map(|found| found.signals[0].voters);
    assert_eq!((labels(&asked).len(), voters(&asked)), (1, Some(2)));
    asked.denied_native.insert(crate::DeniedStatement {
        key: "team".into(),
        value: "hermits".into(),
        signature: "NATIVE:team=hermits".into(),
    });
    assert_eq!((labels(&asked).len(), voters(&asked)), (0, Some(3)));
}

/// Tagged resources of one account and one team, whose names have nothing in common.
fn team_of_account(account: &str, team: &str, count: usize) -> Vec<EstateRow> {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    let name = |n: usize| format!("{}{}{}", letter(n), letter(n / 26), letter(n * 7));
    let rows = (0..count).map(|n| row(&name(n), account, "team", team, LabelOrigin::Native));
    let mut rows: Vec<EstateRow> = rows.collect();
    for row in &mut rows {
        row.subject.native_tags.insert("terraform".into(), "true".into());
    }
    rows
}

/// Team of a resource that has nothing in common with others but its account, its type and a tag that all have.
fn team_by_account(rows: &[EstateRow], account: &str) -> Inference {
    let mut asked = resource("unlike", account);
    asked.native_tags.insert("terraform".into(), "true".into());
    found(&train(rows), &asked, "team").unwrap()
}

#[test]
fn an_account_speaks_where_labels_of_other_values_could_have_shown_it_wrong() {
    let rows: Vec<EstateRow> = (0..10)
        .flat_map(|n| team_of_account(&format!("10000000000{n}"), &format!("team-{n}"), 12))
        .collect();
    let inferred = team_by_account(&rows, "100000000004");
    assert_eq!(inferred.value, "team-4");
    assert!(inferred.confidence >= 0.9, "{}", inferred.confidence);
}

#[test]
fn one_tag_of_a_whole_estate_says_nothing_about_others() {
    let model = train(&[row(
        "lonely-thing",
        "100000000009",
        "team",
        "hermits",
        LabelOrigin::Native,
    )]);
    assert_eq!(
        found(&model, &resource("lonely-thing-2", "100000000009"), "team"),
        None
    );
}

#[test]
fn tags_of_one_rule_are_one_voter_and_measure_nothing() {
    let of_rule = |origin: fn(usize) -> LabelOrigin| {
        let names = (0..60).map(|n| format!("shop-part{}", char::from(b'a' + (n % 26) as u8)));
        let rows: Vec<EstateRow> = names
            .enumerate()
            .map(|(at, name)| row(&name, "100000000001", "team", "shop-team", origin(at)))
            .collect();
        let model = train(&rows);
        let near = found(&model, &resource("shop-other", "100000000001"), "team");
        let far = found(&model, &resource("unlike", "100000000001"), "team");
        (
            near.map(|found| found.confidence),
            far,
            model.metrics()[2].support,
        )
    };
    let (near, far, support) = of_rule(|_| LabelOrigin::Rule(1));
    assert!(near.is_none_or(|confidence| confidence < 0.9), "{near:?}");
    assert_eq!(far, None, "an account is not taken for what a rule matched in it");
    assert_eq!(support, 0);
    let (near, far, support) = of_rule(|_| LabelOrigin::Native);
    assert!(near.unwrap() > 0.9 && far.is_some());
    assert_eq!(support, 60);
}

#[test]
fn denials_count_against_the_value() {
    let mut rows = estate();
    let asked = resource("ledger-core-alarm", "100000000002");
    let before = found(&train(&rows), &asked, "team").unwrap();
    for n in 0..7 {
        let name = format!("ledger-core-other{}", char::from(b'a' + n));
        rows.push(row(
            &name,
            "100000000002",
            "team",
            "ledger-team",
            LabelOrigin::Denied,
        ));
    }
    let after = found(&train(&rows), &asked, "team");
    assert!(after.is_none_or(|after| after.confidence < before.confidence - 0.1));
}

#[test]
fn the_same_rows_give_the_same_bytes_and_the_bytes_the_same_model() {
    let (one, other) = (train(&estate()).to_bytes(), train(&estate()).to_bytes());
    assert_eq!(one, other);
    let read = EstateModel::from_bytes(&one, Arc::default()).unwrap();
    assert_eq!(read.to_bytes(), one);
    let asked = resource("ledger-core-alarm", "100000000002");
    assert_eq!(read.infer(&asked), train(&estate()).infer(&asked));
}

#[test]
fn other_bytes_are_refused() {
    let of = |bytes: &[u8]| EstateModel::from_bytes(bytes, Arc::default()).err();
    assert!(matches!(of(b""), Some(ModelError::NotAModel)));
    let mut bytes = train(&estate()).to_bytes();
    let format = std::mem::replace(&mut bytes[4], 99);
    assert!(matches!(of(&bytes), Some(ModelError::Format { found: 99, .. })));
    bytes[4] = format;
    bytes.truncate(bytes.len() / 2);
    assert!(matches!(of(&bytes), Some(ModelError::Damaged(_))));
}

#[test]
fn keys_that_are_no_longer_governed_or_governed_since_do_not_disturb_a_model() {
    let bytes = train(&estate()).to_bytes();
    let json = include_str!("../vocabulary/vocabulary.json");
    let file = serde_json::from_str::<serde_json::Value>(json).unwrap();
    let mut other = file.clone();
    for key in other["keys"].as_array_mut().unwrap() {
        let name = key["name"].as_str().unwrap().to_owned();
        key["governed"] = (name == "project" || name == "team").into();
    }
    let vocabulary = Arc::new(Vocabulary::parse(&other.to_string()).unwrap());
    let model = EstateModel::from_bytes(&bytes, vocabulary).unwrap();
    let asked = resource("ledger-core-alarm", "100000000002");
    assert_eq!(found(&model, &asked, "team").unwrap().value, "ledger-team");
    for key in other["keys"].as_array_mut().unwrap() {
        key["governed"] = (key["name"] == "project").into();
    }
    let vocabulary = Arc::new(Vocabulary::parse(&other.to_string()).unwrap());
    let model = EstateModel::from_bytes(&bytes, vocabulary).unwrap();
    assert_eq!(found(&model, &asked, "team"), None);
}

#[test]
fn words_earn_their_weight_in_the_estate() {
    let asked = resource("shop-live-db", "100000000001");
    let environment = |model: &EstateModel, subject: &Subject| found(model, subject, "environment");
    let untrained = EstateModel::untrained(Arc::default());
    assert_eq!(
        environment(&untrained, &asked),
        None,
        "`live` also names other things"
    );
    let sure = environment(&untrained, &resource("shop-prod-db", "100000000001")).unwrap();
    assert_eq!(
        (sure.value.as_str(), sure.source),
        ("production", SourceKind::Pattern)
    );
    assert!(sure.confidence >= 0.9);
    let tagged = |n: usize| {
        let name = format!(
            "{}{}-live-x",
            char::from(b'a' + (n % 26) as u8),
            char::from(b'a' + (n / 26) as u8)
        );
        row(
            &name,
            &format!("2000000000{:02}", n % 40),
            "environment",
            "production",
            LabelOrigin::Native,
        )
    };
    let taught = train(&(0..120).map(tagged).collect::<Vec<_>>());
    let learned = environment(&taught, &asked).unwrap();
    assert!(
        learned.value == "production" && learned.confidence > 0.7,
        "{}",
        learned.confidence
    );
}

#[test]
fn confidences_are_never_out_of_range_for_any_resource() {
    let model = train(&estate());
    let mut odd = resource("\u{130}-\u{1f600}-ledger--core", "");
    odd.native_tags = BTreeMap::from([
        (String::new(), "x".repeat(5_000)),
        ("a".into(), "Prod,Dev".into()),
    ]);
    for inferred in model.infer(&odd) {
        assert!((0.0..=1.0).contains(&inferred.confidence));
        assert!(!inferred.value.is_empty() && !inferred.signals.is_empty());
    }
}

#[test]
fn labels_of_a_few_accounts_do_not_spread_to_all_others() {
    let words = ["internal", "public", "shared", "batch"];
    let labelled = (0..3).flat_map(|account| {
        let names = (0..60).map(move |n| format!("{}-{n}-{}", words[n % 4], ["web", "db", "queue"][n % 3]));
        let account = format!("10000000000{account}");
        names.map(move |name| row(&name, &account, "cost-center", "cc-7", LabelOrigin::Native))
    });
    let model = train(&labelled.collect::<Vec<_>>());
    let at_home = found(
        &model,
        &resource("internal-77-web", "100000000001"),
        "cost-center",
    )
    .unwrap();
    assert!(at_home.confidence >= 0.90, "{at_home:?}");
    if let Some(elsewhere) = found(
        &model,
        &resource("internal-77-web", "200000000009"),
        "cost-center",
    ) {
        assert!(elsewhere.confidence < 0.70, "{elsewhere:?}");
    }
}

#[test]
fn labels_that_hold_in_every_account_reach_the_next_one() {
    let families = ["payroll", "ledger", "checkout", "search"];
    let labelled = (0..90).flat_map(|account| {
        families.map(|family| {
            let account = format!("1000000000{account:02}");
            let team = format!("team-of-{family}");
            [1, 2].map(|n| {
                row(
                    &format!("{family}-core-{n}"),
                    &account,
                    "team",
                    &team,
                    LabelOrigin::Native,
                )
            })
        })
    });
    let model = train(&labelled.flatten().collect::<Vec<_>>());
    let next = found(&model, &resource("payroll-core-3", "200000000009"), "team").unwrap();
    assert_eq!(next.value, "team-of-payroll");
    assert!(next.confidence >= 0.90, "{next:?}");
}

#[test]
fn words_of_a_young_estate_are_as_sure_as_they_are_strong_and_uncontested() {
    let model = train(&[]);
    let environment = |name| found(&model, &resource(name, "100000000001"), "environment");
    let [plain, contested, likely] =
        ["pay-prod-db", "dev-hub-prod-db", "pay-test-db"].map(|name| environment(name).unwrap());
    assert_eq!(
        [&*plain.value, &*contested.value, &*likely.value],
        ["production", "production", "test"]
    );
    assert!(plain.confidence >= 0.90, "{plain:?}");
    for suggested in [contested, likely] {
        assert!((0.70..0.90).contains(&suggested.confidence), "{suggested:?}");
    }
    assert_eq!(environment("pay-load-db").map(|found| found.value), None);
}
