use super::*;
use crate::domain::Cloud;
use crate::domain::rules::{Condition, Facts, Rule, RuleInput, ValueTemplate, Verdict};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

/// A pattern that no cache helps, many times over.
fn slow_rule() -> Rule {
    let pattern = "(?:[a-y]|[b-z]|a[a-z]{1,30}){40}[0-9]";
    let condition = format!("resource.native_tags.exists(k, resource.native_tags[k].matches('{pattern}'))");
    Rule {
        id: 1,
        name: "slow".into(),
        priority: 1,
        digest: String::new(),
        condition: Condition::compile(&condition).unwrap(),
        key: "team".into(),
        value: ValueTemplate::compile("x").unwrap(),
        confidence: 0.9,
    }
}

fn input(tags: usize) -> RuleInput {
    let tags: BTreeMap<String, String> = (0..tags)
        .map(|n| (format!("k{n}"), "abcdefghijklmnopqrstuvwxyz".repeat(150)))
        .collect();
    RuleInput::new(&Facts {
        cloud: Cloud::Aws,
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
    assert_eq!(slow.apply(&input, "x"), Verdict::TooExpensive);
    let all = processor_time().saturating_sub(began);
    let quick = Rule {
        condition: Condition::compile("resource.name.matches('^x$')").unwrap(),
        ..slow
    };
    assert_eq!(quick.apply(&input, "x"), Verdict::Value("x".into()));
    // Not a measure of speed: all 256 tags would take a hundred times as long.
    assert!(all < OF_RULE * 40, "{all:?}");
}

#[tokio::test]
async fn work_ends_when_its_time_is_over() {
    let over = compute(Duration::ZERO, || (0..=UNSEEN_RULES).any(|_| is_over()));
    assert!(over.await.unwrap());
    let over = compute(Duration::MAX, || (0..=UNSEEN_RULES).any(|_| is_over()));
    assert!(!over.await.unwrap());
    assert!(!is_over(), "work has no end where none was set");
}

#[tokio::test]
async fn work_ends_when_nobody_waits_for_it() {
    let (begun, began) = mpsc::channel();
    let ended = Arc::new(AtomicBool::new(false));
    let is_ended = Arc::clone(&ended);
    let work = tokio::spawn(compute(Duration::MAX, move || {
        begun.send(()).unwrap();
        let (rule, input) = (slow_rule(), input(256));
        while !is_over() {
            rule.apply(&input, "x");
        }
        is_ended.store(true, Ordering::Release);
    }));
    tokio::task::spawn_blocking(move || began.recv().unwrap())
        .await
        .unwrap();
    work.abort();
    while !ended.load(Ordering::Acquire) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
