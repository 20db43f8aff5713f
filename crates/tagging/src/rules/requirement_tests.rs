use super::*;
use crate::engine::tests::subject;
use crate::rules::Condition;

fn allows(condition: &str, name: &str, tags: &[(&str, &str)]) -> bool {
    let (condition, subject) = (Condition::compile(condition).unwrap(), subject(name, tags));
    let view = SubjectView {
        subject: &subject,
        effective: None,
    };
    condition.requirement().allows(&view)
}

#[test]
fn a_requirement_refuses_what_cannot_match() {
    assert!(!allows("resource.name.startsWith('pay-')", "bills", &[]));
    assert!(!allows(
        "resource.name.matches('^(pay|bill)-[0-9]+-db$')",
        "pay-web-1",
        &[]
    ));
    assert!(allows(
        "resource.name.matches('^(pay|bill)-[0-9]+-db$')",
        "pay-1-db",
        &[]
    ));
    assert!(!allows("resource.native_tags['team'] != 'x'", "a", &[]));
    assert!(!allows("!('team' in resource.native_tags)", "a", &[("team", "")]));
    assert!(!allows(
        "['a-', 'b-'].exists(p, resource.name.startsWith(p))",
        "c-",
        &[]
    ));
    assert!(allows(
        "['a-', 'b-'].exists(p, resource.name.startsWith(p))",
        "b-1",
        &[]
    ));
    assert!(!allows("resource.region == 'eu-west-1'", "a", &[]));
    assert!(
        allows("resource.tags['team'] == 'x'", "a", &[]),
        "effective tags are not known"
    );
}

#[test]
fn what_is_not_understood_requires_nothing() {
    for condition in [
        "resource.native_tags.exists(k, k.startsWith('x'))",
        "resource.name.size() > 3",
        "resource.name == 'a' || resource.name.size() > 3",
        "['resource'].exists(resource, resource.startsWith('x'))",
        "resource.name == resource.account_id",
        "resource.name.matches('.*')",
    ] {
        let requirement = Condition::compile(condition).unwrap();
        let requirement = requirement.requirement();
        assert!(
            matches!(requirement, Requirement::Nothing | Requirement::Impossible),
            "{condition}: {requirement:?}"
        );
    }
}

#[test]
fn a_resource_with_more_tags_than_conditions_see_is_always_allowed() {
    let mut subject = subject("a", &[]);
    subject.native_tags = (0..300).map(|n| (format!("k{n:03}"), String::new())).collect();
    let view = SubjectView {
        subject: &subject,
        effective: None,
    };
    for condition in [
        "'k299' in resource.native_tags",
        "!('k299' in resource.native_tags)",
    ] {
        assert!(Condition::compile(condition).unwrap().requirement().allows(&view));
    }
}
