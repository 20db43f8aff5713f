use super::*;
use crate::engine::tests::subject;
use crate::rules::{Condition, ConditionInput, RuleVerdict, ValueTemplate};
use crate::{CloudProvider, Subject, Vocabulary};
use proptest::prelude::*;

fn rule(id: i64, condition: &str) -> CompiledRule {
    CompiledRule {
        id,
        name: format!("rule {id}"),
        priority: 1,
        digest: String::new(),
        condition: Condition::compile(condition).unwrap(),
        key: format!("key{id}"),
        value: ValueTemplate::compile("x").unwrap(),
        confidence: 0.9,
        approves: false,
        corrects: false,
        version: 1,
    }
}

fn candidates(rules: &[CompiledRule], subject: &Subject) -> Vec<usize> {
    let effective = subject.effective_tags(&Vocabulary::default());
    let view = SubjectView {
        subject,
        effective: Some(&effective),
    };
    let index = RuleIndex::new(rules);
    index
        .candidates(&view)
        .iter()
        .filter(|&number| rules[number].condition.requirement().allows(&view))
        .collect()
}

/// Words that names, tags and literals are made of, so that they meet.
const WORD: &str = "(pay|Pay|prod|db|a|b|-|aws|AWS|1|team|env|É)";

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(WORD, 0..4).prop_map(|words| words.concat())
}

fn operand() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        Just("resource.name".to_owned()),
        Just("resource.cloud".to_owned()),
        Just("resource.account_id".to_owned()),
        Just("resource.resource_type".to_owned()),
        Just("resource.region".to_owned()),
        Just("resource.resource_id".to_owned()),
        "(native_tags|tags)\\['(team|env|a|application)'\\]".prop_map(|tag| format!("resource.{tag}")),
    ];
    (plain, any::<bool>()).prop_map(|(text, lower)| {
        let suffix = if lower { ".lowerAscii()" } else { "" };
        text + suffix
    })
}

fn pattern() -> impl Strategy<Value = String> {
    "(\\^)?(pay|prod|\\[ab\\]|\\(pay\\|db\\)|\\(\\?i:pay\\)|a\\*|\\.\\*|-){1,4}(\\$)?"
}

fn test() -> impl Strategy<Value = String> {
    prop_oneof![
        (operand(), "(==|!=)", text()).prop_map(|(a, op, b)| format!("{a} {op} '{b}'")),
        (operand(), "(startsWith|endsWith|contains)", text()).prop_map(|(a, f, b)| format!("{a}.{f}('{b}')")),
        (operand(), pattern()).prop_map(|(a, b)| format!("{a}.matches('{b}')")),
        (operand(), text(), text()).prop_map(|(a, b, c)| format!("{a} in ['{b}', '{c}']")),
        "'(team|env|a)' in resource\\.(native_tags|tags)",
        "has\\(resource\\.(native_tags|tags)\\.(team|env)\\)",
        (operand(), "(<|>=)", 0..9).prop_map(|(a, op, n)| format!("{a}.size() {op} {n}")),
        (
            "(exists|all|exists_one)",
            operand(),
            "(startsWith|contains)",
            text(),
            text()
        )
            .prop_map(|(m, a, f, b, c)| format!("['{b}', '{c}'].{m}(p, {a}.{f}(p))")),
        Just("resource.native_tags.exists(k, k.startsWith('te'))".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    test().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let tags = proptest::collection::btree_map("(team|env|Env|a|Team)", text(), 0..4);
    (
        text(),
        text(),
        text(),
        proptest::option::of(text()),
        tags,
        0..3usize,
    )
        .prop_map(
            |(name, account_id, resource_type, region, native_tags, cloud)| Subject {
                account_id,
                resource_type,
                region,
                native_tags,
                cloud: [CloudProvider::Aws, CloudProvider::Gcp, CloudProvider::Azure][cloud],
                ..subject(&name, &[])
            },
        )
}

fn matching(rules: &[CompiledRule], input: &ConditionInput, subject: &Subject) -> Vec<usize> {
    let matches = |number: &usize| matches!(rules[*number].apply(input, subject), RuleVerdict::Value(_));
    (0..rules.len()).filter(matches).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_index_leaves_out_no_rule_that_matches(
        conditions in proptest::collection::vec(condition(), 1..12),
        subjects in proptest::collection::vec(any_subject(), 1..6),
    ) {
        let rules: Vec<CompiledRule> = (0..).zip(&conditions).map(|(id, text)| rule(id, text)).collect();
        for subject in &subjects {
            let input = subject.rule_input(&Vocabulary::default());
            let found = candidates(&rules, subject);
            for number in matching(&rules, &input, subject) {
                prop_assert!(found.contains(&number), "{} on {subject:?}", conditions[number]);
            }
        }
    }
}

#[test]
fn the_index_asks_only_rules_that_can_match() {
    let mut rules: Vec<CompiledRule> = (0..500)
        .map(|n| match n % 5 {
            0 => format!("resource.account_id == '{n}'"),
            1 => format!("resource.name.startsWith('service{n}-')"),
            2 => format!("resource.native_tags['team'] == 'team{n}' && resource.cloud == 'aws'"),
            3 => format!("resource.name.matches('^app{n}-.*$') || resource.name.contains('-app{n}-')"),
            _ => format!("resource.region in ['r{n}', 's{n}'] && resource.name != 'x'"),
        })
        .zip(0..)
        .map(|(text, id)| rule(id, &text))
        .collect();
    let mut resource = subject("service101-x-app103-db", &[("team", "team102")]);
    resource.account_id = "100".into();
    resource.region = Some("s104".into());
    assert_eq!(candidates(&rules, &resource), [100, 101, 102, 103, 104]);
    assert_eq!(candidates(&rules, &subject("other", &[("team", "none")])), [0; 0]);
    rules.push(rule(500, "resource.name.size() > 2"));
    assert_eq!(candidates(&rules, &subject("other", &[])), [500]);
}

#[test]
fn texts_that_are_all_parts_are_bounded() {
    let rules: Vec<CompiledRule> = (2..200)
        .map(|n| {
            rule(
                n,
                &format!("resource.name.contains('{}')", "a".repeat(n as usize)),
            )
        })
        .collect();
    let found = candidates(&rules, &subject(&"a".repeat(1_000), &[]));
    assert_eq!(found.len(), rules.len());
}

#[test]
fn a_condition_with_many_parts_is_always_asked() {
    let texts: Vec<String> = (0..120).map(|n| format!("'part{n}'")).collect();
    let condition = format!("[{}].exists(p, resource.name.contains(p))", texts.join(", "));
    let rules = [rule(1, &condition)];
    let index = RuleIndex::new(&rules);
    assert_eq!(index.always, [0]);
    assert_eq!(candidates(&rules, &subject("x-part119", &[])), [0]);
}
