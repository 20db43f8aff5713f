use std::collections::BTreeMap;

use super::*;
use crate::CloudProvider;
use crate::rules::ResourceFacts;
use proptest::prelude::*;

fn input(name: &str, tags: &[(&str, &str)]) -> ConditionInput {
    let tags = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    ConditionInput::new(&ResourceFacts {
        cloud: CloudProvider::Aws,
        account_id: "111122223333",
        resource_type: "rds/db",
        region: Some("eu-west-2"),
        name,
        resource_id: "arn:aws:rds:eu-west-2:111122223333:db/x",
        native_tags: &tags,
        tags: &tags,
    })
}

fn holds(condition: &str) -> bool {
    let condition = Condition::compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    condition.matches(&input("prod-payroll-db", &[("team", "Pay"), ("a.b/c", "1")]))
}

fn refused(condition: &str) -> ConditionError {
    match Condition::compile(condition) {
        Ok(_) => panic!("accepted: {condition}"),
        Err(error) => error,
    }
}

#[test]
fn conditions_hold_or_not() {
    for text in [
        "resource.cloud == 'aws' && resource.name.startsWith('prod-') && 'team' in resource.native_tags",
        "resource.name.matches('^prod-[a-z]+') && !resource.name.matches('staging')",
        "resource.tags['team'] == 'Pay' && resource.tags.team != 'pay'",
        "resource.tags['a.b/c'] == '1'",
        "has(resource.tags.team) && !has(resource.tags.owner)",
        "resource.account_id in ['111122223333', '444455556666']",
        "resource.tags.exists(key, key.startsWith('te'))",
        "resource.tags.all(key, resource.tags[key].size() <= 3)",
        "resource.tags.exists_one(key, key == 'team')",
        "size(resource.name) > 3 && size(resource.tags) in [1, 2]",
        "resource.tags['team'].lowerAscii() == 'pay'",
        "(resource.region == 'eu-west-2' ? resource.name : resource.cloud).endsWith('db')",
        "resource.tags['missing'] == 'x' || resource.resource_type == 'rds/db'",
        "true",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "resource.tags['missing'] == 'x'",
        "resource.tags.missing != 'x'",
        "false",
        "resource.name == ''",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn types_of_azure_have_no_case() {
    let tags = BTreeMap::new();
    let disk = |resource_type| {
        ConditionInput::new(&ResourceFacts {
            cloud: CloudProvider::Azure,
            account_id: "s",
            resource_type,
            region: None,
            name: "d",
            resource_id: "/subscriptions/s/Microsoft.Compute/disks/d",
            native_tags: &tags,
            tags: &tags,
        })
    };
    for text in [
        "resource.resource_type == 'Microsoft.Compute/disks'",
        "resource.resource_type in ['Microsoft.Compute/Snapshots', 'Microsoft.Compute/Disks']",
        "resource.resource_type.startsWith('Microsoft.Compute/') && resource.name == 'd'",
        "resource.resource_id.contains('Microsoft.Compute/disks')",
    ] {
        let condition = Condition::compile(text).unwrap();
        assert!(condition.matches(&disk("microsoft.compute/disks")), "{text}");
        assert!(condition.doubts().is_empty(), "{text}");
    }
    let other = Condition::compile("resource.resource_type != 'Microsoft.Compute/disks'").unwrap();
    assert!(!other.matches(&disk("microsoft.compute/disks")));
}

#[test]
fn a_missing_region_is_empty_text() {
    let tags = BTreeMap::new();
    let facts = ResourceFacts {
        cloud: CloudProvider::Gcp,
        account_id: "p",
        resource_type: "t",
        region: None,
        name: "n",
        resource_id: "i",
        native_tags: &tags,
        tags: &tags,
    };
    let condition = Condition::compile("resource.region == '' && resource.cloud == 'gcp'").unwrap();
    assert!(condition.matches(&ConditionInput::new(&facts)));
}

#[test]
fn faults_are_refused_with_position_and_reason() {
    for (text, position, reason) in [
        ("resource.nmae == 'x'", 9, "no field `nmae`"),
        ("true && foo", 8, "unknown variable `foo`"),
        ("'größe' == 'x' && foo", 20, "unknown variable `foo`"),
        ("resource == 'x'", 0, "needs a field"),
        ("resource.name", 8, "must be a boolean"),
        ("resource.name == 1", 14, "cannot be compared"),
        ("resource.name && true", 8, "must be a boolean"),
        ("resource.name.frobnicate()", 24, "no function `frobnicate`"),
        ("now() == 1", 3, "unknown function `now`"),
        ("resource.name.matches(resource.cloud)", 30, "literal"),
        ("resource.name.matches('(')", 22, "not a valid pattern"),
        ("resource.name + 'x' == 'y'", 14, "not available"),
        (
            "resource.tags.exists(k, resource.tags.exists(l, l == k))",
            44,
            "nested",
        ),
        ("resource.tags.map(k, k).size() > 0", 17, "only the macros"),
        ("resource.name in ['a', 1]", 23, "one type"),
        ("has(resource.name)", 3, "always there"),
        ("resource.name ==", 16, ""),
        ("'größe' == 'x' &&", 19, ""),
        ("'größe' == 'x' ? @", 19, ""),
        ("\n\n'ß' ==", 9, ""),
        ("", 0, ""),
        ("1.5 == 1.5", 0, "whole numbers"),
    ] {
        let error = refused(text);
        assert!(error.reason.contains(reason), "{text}: {error}");
        assert_eq!(error.position, Some(position), "{text}: {error}");
    }
}

#[test]
fn input_beyond_the_limits_is_cut() {
    let long = "é".repeat(10_000);
    let many: BTreeMap<String, String> = (0..1000).map(|n| (format!("k{n:04}"), long.clone())).collect();
    let facts = ResourceFacts {
        cloud: CloudProvider::Aws,
        account_id: "",
        resource_type: "",
        region: None,
        name: &long,
        resource_id: "",
        native_tags: &many,
        tags: &many,
    };
    let condition =
        "size(resource.tags) == 256 && size(resource.name) == 2048 && size(resource.tags['k0000']) == 2048";
    assert!(
        Condition::compile(condition)
            .unwrap()
            .matches(&ConditionInput::new(&facts))
    );
}

/// On a stack of 2 MiB, as tokio's workers have; an overflow would abort the whole test run.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn hostile_text_never_overflows_the_stack() {
    on_small_stack(|| {
        let n = 50_000;
        for text in [
            "(".repeat(n),
            format!("{}true{}", "(".repeat(n), ")".repeat(n)),
            "[".repeat(n),
            "{".repeat(n),
            "!".repeat(n) + "true",
            "-".repeat(n) + "1",
            "true?".repeat(n),
            "a.".repeat(n) + "a",
            "true && ".repeat(n) + "true",
            "1+".repeat(n) + "1",
            "'".repeat(n),
            "\u{0}\u{feff}\\".repeat(n),
        ] {
            refused(&text);
        }
    });
}

#[test]
fn the_deepest_accepted_text_compiles_runs_and_drops_on_a_small_stack() {
    on_small_stack(|| {
        let resource = input("prod-x", &[("a", "b")]);
        let accepted = [
            format!("{}true{}", "(".repeat(24), ")".repeat(24)),
            "true && ".repeat(511) + "true",
            "true || ".repeat(511) + "true",
            format!("{}true", "true ? true : ".repeat(16)),
            "!!!!(".repeat(5) + "true" + &")".repeat(5),
            format!("resource.name{}.startsWith('p')", ".lowerAscii()".repeat(21)),
            "true == ".repeat(22) + "true",
        ];
        for text in accepted {
            let condition = Condition::compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            condition.matches(&resource);
            drop(condition);
        }
        // Short enough for the first look, too deep for the check.
        for text in [
            "a.".repeat(500) + "a",
            "1+".repeat(500) + "1",
            "true == ".repeat(30) + "true",
        ] {
            refused(&text);
        }
    });
}

/// The parser's own depth must fit the compiler's stack whatever the first look lets through.
#[test]
fn the_compiler_stack_fits_the_longest_chains() {
    for chain in ["a.", "1+", "a==", "a[0]", "a?a:", "a||", "!a||", "f("] {
        let text = chain.repeat(complexity_limits::MAX_BYTES / chain.len() - 1);
        let thread = std::thread::Builder::new()
            .stack_size(COMPILE_STACK)
            .spawn(move || compile(text).is_err());
        assert!(thread.unwrap().join().unwrap(), "{chain}");
    }
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_refused_inside_it(
        text in "(resource|\\.name|\\.tags|\\(|\\)|\\[|\\]|'a'|&&|\\|\\||!|==|in|\\?|:|1|\\.matches|\\.exists|k,| |\\PC){0,20}"
    ) {
        match Condition::compile(&text) {
            Ok(condition) => { condition.matches(&input("x", &[])); }
            Err(error) => prop_assert!(error.position.is_none_or(|at| at <= text.len())),
        }
    }
}

#[test]
fn what_a_condition_may_take_is_bounded_when_it_is_compiled() {
    let many = |part: &str, times: usize, between: &str| vec![part; times].join(between);
    let on_each_tag = |test: &str| format!("resource.tags.all(k, {test})");
    for text in [
        on_each_tag(&many("resource.tags[k] == 'a'", 10, " || ")),
        many("resource.name.matches('a')", 16, " || "),
        format!("resource.name in [{}]", many("'123456789012'", 200, ",")),
    ] {
        assert!(Condition::compile(&text).is_ok(), "{text}");
    }
    let refusal = |text: &str| Condition::compile(text).unwrap_err().reason;
    let steps = on_each_tag(&many("resource.tags[k] == 'a'", 60, " || "));
    assert!(refusal(&steps).contains("steps"));
    let listed = on_each_tag(&format!("k in [{}]", many("'a'", 150, ",")));
    assert!(refusal(&listed).contains("steps"));
    let patterns = many("resource.name.matches('a')", 17, " || ");
    assert!(refusal(&patterns).contains("patterns"));
}

#[test]
fn errors_say_where_they_are_and_how_long() {
    for (text, wrong) in [
        ("resource.name == 'x' && resource.nme == 'y'", "nme"),
        ("resource.name == 'É' && resource.cloud == 7", "=="),
        ("resource.name.startsWith(3)", "3"),
    ] {
        let error = refused(text);
        let start = error.position.unwrap();
        let found = &text[start..start + error.length];
        assert!(
            found.contains(wrong) && found.len() < text.len(),
            "{text}: {found}"
        );
    }
}

#[test]
fn a_condition_in_use_is_not_compiled_again() {
    let text = "resource.name == 'compiled-once'";
    let first = Condition::compile(text).unwrap();
    let again = Condition::compile(text).unwrap();
    assert!(Arc::ptr_eq(&first.0, &again.0));
}
