use super::*;
use crate::CloudProvider;
use crate::engine::tests::subject;
use crate::rules::{CompiledRule, Condition, ConditionInput, ResourceFacts, RuleVerdict, ValueTemplate};
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

/// A pattern that no cache helps, many times over.
fn slow_rule() -> CompiledRule {
    let pattern = "(?:[a-y]|[b-z]|a[a-z]{1,30}){40}[0-9]";
    let condition = format!("resource.native_tags.exists(k, resource.native_tags[k].matches('{pattern}'))");
    CompiledRule {
        id: 1,
        name: "slow".into(),
        priority: 1,
        digest: String::new(),
        condition: Condition::compile(&condition).unwrap(),
        key: "team".into(),
        value: ValueTemplate::compile("x").unwrap(),
        confidence: 0.9,
        approves: false,
        corrects: false,
        version: 1,
    }
}

fn input(tags: usize) -> ConditionInput {
    let tags: BTreeMap<String, String> = (0..tags)
        .map(|n| (format!("k{n}"), "abcdefghijklmnopqrstuvwxyz".repeat(150)))
        .collect();
    ConditionInput::new(&ResourceFacts {
        cloud: CloudProvider::Aws,
        account_id: "1",
        resource_type: "t",
        region: None,
        name: "x",
        resource_id: "x",
        native_tags: &tags,
        tags: &BTreeMap::new(),
    })
}

#[test]
fn a_rule_that_takes_too_long_is_given_up_and_the_next_is_asked() {
    let (slow, input) = (slow_rule(), input(256));
    let began = processor_time();
    assert_eq!(slow.apply(&input, &subject("x", &[])), RuleVerdict::TooExpensive);
    let all = processor_time().saturating_sub(began);
    let quick = CompiledRule {
        condition: Condition::compile("resource.name.matches('^x$')").unwrap(),
        ..slow
    };
    assert_eq!(
        quick.apply(&input, &subject("x", &[])),
        RuleVerdict::Value("x".into())
    );
    // Not a measure of speed: all 256 tags would take a hundred times as long.
    assert!(all < OF_RULE * 40, "{all:?}");
}

#[test]
fn work_ends_when_its_time_is_over() {
    let over = |most| {
        limited(most, StopFlag::default(), || {
            (0..=UNSEEN_RULES).any(|_| is_over())
        })
    };
    assert!(over(Duration::ZERO));
    assert!(!over(Duration::MAX));
    assert!(!is_over(), "work has no end where none was set");
}

#[test]
fn work_ends_when_nobody_waits_for_it() {
    let (begun, began) = mpsc::channel();
    let stop = StopFlag::default();
    let of_work = stop.clone();
    let work = thread::spawn(move || {
        limited(Duration::MAX, of_work, || {
            begun.send(()).unwrap();
            let (rule, input) = (slow_rule(), input(256));
            while !is_over() {
                rule.apply(&input, &subject("x", &[]));
            }
        });
    });
    began.recv().unwrap();
    stop.stop();
    work.join().unwrap();
}
