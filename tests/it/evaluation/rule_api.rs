//! Rules over HTTP and as a file, as their authors have them.

use crate::support::db::TestDb;
use crate::support::process::run;
use crate::support::service::Service;
use serde_json::json;

const CREATE: &str = "mutation($rule: RuleInput!) { createRule(input: $rule) {
    rule { id tagKey tagValue version history(first: 5) { version changedBy tagValue } }
    run { jobName status }
    warnings { code field message position { line column length } }
    userErrors { code field position { line column length } } } }";

#[tokio::test]
async fn saving_gives_the_run_and_the_warnings_and_errors_say_where_they_are() {
    let service = Service::start_with(&[]).await;
    let rule = |name: &str, condition: &str, value: &str| json!({"rule": {"ruleName": name, "condition": condition, "tagKey": "Environment", "tagValue": value}});
    let condition = "resource.name == 'x' ||\n resource.cloud == 'AWS'";
    let data = service
        .data_for("ann", CREATE, rule("one", condition, "Prod"))
        .await;
    let saved = &data["createRule"];
    assert_eq!(saved["userErrors"], json!([]));
    assert_eq!(saved["rule"]["tagKey"], "environment");
    assert_eq!(saved["rule"]["tagValue"], "production");
    assert_eq!(
        saved["rule"]["history"],
        json!([{"version": 1, "changedBy": "ann", "tagValue": "production"}])
    );
    assert_eq!(saved["run"]["jobName"], "AUTO_TAG");
    let warning = &saved["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["field"]),
        (&json!("IMPOSSIBLE_CONSTANT"), &json!("condition"))
    );
    assert_eq!(warning["position"], json!({"line": 2, "column": 20, "length": 5}));

    let data = service
        .data_for("ann", CREATE, rule("two", "true &&\n resource.nme == 'x'", "x"))
        .await;
    let refused = &data["createRule"];
    assert!(refused["rule"].is_null() && refused["run"].is_null());
    assert_eq!(
        refused["userErrors"],
        json!([{"code": "INVALID", "field": "condition", "position": {"line": 2, "column": 11, "length": 3}}])
    );
    let language = "{ ruleLanguage { fields { name type } functions { signature } operators { name }
        templates { signature } examples { condition tagKey tagValue } } }";
    let language = service.data(language, json!({})).await;
    assert_eq!(
        language["ruleLanguage"]["fields"][0],
        json!({"name": "resource.cloud", "type": "string"})
    );
    for example in language["ruleLanguage"]["examples"].as_array().unwrap() {
        let mut named = example.clone();
        named["ruleName"] = example["condition"].clone();
        let made = service.data_for("ann", CREATE, json!({ "rule": named })).await;
        assert_eq!(made["createRule"]["userErrors"], json!([]), "{example}");
        assert_eq!(made["createRule"]["warnings"], json!([]), "{example}");
    }
}

#[tokio::test]
async fn rules_of_a_file_are_in_the_words_of_the_changed_vocabulary() {
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let changes = file(
        "vocabulary.json",
        r#"{"keys": {"environment": {"mappings": {"blue": "staging"}}, "tenant": {"synonyms": ["customer-name"]}}}"#,
    );
    let changed = run(&settings, &["vocabulary", "apply", &changes]).await;
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    let rules = file(
        "rules.yaml",
        "rules:
  - {ruleName: one, condition: \"resource.name == 'a'\", tagKey: Env, tagValue: Blue}
  - {ruleName: two, condition: \"resource.name == 'b'\", tagKey: Customer Name, tagValue: acme}
",
    );
    let applied = run(&settings, &["rules", "apply", &rules]).await;
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let exported = run(&settings, &["rules", "export"]).await.stdout;
    for stored in ["tagKey: environment", "tagValue: staging", "tagKey: tenant"] {
        assert!(exported.contains(stored), "{stored}: {exported}");
    }
}

#[tokio::test]
async fn rules_are_exported_and_applied_as_a_file_and_what_is_not_in_it_stays() {
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    let path = file.to_str().unwrap();
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(
        "rules:
  - {ruleName: one, condition: \"resource.name == 'a'\", tagKey: Team, tagValue: Pay}
  - {ruleName: two, condition: 'true', tagKey: owner, tagValue: ann}
",
    );
    let dry = run(&settings, &["rules", "apply", path, "--dry-run"]).await;
    assert_eq!(dry.code, 2, "{}", dry.stderr);
    assert!(
        dry.stdout.contains("create: one") && dry.stdout.contains("2 to create"),
        "{}",
        dry.stdout
    );
    let exported = run(&settings, &["rules", "export"]).await;
    assert!(
        !exported.stdout.contains("one"),
        "a dry run changes nothing: {}",
        exported.stdout
    );

    let done = run(&settings, &["rules", "apply", path]).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    let exported = run(&settings, &["rules", "export"]).await;
    assert!(exported.stdout.contains("tagKey: team"), "{}", exported.stdout);
    write(&exported.stdout);
    let again = run(&settings, &["rules", "apply", path, "--dry-run", "--prune"]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stdout.contains("2 unchanged"), "{}", again.stdout);

    let versioned = exported.stdout.replace("tagValue: ann", "tagValue: bob");
    assert_ne!(versioned, exported.stdout);
    write(&versioned);
    assert_eq!(run(&settings, &["rules", "apply", path]).await.code, 0);
    // The file says version 1, and the rule is at 2 by now.
    write(&exported.stdout);
    let stale = run(&settings, &["rules", "apply", path]).await;
    assert_eq!(stale.code, 1);
    assert!(
        stale.stderr.contains("two: changed by system:rules"),
        "{}",
        stale.stderr
    );

    write("rules:\n  - {ruleName: three, condition: 'resource.nme', tagKey: team, tagValue: x}\n");
    let refused = run(&settings, &["rules", "apply", path]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("three: condition"), "{}", refused.stderr);
    write("rules: []\n");
    let kept = run(&settings, &["rules", "apply", path]).await;
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    assert!(
        kept.stdout.contains("not in the file, stays: one"),
        "{}",
        kept.stdout
    );
    let pruned = run(&settings, &["rules", "apply", path, "--prune"]).await;
    assert!(pruned.stdout.contains("2 to delete"), "{}", pruned.stdout);
    let exported = run(&settings, &["rules", "export"]).await;
    assert_eq!(exported.stdout.trim(), "rules: []");
}
