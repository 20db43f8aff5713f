//! Values that state something, and those that do not.

use super::Vocabulary;

fn shipped() -> Vocabulary {
    Vocabulary::default()
}

#[test]
fn short_words_are_values_where_codes_are() {
    let vocabulary = shipped();
    for (key, raw, value) in [
        ("business-unit", "NA", "na"),
        ("business-unit", "NO", "no"),
        ("business-unit", "APAC", "apac"),
        ("cost-center", "1", "1"),
        ("cost-center", "0", "0"),
        ("cost-center", "007", "007"),
        ("application", "Default", "default"),
        ("team", "Other", "other"),
    ] {
        assert_eq!(
            vocabulary.canonical_value(key, raw).as_deref(),
            Some(value),
            "{key}={raw}"
        );
        assert_eq!(vocabulary.canonical(key, raw).value, value);
    }
    for key in ["business-unit", "cost-center", "team", "owner", "environment"] {
        for nothing in [
            "n/a",
            "N/A",
            "none",
            "(none)",
            "(not tagged)",
            "Untagged",
            "null",
            "NaN",
            "#N/A",
            "TBD",
            "unknown",
            "-",
            "\"\"",
        ] {
            assert_eq!(vocabulary.canonical_value(key, nothing), None, "{key}={nothing}");
        }
    }
    for (key, raw) in [
        ("owner", "NA"),
        ("owner", "default"),
        ("environment", "NA"),
        ("environment", "1"),
    ] {
        assert_eq!(vocabulary.canonical_value(key, raw), None, "{key}={raw}");
    }
}

#[test]
fn tags_of_providers_and_tools_are_no_statements_of_people() {
    let vocabulary = shipped();
    for key in [
        "aws:createdBy",
        "elasticbeanstalk:environment-name",
        "elasticbeanstalk:environment-id",
        "lambda:createdBy",
        "sagemaker:project-name",
        "kubernetes.io/cluster/blue",
        "kubernetes.io/service-name",
        "goog-dataproc-cluster-name",
        "hidden-title",
        "hidden-link:/app-insights-resource-id",
        "ms-resource-usage",
        "azd-env-name",
    ] {
        assert_eq!(
            vocabulary.match_key(key).map(|found| found.key.name.as_str()),
            None,
            "{key}"
        );
    }
    for (key, canonical) in [
        ("app.kubernetes.io/part-of", "application"),
        ("example.org/environment", "environment"),
        ("acme:owner", "owner"),
    ] {
        assert_eq!(vocabulary.canonical_key(key), Some(canonical), "{key}");
    }
    for tool in [
        "SAM",
        "terraform",
        "CloudFormation",
        "AssumedRole:AROA3XFRBF535:deploy",
        "arn:aws:sts::123456789012:assumed-role/deployer/session",
        "GitHub Actions",
    ] {
        assert_eq!(vocabulary.canonical_value("owner", tool), None, "{tool}");
    }
    assert_eq!(
        vocabulary
            .canonical_value("owner", "AssumedRole:AROA3XFRBF535:ada@example.com")
            .as_deref(),
        Some("ada@example.com")
    );
    assert_eq!(
        vocabulary.canonical_value("owner", "Sam Smith").as_deref(),
        Some("sam-smith")
    );
}

#[test]
fn punctuation_that_tells_codes_apart_stays() {
    let vocabulary = shipped();
    for (raw, value) in [
        ("C++", "c++"),
        ("C#", "c#"),
        ("R&D", "r&d"),
        ("A/B-1", "a/b-1"),
        ("12.10", "12.10"),
        ("00123", "00123"),
        ("1e5", "1e5"),
        ("Payments & Platform", "payments-platform"),
        ("Ops (EMEA)", "ops-emea"),
        ("payments.platform", "payments-platform"),
    ] {
        assert_eq!(
            vocabulary.canonical_value("team", raw).as_deref(),
            Some(value),
            "{raw}"
        );
        assert_eq!(
            vocabulary.canonical_value("team", value).as_deref(),
            Some(value),
            "{value}"
        );
    }
}

#[test]
fn what_is_denied_is_no_value() {
    let vocabulary = shipped();
    for raw in [
        "not production",
        "NotProd",
        "not a prod",
        "isn't production",
        "never in production",
        "ex-prod",
        "kein Prod",
        "!prod",
        "Not for production use",
    ] {
        let value = vocabulary.canonical_value("environment", raw);
        assert_ne!(value.as_deref(), Some("production"), "{raw}");
    }
    assert_eq!(
        vocabulary.canonical_value("environment", "non-prod").as_deref(),
        Some("non-production")
    );
    assert_eq!(
        vocabulary
            .canonical_value("environment", "payroll prod")
            .as_deref(),
        Some("production")
    );
}
