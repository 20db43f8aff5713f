use super::*;
use proptest::prelude::*;

fn shipped() -> Vocabulary {
    Vocabulary::parse(include_str!("vocabulary.json")).unwrap()
}

#[test]
fn the_shipped_file_parses_and_governs_six_keys() {
    let shipped = shipped();
    let governed = shipped.keys().iter().filter(|key| key.governed);
    let governed: Vec<&str> = governed.map(|key| key.name.as_str()).collect();
    assert_eq!(
        governed,
        [
            "environment",
            "owner",
            "team",
            "application",
            "cost-center",
            "business-unit"
        ]
    );
}

#[test]
fn keys_are_found_by_any_spelling() {
    let vocabulary = shipped();
    for raw in [
        "Env",
        "ENVIRONMENT",
        "environment-name",
        "stage",
        "foo.example.org/environment-name",
        "a:b:env",
    ] {
        assert_eq!(vocabulary.canonical_key(raw), Some("environment"), "{raw}");
    }
    assert_eq!(vocabulary.canonical_key("CostCentre"), Some("cost-center"));
    assert_eq!(vocabulary.canonical_key("Name"), None);
    assert!(vocabulary.match_key("solution").unwrap().weak);
    let of_project = vocabulary.key_matches("project");
    let of_project: Vec<(&str, bool)> = of_project
        .iter()
        .map(|found| (found.key.name.as_str(), found.weak))
        .collect();
    assert_eq!(of_project, [("project", false), ("application", true)]);
    assert!(!vocabulary.match_key("github team").unwrap().weak);
}

#[test]
fn values_are_normalised_and_junk_proves_nothing() {
    let vocabulary = shipped();
    let value = |key: &str, raw: &str| vocabulary.canonical_value(key, raw);
    for (raw, expected) in [
        ("prd", "production"),
        (" PROD ", "production"),
        ("Pre-Prod", "pre-production"),
        ("payroll-development", "development"),
        ("payroll-pre-prod", "pre-production"),
        ("test", "test"),
        ("Blue Team", "blue-team"),
    ] {
        assert_eq!(value("environment", raw).as_deref(), Some(expected), "{raw}");
    }
    for junk in [
        "",
        "tbd",
        "N/A",
        "<product owner>",
        "${var.owner}",
        "--",
        "test",
        "None.",
    ] {
        assert_eq!(value("owner", junk), None, "{junk}");
    }
    let owner = value("owner", "Payments: Pay.Team@Example.org");
    assert_eq!(owner.as_deref(), Some("pay.team@example.org"));
    assert_eq!(
        value("team", "Payments  Platform").as_deref(),
        Some("payments-platform")
    );
    assert_eq!(value("team", &"a".repeat(300)), None);
}

#[test]
fn the_fingerprint_follows_the_content() {
    let changed = include_str!("vocabulary.json").replace("\"prd\", ", "");
    assert_eq!(shipped().fingerprint(), Vocabulary::default().fingerprint());
    assert_ne!(
        shipped().fingerprint(),
        Vocabulary::parse(&changed).unwrap().fingerprint()
    );
    assert_eq!(shipped().fingerprint().len(), 64);
}

#[test]
fn ambiguity_and_bad_names_are_refused() {
    let key = |name: &str, synonym: &str| {
        format!(
            r#"{{"name":"{name}","description":"","governed":true,"synonyms":["{synonym}"],"open":true}}"#
        )
    };
    let file = |a: &str, b: &str| format!(r#"{{"keys":[{a},{b}],"junk":[]}}"#);
    let twice = Vocabulary::parse(&file(&key("a", "x-y"), &key("b", "X_Y")));
    assert!(matches!(twice, Err(VocabularyError::AmbiguousKey { .. })));
    let name = Vocabulary::parse(&file(&key("A", "x"), &key("b", "y")));
    assert!(matches!(name, Err(VocabularyError::KeyName(_))));
    assert!(matches!(Vocabulary::parse("{"), Err(VocabularyError::Json(_))));
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(raw in "\\PC{0,60}", key in "(environment|owner|team|criticality)") {
        let vocabulary = shipped();
        if let Some(once) = vocabulary.canonical_value(&key, &raw) {
            prop_assert_eq!(vocabulary.canonical_value(&key, &once), Some(once.clone()));
        }
    }

    #[test]
    fn case_and_separators_of_keys_do_not_matter(separator in "[-_. ]", upper in any::<bool>()) {
        let raw = ["environment", "name"].join(&separator);
        let raw = if upper { raw.to_uppercase() } else { raw };
        let vocabulary = shipped();
        prop_assert_eq!(vocabulary.canonical_key(&raw), Some("environment"));
    }
}
