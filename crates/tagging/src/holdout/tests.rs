//! Tests of holdout evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::{CloudProvider, Subject, Vocabulary};

fn subjects() -> Vec<Subject> {
    let tagged = |number: usize| {
        let application = ["ledger", "quotes", "claims"][number % 3];
        let environment = ["prod", "dev"][number % 2];
        let tags = [
            ("Env", environment.to_owned()),
            ("Application", application.to_owned()),
            (
                "business-unit",
                ["Retail", "Retail", "Lending"][number % 3].to_owned(),
            ),
            ("repository", format!("https://example.org/{application}")),
            ("copy-of-unit", "RETAIL".to_owned()),
        ];
        Subject {
            resource_id: format!("arn:aws:rds:eu-west-1:111:db/{number}"),
            name: format!("{application}-{environment}-db-{number}"),
            cloud: CloudProvider::Aws,
            account_id: "111".to_owned(),
            resource_type: "rds/db".to_owned(),
            region: None,
            native_tags: tags.map(|(key, value)| (key.to_owned(), value)).into(),
            approved: BTreeMap::new(),
            applied: BTreeMap::new(),
            denied_native: BTreeSet::new(),
        }
    };
    (0..240).map(tagged).collect()
}

#[test]
fn what_is_asked_is_hidden_and_the_rest_stays() {
    let vocabulary = Vocabulary::default();
    let split = splits(HoldoutProtocol::Cold, &vocabulary, &subjects(), 1)
        .next()
        .unwrap();
    assert_eq!((split.context.len(), split.hidden.len()), (0, 240));
    let row = &split.hidden[0];
    assert_eq!(row.labels["environment"], "production");
    assert_eq!(row.labels["application"], "ledger");
    let tags: Vec<&str> = row.subject.native_tags.keys().map(String::as_str).collect();
    assert_eq!(
        tags,
        ["repository"],
        "a tag that repeats a hidden value is hidden, too"
    );
}

#[test]
fn each_resource_is_asked_about_once() {
    let vocabulary = Vocabulary::default();
    for (protocol, context) in [(HoldoutProtocol::Sparse, 240), (HoldoutProtocol::Warm, 960)] {
        let splits: Vec<HoldoutSplit> = splits(protocol, &vocabulary, &subjects(), 1).collect();
        let hidden = splits.iter().map(|split| split.hidden.len()).sum::<usize>();
        let visible = splits.iter().map(|split| split.context.len()).sum::<usize>();
        assert_eq!((hidden, visible), (240, context), "{protocol:?}");
    }
}

#[test]
fn figures_and_decisions_are_those_of_the_seed() {
    let vocabulary = Arc::new(Vocabulary::default());
    let subjects = subjects();
    let splits = || splits(HoldoutProtocol::Warm, &vocabulary, &subjects, 1);
    let mut asked = 0;
    let figures = score_splits(splits(), &vocabulary, 1, || asked += 1);
    assert_eq!(asked, 240);
    let environment = figures
        .iter()
        .find(|figures| figures.key == "environment")
        .unwrap();
    assert_eq!(environment.support, 240);
    assert!(
        environment.coverage90 > 0.5 && environment.precision90 > Some(0.9),
        "{environment:?}"
    );
    assert_eq!(figures, score_splits(splits(), &vocabulary, 1, || ()));
}

#[test]
fn a_truthful_approver_settles_more_with_every_decision_and_nothing_wrong() {
    let vocabulary = Arc::new(Vocabulary::default());
    let subjects = subjects();
    let cold = splits(HoldoutProtocol::Cold, &vocabulary, &subjects, 1).last();
    let mut spent = Vec::new();
    let points = simulate_approver(&cold.unwrap(), &vocabulary, &[0, 3, 10, 30], 1, |decisions| {
        spent.push(decisions);
    });
    assert!(
        points.windows(2).all(|pair| pair[0].coverage <= pair[1].coverage),
        "{points:?}"
    );
    assert!(points[2].coverage > points[0].coverage + 0.3, "{points:?}");
    assert!(points[3].precision > Some(0.97), "{points:?}");
    assert!(spent.windows(2).all(|pair| pair[0] < pair[1]), "{spent:?}");
}
