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
fn slips_in_long_words_fold_but_never_between_two_known_words() {
    let vocabulary = shipped();
    for raw in ["Enviroment", "enviromnent", "acme:envrionment", "environments"] {
        assert_eq!(vocabulary.canonical_key(raw), Some("environment"), "{raw}");
    }
    assert_eq!(vocabulary.canonical_key("cost_centr"), Some("cost-center"));
    // As near to `team` as to nothing: short words are taken as they are.
    assert_eq!(vocabulary.canonical_key("teem"), None);
    assert_eq!(
        vocabulary.canonical_key("product").map(str::to_owned),
        Some("application".into())
    );
    assert_eq!(
        vocabulary.canonical_key("project").map(str::to_owned),
        Some("project".into())
    );
    for (raw, expected) in [
        ("produciton", "production"),
        ("developement", "development"),
        ("payroll-stagging", "staging"),
        ("testing", "test"),
    ] {
        let value = vocabulary.canonical_value("environment", raw);
        assert_eq!(value.as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn phrases_come_before_their_words() {
    let vocabulary = shipped();
    for (raw, expected) in [
        ("Non-functional testing", "performance"),
        ("user acceptance testing", "uat"),
        ("non prod", "non-production"),
        ("PayrollPreProd", "pre-production"),
        ("disaster recovery", "disaster-recovery"),
    ] {
        let value = vocabulary.canonical_value("environment", raw);
        assert_eq!(value.as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn negations_and_lists_state_nothing() {
    let vocabulary = shipped();
    for raw in [
        "NotProd",
        "not production",
        "notprod",
        "no test",
        "Prod,Dev",
        "prod/staging",
        "dev and test",
    ] {
        assert_eq!(vocabulary.canonical_value("environment", raw), None, "{raw}");
    }
    let same = vocabulary.canonical_value("environment", "prod, production");
    assert_eq!(same.as_deref(), Some("production"));
}

#[test]
fn values_that_are_not_listed_are_kept_and_are_not_valid() {
    let vocabulary = shipped();
    assert_eq!(
        vocabulary.canonical_value("environment", "Parity").as_deref(),
        Some("parity")
    );
    assert!(!vocabulary.is_valid("environment", "parity"));
    assert!(vocabulary.is_valid("environment", "production"));
    assert!(vocabulary.is_valid("team", "anything"));
    assert!(vocabulary.is_valid("colour", "anything"));
}

#[test]
fn tags_that_providers_write_state_nothing() {
    let vocabulary = shipped();
    assert_eq!(vocabulary.canonical_key("aws:createdBy"), None);
    assert_eq!(vocabulary.canonical_key("AWS:servicecatalog:environment"), None);
    assert_eq!(
        vocabulary.canonical_key("app.kubernetes.io/managed-by"),
        Some("managed-by")
    );
}

#[test]
fn what_people_and_rules_give_is_written_as_the_vocabulary_does() {
    let vocabulary = shipped();
    let canonical = |key: &str, value: &str| {
        let tag = vocabulary.canonical(key, value);
        let again = vocabulary.canonical(&tag.key, &tag.value);
        assert_eq!(tag, again);
        (tag.key, tag.value)
    };
    for ((key, value), (as_key, as_value)) in [
        (("Environment", "Prod"), ("environment", "production")),
        (("Team", "Pay Roll"), ("team", "pay-roll")),
        (("cost_center", "CC-1410"), ("cost-center", "cc-1410")),
        (("Owner", "TBD"), ("owner", "tbd")),
        (("Env", "Prod,Dev"), ("environment", "prod,dev")),
        (("Colour", "Dark Red"), ("Colour", "Dark Red")),
        // Punctuation may tell codes apart; that of a known value does not.
        (("Cost Center", " 12/34-A "), ("cost-center", "12/34-a")),
        (("Owner", "=cmd"), ("owner", "=cmd")),
        (("Env", "Prod!"), ("environment", "production")),
        // A spelling that only often means a key is a key of its own.
        (("solution", "Alpha"), ("solution", "Alpha")),
    ] {
        assert_eq!(
            canonical(key, value),
            (as_key.into(), as_value.into()),
            "{key}={value}"
        );
    }
}

#[test]
fn patterns_and_settings_of_keys_are_checked() {
    let file = |settings: &str| {
        format!(
            r#"{{"keys":[{{"name":"code","description":"","governed":true,"open":true{settings}}}],"junk":[]}}"#
        )
    };
    let vocabulary = Vocabulary::parse(&file(r#","pattern":"cc-[0-9]+""#)).unwrap();
    assert!(vocabulary.is_valid("code", "cc-12"));
    assert!(!vocabulary.is_valid("code", "xcc-12"));
    let refused = |settings: &str| Vocabulary::parse(&file(settings)).err().unwrap();
    assert!(matches!(
        refused(r#","pattern":"(""#),
        VocabularyError::Pattern { .. }
    ));
    assert!(matches!(
        refused(r#","auto_apply_threshold":0.6,"manual_review_threshold":0.7"#),
        VocabularyError::KeyThresholds(_)
    ));
    assert!(matches!(
        refused(r#","auto_apply_threshold":1.5"#),
        VocabularyError::KeyThresholds(_)
    ));
    assert!(matches!(
        refused(r#","values":[{"name":"A"}]"#),
        VocabularyError::ValueName { .. }
    ));
}

#[test]
fn sources_of_the_shipped_keys_are_named() {
    let vocabulary = shipped();
    for key in vocabulary.keys() {
        assert!(!key.sources.is_empty(), "{}", key.name);
        for source in &key.sources {
            assert!(
                vocabulary
                    .file()
                    .sources
                    .iter()
                    .any(|named| named.name == *source),
                "{source}"
            );
        }
    }
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
