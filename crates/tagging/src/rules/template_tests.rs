use super::*;
use crate::engine::tests::subject;
use proptest::prelude::*;

fn render(template: &str, name: &str) -> Option<String> {
    ValueTemplate::compile(template)
        .unwrap()
        .render(&subject(name, &[("Team", "Pay Roll"), ("cc", "")]))
}

#[test]
fn literal_text_is_itself() {
    assert_eq!(
        render("Payments Platform", "x").as_deref(),
        Some("Payments Platform")
    );
    assert_eq!(render("a { b } c", "x").as_deref(), Some("a { b } c"));
}

#[test]
fn captures_are_filled_from_the_name() {
    let template = "team-{{ name | capture('^([a-z]+)-') }}";
    assert_eq!(render(template, "pay-db").as_deref(), Some("team-pay"));
    assert_eq!(render(template, "42"), None);
    assert_eq!(
        render("{{name|capture('(x*)')}}", "pay"),
        None,
        "an empty group gives no value"
    );
    assert_eq!(
        render(
            "{{ name | capture('^([a-z]{2})') }}/{{ name | capture('(\\d+)$') }}",
            "pay-7"
        ),
        Some("pa/7".into())
    );
    assert_eq!(render(template, &format!("{}-x", "a".repeat(300))), None);
}

#[test]
fn values_of_native_tags_and_fields_are_filled_in() {
    assert_eq!(
        render("{{ native_tags['Team'] | lower }}", "x").as_deref(),
        Some("pay roll")
    );
    assert_eq!(
        render(
            "{{ native_tags['Team'] | capture('^(\\w+)') | lower }}-{{cloud}}",
            "x"
        )
        .as_deref(),
        Some("pay-aws")
    );
    assert_eq!(
        render("{{ native_tags['team'] }}", "x"),
        None,
        "keys are as spelled"
    );
    assert_eq!(
        render("{{ native_tags['cc'] }}", "x"),
        None,
        "an empty tag gives no value"
    );
    assert_eq!(
        render("acc-{{ account_id }}", "x").as_deref(),
        Some("acc-111122223333")
    );
    let template = ValueTemplate::compile("{{ native_tags['Team'] }}").unwrap();
    assert!(template.reads().contains("native_tags") && template.constant().is_none());
    assert_eq!(ValueTemplate::compile("pay").unwrap().constant(), Some("pay"));
}

#[test]
fn placeholders_of_other_languages_are_found() {
    let found = |text: &str| -> Vec<String> {
        foreign_placeholders(text)
            .into_iter()
            .map(|range| text[range].to_owned())
            .collect()
    };
    assert_eq!(found("{name}-$1-${team}"), ["{name}", "$1", "${team}"]);
    assert_eq!(
        found("{{ name | capture('^([a-z]{2})$1') }}"),
        Vec::<String>::new()
    );
    assert_eq!(found("{{ name | lower }}-{team}"), ["{team}"]);
    assert_eq!(found("100% of $ and {}"), Vec::<String>::new());
}

#[test]
fn malformed_templates_are_refused_with_their_position() {
    let position = |text: &str| ValueTemplate::compile(text).unwrap_err().position;
    assert_eq!(position("  "), 0);
    assert_eq!(position("a {{ nmae }}"), 5);
    assert_eq!(position("a {{ name | capture('(x)' }}"), 21);
    assert_eq!(position("{{ name | capture('(') }}"), 19);
    assert_eq!(position("{{ name | capture('x') }}"), 19);
    assert_eq!(position("a\u{7}"), 1);
    assert_eq!(position("{{ native_tags[team] }}"), 15);
    assert_eq!(position("{{ native_tags['team' }}"), 22);
    assert_eq!(position("{{ name | upper }}"), 10);
    assert_eq!(position("{{ name | lower"), 15);
    assert!(ValueTemplate::compile(&"a".repeat(257)).is_err());
    assert!(ValueTemplate::compile(&"{{name}}".repeat(9)).is_err());
    assert!(ValueTemplate::compile(&format!("{{{{ name {} }}}}", "| lower".repeat(5))).is_err());
    let giant = format!("{{{{ name | capture('({})') }}}}", "a{1000}".repeat(70));
    assert!(ValueTemplate::compile(&giant).is_err());
}

proptest! {
    #[test]
    fn any_text_compiles_or_is_refused_inside_it(text in "(\\{\\{|\\}\\}|name|native_tags|\\['|'\\]|lower|team|\\||capture|\\('|'\\)|\\(|\\)|[a-z ]|\\PC){0,24}", name in "\\PC{0,20}") {
        match ValueTemplate::compile(&text) {
            Ok(template) => {
                if let Some(value) = template.render(&subject(&name, &[("team", "x")])) {
                    prop_assert!(!value.is_empty() && value.chars().count() <= 256);
                }
            }
            Err(error) => prop_assert!(error.position <= text.len()),
        }
    }
}
