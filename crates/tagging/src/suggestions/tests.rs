//! Tests of mining and ranking.

mod denied;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::rules::{Condition, allowance};
use crate::{CloudProvider, Vocabulary};

fn subject(number: usize, name: &str, account: &str, resource_type: &str, tags: &[(&str, &str)]) -> Subject {
    Subject {
        resource_id: format!(
            "/subscriptions/{account}/resourceGroups/rg-{}/{number}",
            number % 3
        ),
        name: name.to_owned(),
        cloud: CloudProvider::Azure,
        account_id: account.to_owned(),
        resource_type: resource_type.to_owned(),
        region: None,
        native_tags: tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        approved: BTreeMap::new(),
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}

fn index(inputs: &[MinerInput], settings: MinerSettings) -> SuggestionIndex {
    let mut miner = SuggestionMiner::new(Arc::new(Vocabulary::default()), settings);
    for input in inputs {
        miner.add(input.clone());
    }
    miner.finish()
}

fn input(subject: Subject, holds: &[(&str, &str)]) -> MinerInput {
    MinerInput {
        subject,
        holds: holds.iter().map(|(key, value)| held(key, value)).collect(),
        guesses: Vec::new(),
        cost: None,
    }
}

fn held(key: &str, value: &str) -> HeldValue {
    HeldValue {
        key: key.to_owned(),
        value: value.to_owned(),
        certainty: Certainty::Approved,
    }
}

/// Estate of two applications with many resources each, whose names and tags tell them apart.
fn estate() -> Vec<MinerInput> {
    let rows = (0..60).map(|number| {
        let application = ["ledger", "quotes"][number % 2];
        let name = format!("{application}-{}-{number}", ["api", "db", "web"][number % 3]);
        let namespace = format!("{application}-{}", ["dev", "prod"][number / 2 % 2]);
        let account = ["111", "222"][number / 30];
        subject(
            number,
            &name,
            account,
            ["rds/db", "s3/bucket"][number / 3 % 2],
            &[("namespace", &namespace)],
        )
    });
    rows.map(|subject| input(subject, &[])).collect()
}

/// Names, values and keys that are hard to quote, or to tell apart.
fn awkward() -> Vec<MinerInput> {
    let names = [
        "pay-api-1",
        "pay-api-2",
        "PAY-API-3",
        "pay_api_4",
        "payroll-api",
        "pay",
        "pay-",
        "pay--web-1",
        "pay-web-2",
        "a.b+c-1",
        "a.b+c-2",
        "axb+c-3",
        "it's-one",
        "it's-two",
        "back\\slash-1",
        "back\\slash-2",
        "größe-pay-1",
        "größe-pay-2",
        "x-0123456789ab-pay",
        "i-j-k-l-m-n-o-p-q-king",
        "\u{212a}ing-pay-1",
        "king-pay-2",
        "(pay)-[1]",
        "(pay)-[2]",
    ];
    let values = [
        "pay-dev",
        "pay-prod",
        "pay.dev",
        "paydev",
        "it's/one",
        "it's/two",
        "$1-dev",
        "$1-prod",
        "line\nbreak-a",
        "line\nbreak-b",
        "",
        "pay-dev-1",
        "pay-prod-1",
    ];
    let keys = ["namespace", "it's", "a\\b", "tab\tkey"];
    let rows = (0..130).map(|number| {
        let tag = (keys[number % 4], values[number % values.len()]);
        let types = ["microsoft.network/x", "rds/db"];
        subject(
            number,
            names[number % names.len()],
            ["111", "2'2"][number / 65],
            types[number / 4 % 2],
            &[tag],
        )
    });
    rows.map(|subject| input(subject, &[])).collect()
}

const SMALL: MinerSettings = MinerSettings {
    min_resources: 2,
    max_suggestions: 20,
    samples: 10,
    seed: 7,
};

#[test]
fn conditions_hold_for_the_members_and_for_nothing_else() {
    let vocabulary = Vocabulary::default();
    let inputs = awkward();
    let facts: Vec<_> = inputs
        .iter()
        .map(|input| input.subject.rule_input(&vocabulary))
        .collect();
    let index = index(&inputs, SMALL);
    let mut kinds = BTreeSet::new();
    for number in 0..index.patterns() as u32 {
        let pattern = index.pattern(number).unwrap();
        let condition = Condition::compile(&pattern.condition()).unwrap_or_else(|error| {
            unreachable!("{}: {error}", pattern.condition());
        });
        let matching: Vec<u32> = (0u32..)
            .zip(&facts)
            .filter(|(_, facts)| allowance::of_rule(|| condition.matches(facts)) == Some(true))
            .map(|(row, _)| row)
            .collect();
        assert_eq!(matching, index.members.list(number), "{}", pattern.condition());
        for (row, input) in (0u32..).zip(&inputs) {
            assert_eq!(
                pattern.contains(&input.subject),
                matching.contains(&row),
                "{pattern} {row}"
            );
        }
        kinds.extend(pattern.terms().iter().map(|term| {
            let json = serde_json::to_value(term).unwrap();
            json["kind"].as_str().unwrap().to_owned()
        }));
    }
    assert_eq!(kinds.len(), terms::TermKind::COUNT, "{kinds:?}");
}

#[test]
fn patterns_are_stored_and_found_again() {
    let inputs = estate();
    for suggestion in index(&inputs, SMALL).rank(&[]) {
        let json = serde_json::to_string(&suggestion.pattern).unwrap();
        assert_eq!(
            serde_json::from_str::<Pattern>(&json).unwrap(),
            suggestion.pattern
        );
        let part = suggestion.pattern.indexable();
        for row in &suggestion.members {
            let subject = &inputs[*row as usize].subject;
            assert!(
                part.account_id
                    .as_ref()
                    .is_none_or(|account| *account == subject.account_id)
            );
            assert!(
                part.name_prefix
                    .as_ref()
                    .is_none_or(|prefix| subject.name.starts_with(prefix))
            );
        }
    }
}

#[test]
fn a_suggestion_tells_value_votes_and_conflicts() {
    let mut inputs = estate();
    for row in (0..20).step_by(2) {
        inputs[row].holds.push(held("team", "books"));
    }
    inputs[20].holds.push(held("team", "other"));
    let ranked = index(&inputs, SMALL).rank(&[]);
    let (suggestion, tag) = ranked
        .iter()
        .find_map(|suggestion| {
            let team = suggestion
                .tags
                .iter()
                .find(|tag| tag.key == "team" && tag.agreeing == 10)?;
            Some((suggestion, team))
        })
        .unwrap();
    assert_eq!(
        (tag.value.as_str(), tag.agreeing + tag.contradicting + tag.open),
        ("books", suggestion.members.len())
    );
    let conflicts: usize = tag.conflicts.iter().map(|(_, count)| count).sum();
    assert_eq!(conflicts, tag.contradicting);
    assert!((0.0..1.0).contains(&tag.precision_lower_bound));
    assert_eq!(suggestion.samples.len(), 10.min(suggestion.members.len()));
    assert!(
        suggestion
            .samples
            .iter()
            .all(|row| suggestion.members.contains(row))
    );
    assert!(suggestion.condition.starts_with("resource.") || suggestion.condition.starts_with('\''));
}

#[test]
fn what_is_settled_gains_nothing() {
    let inputs = estate();
    let mut index = index(&inputs, SMALL);
    let before = index.rank(&[]);
    assert!(!before.is_empty());
    let keys: Vec<String> = index.cells.keys().to_vec();
    let all: Vec<HeldValue> = keys.iter().map(|key| held(key, "settled")).collect();
    for row in &before[0].members {
        index.set_cells(*row, &all, &[]);
    }
    let after = index.rank(&[]);
    assert!(
        after
            .iter()
            .all(|suggestion| suggestion.pattern != before[0].pattern)
    );
    assert!(
        after
            .iter()
            .all(|suggestion| suggestion.tags.iter().all(|tag| tag.open > 0))
    );
    for row in 0..inputs.len() as u32 {
        index.set_cells(row, &all, &[]);
    }
    assert_eq!(index.rank(&[]), []);
}

const MANY: MinerSettings = MinerSettings {
    max_suggestions: 1000,
    ..SMALL
};

fn left_out(suggestion: &MinedSuggestion, key: &str) -> DecidedSuggestion {
    DecidedSuggestion {
        pattern: suggestion.pattern.clone(),
        signature: suggestion.signature.clone(),
        keys: BTreeMap::from([(key.to_owned(), KeyDecision::LeftOut)]),
    }
}

/// Suggestion that a pattern would be, whatever the others settle.
fn suggestion_of(
    index: &SuggestionIndex,
    decided: &[DecidedSuggestion],
    pattern: &Pattern,
) -> Option<MinedSuggestion> {
    let mut numbers = 0..index.patterns() as u32;
    let number = numbers.find(|number| index.pattern(*number).as_ref() == Some(pattern))?;
    let ranking = rank::Ranking::new(index, decided);
    let rated = ranking.rate(number, &rank::SettledCells::new(index))?;
    Some(ranking.suggestion(&rated))
}

fn value_of(index: &SuggestionIndex, decided: &[DecidedSuggestion], pattern: &Pattern) -> Option<String> {
    let suggestion = suggestion_of(index, decided, pattern)?;
    let team = suggestion.tags.into_iter().find(|tag| tag.key == "team")?;
    Some(team.value)
}

#[test]
fn what_was_dismissed_stays_away_until_its_evidence_changes() {
    let mut inputs = estate();
    for row in (0..20).step_by(2) {
        inputs[row].holds.push(held("team", "books"));
    }
    let mut index = index(&inputs, MANY);
    let ranked = index.rank(&[]);
    let first = ranked
        .iter()
        .find(|suggestion| {
            suggestion
                .tags
                .iter()
                .any(|tag| tag.key == "team" && tag.agreeing == 10)
        })
        .unwrap();
    let pattern = &first.pattern;
    let decided = [left_out(first, "team")];
    assert_eq!(value_of(&index, &[], pattern).as_deref(), Some("books"));
    assert_eq!(value_of(&index, &decided, pattern), None);
    // More of the same is no news.
    let open = first
        .members
        .iter()
        .find(|row| inputs[**row as usize].holds.is_empty())
        .unwrap();
    index.set_cells(*open, &[held("team", "books")], &[]);
    assert_eq!(value_of(&index, &decided, pattern), None);
    assert!(
        index
            .rank(&decided)
            .iter()
            .all(|each| { each.pattern != *pattern || each.tags.iter().all(|tag| tag.key != "team") })
    );
    for (at, row) in first.members.iter().enumerate() {
        let holds = if at < 5 {
            Vec::new()
        } else {
            vec![held("team", "others")]
        };
        index.set_cells(*row, &holds, &[]);
    }
    assert_eq!(value_of(&index, &decided, pattern).as_deref(), Some("others"));
}

#[test]
fn keys_that_are_left_out_everywhere_become_less_likely() {
    let index = index(&estate(), MANY);
    let ranked = index.rank(&[]);
    let key = ranked[0].tags[0].key.as_str();
    let decided: Vec<DecidedSuggestion> = ranked
        .iter()
        .skip(1)
        .take(5)
        .map(|each| left_out(each, key))
        .collect();
    let gain = |decided: &[DecidedSuggestion]| {
        suggestion_of(&index, decided, &ranked[0].pattern).map_or(0.0, |suggestion| suggestion.gain)
    };
    assert!(gain(&[]) > gain(&decided) && gain(&decided) >= 0.0);
}

#[test]
fn the_same_seed_gives_the_same_suggestions() {
    let mut inputs = estate();
    inputs[3].cost = Some(9.5);
    let ranked = |seed| index(&inputs, MinerSettings { seed, ..SMALL }).rank(&[]);
    assert_eq!(ranked(7), ranked(7));
    let samples = |seed| {
        ranked(seed)
            .into_iter()
            .map(|each| each.samples)
            .collect::<Vec<_>>()
    };
    assert_ne!(samples(7), samples(8));
}

#[test]
fn costs_weigh_where_they_are_known() {
    let mut inputs = estate();
    for (row, input) in inputs.iter_mut().enumerate() {
        input.cost = Some(if row % 2 == 1 { 1000.0 } else { 1.0 });
    }
    let index = index(&inputs, SMALL);
    let first = index.rank(&[]).swap_remove(0);
    let expensive = first.members.iter().filter(|row| **row % 2 == 1).count();
    assert!(expensive * 2 >= first.members.len(), "{}", first.description);
    let sum: f64 = first
        .members
        .iter()
        .filter_map(|row| inputs[*row as usize].cost)
        .sum();
    assert_eq!(first.cost, Some(sum));
}
