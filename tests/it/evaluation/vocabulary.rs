//! The vocabulary as administrators change it.

use crate::support::api::Api;
use crate::support::decisions::undo;
use crate::support::fixture::{actor, resource};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tagging::KeyChange;
use virtual_tagging::auth::Role;
use virtual_tagging::domain::revision;
use virtual_tagging::domain::vocabulary::{self, LiveVocabulary};
use virtual_tagging::entities::ApprovalStatus::{Approved, Pending};
use virtual_tagging::entities::AuditAction;

const UPDATE: &str = "mutation($input: UpdateVocabularyKeyInput!) { updateVocabularyKey(input: $input) {
    vocabularyKey { name version customized isShipped governed approval autoApplyThreshold values { name synonyms } }
    run { id } userErrors { code field message } } }";

async fn update(api: &Api, input: Value) -> Value {
    api.data(UPDATE, json!({ "input": input })).await["updateVocabularyKey"].take()
}

async fn environment(api: &Api, id: i64) -> Value {
    let id = URL_SAFE_NO_PAD.encode(format!("Resource:{id}"));
    let query = "query($id: ID!) { node(id: $id) { ... on Resource { effectiveTags { key value } } } }";
    let found = api.data(query, json!({ "id": id })).await;
    let tags = found["node"]["effectiveTags"].as_array().unwrap().clone();
    let tag = tags.into_iter().find(|tag| tag["key"] == "environment");
    tag.map_or(Value::Null, |tag| tag["value"].clone())
}

#[tokio::test]
async fn a_mapping_is_decided_once_and_holds_for_every_resource() {
    let api = Api::new().await;
    let mut report = resource("shop");
    report.native_tags = BTreeMap::from([("Env".to_owned(), "Blue".to_owned())]);
    let (_, ids) = api.fixture.report(&[report]).await;
    assert_eq!(environment(&api, ids[0]).await, "blue");
    let before = revision::current(&api.fixture.pool).await.unwrap().revision;

    let mapped = json!({"name": "environment", "mappings": [{"rawValue": "blue", "value": "staging"}]});
    let saved = update(&api, mapped.clone()).await;
    assert_eq!(saved["userErrors"], json!([]));
    let key = &saved["vocabularyKey"];
    assert_eq!(
        (key["version"].as_i64(), &key["customized"]),
        (Some(1), &json!(["mappings"]))
    );
    assert!(saved["run"]["id"].is_string());
    assert_eq!(environment(&api, ids[0]).await, "staging");
    assert!(revision::current(&api.fixture.pool).await.unwrap().revision > before);
    assert_eq!(
        update(&api, mapped).await["run"],
        Value::Null,
        "nothing is changed by saying it twice"
    );

    let otherwise = json!({"name": "environment", "mappings": [{"rawValue": "BLUE", "value": "staging"}]});
    assert_eq!(
        update(&api, otherwise).await["run"],
        Value::Null,
        "nor in another spelling"
    );

    // Another replica learns of it.
    let other = LiveVocabulary::default();
    assert_eq!(
        other.current().vocabulary.known_value("environment", "blue"),
        None
    );
    other.refresh(&api.fixture.pool).await.unwrap();
    assert_eq!(
        other.current().vocabulary.known_value("environment", "blue"),
        Some("staging")
    );

    let deleted = "mutation { deleteVocabularyKey(input: {name: \"environment\", version: 1}) {
        vocabularyKey { version customized isShipped } run { id } userErrors { code } } }";
    let deleted = api.ask(deleted).await["deleteVocabularyKey"].take();
    assert_eq!(
        deleted["vocabularyKey"],
        json!({"version": 0, "customized": [], "isShipped": true})
    );
    assert_eq!(environment(&api, ids[0]).await, "blue");
    assert_eq!(api.fixture.count("vocabulary_versions").await, 2);
    let changes = "admin_changes WHERE subject_type = 'VOCABULARY_KEY' AND subject_id = 'environment'";
    assert_eq!(api.fixture.count(changes).await, 2);
}

#[tokio::test]
async fn settings_and_own_keys_are_checked_and_versioned() {
    let api = Api::new().await;
    let saved = update(
        &api,
        json!({"name": "tenant", "description": "Who pays.", "synonyms": ["customer-name"], "approval": "AUTOMATIC",
               "autoApplyThreshold": 0.97}),
    )
    .await;
    let key = &saved["vocabularyKey"];
    assert_eq!(
        (
            &key["isShipped"],
            &key["governed"],
            &key["approval"],
            &key["autoApplyThreshold"]
        ),
        (&json!(false), &json!(true), &json!("AUTOMATIC"), &json!(0.97))
    );
    for (input, code, field) in [
        (
            json!({"name": "tenant", "version": 0, "governed": false}),
            "STALE",
            "version",
        ),
        (json!({"name": "Tenant", "governed": false}), "INVALID", "name"),
        (
            json!({"name": "tenant", "synonyms": ["Env"]}),
            "INVALID",
            "synonyms",
        ),
        (json!({"name": "tenant", "pattern": "("}), "INVALID", "pattern"),
        (
            json!({"name": "tenant", "manualReviewThreshold": 0.99}),
            "INVALID",
            "autoApplyThreshold",
        ),
        (
            json!({"name": "tenant", "values": [{"name": "Big", "synonyms": []}]}),
            "INVALID",
            "values",
        ),
        (
            json!({"name": "tenant", "mappings": [{"rawValue": "x"}]}),
            "INVALID",
            "mappings",
        ),
        (
            json!({"name": "team", "synonyms": ["tenant"]}),
            "INVALID",
            "synonyms",
        ),
    ] {
        let refused = update(&api, input.clone()).await;
        let error = &refused["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{input}: {refused}"
        );
        assert_eq!(refused["vocabularyKey"], Value::Null);
    }
    // Null takes a change back.
    let saved = update(
        &api,
        json!({"name": "tenant", "version": 1, "autoApplyThreshold": null}),
    )
    .await;
    assert_eq!(saved["vocabularyKey"]["autoApplyThreshold"], Value::Null);
    assert_eq!(saved["vocabularyKey"]["version"], 2);
    let names = api.ask("{ vocabulary { name isShipped } }").await;
    let own: Vec<&Value> = names["vocabulary"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["isShipped"] == false)
        .map(|key| &key["name"])
        .collect();
    assert_eq!(own, ["tenant"]);
}

#[tokio::test]
async fn a_file_is_applied_whole_or_not_at_all() {
    let api = Api::new().await;
    let (db, ada, live) = (
        &api.fixture.pool,
        actor("ada", Role::Admin),
        LiveVocabulary::default(),
    );
    let file = |text: &str| -> BTreeMap<String, KeyChange> { serde_json::from_str(text).unwrap() };
    let good = file(r#"{"team": {"governed": false}, "tenant": {"synonyms": ["customer"]}}"#);
    let planned = vocabulary::apply(db, &ada, &live, &good, true).await.unwrap();
    assert_eq!(planned.len(), 2);
    assert_eq!(api.fixture.count("vocabulary_keys").await, 0);
    assert_eq!(
        vocabulary::apply(db, &ada, &live, &good, false).await.unwrap(),
        planned
    );
    assert_eq!(
        vocabulary::apply(db, &ada, &live, &good, false).await.unwrap(),
        []
    );
    let bad = file(r#"{"team": {"governed": true}, "branch": {"synonyms": ["customer"]}}"#);
    assert!(vocabulary::apply(db, &ada, &live, &bad, false).await.is_err());
    let changes = live.refresh(db).await.unwrap().changes();
    assert_eq!(changes, good, "a key that a file does not name stays");
}

#[tokio::test]
async fn a_key_that_is_approved_automatically_needs_no_person_and_heeds_one() {
    let api = Api::new().await;
    let fixture = &api.fixture;
    let (_, ids) = fixture
        .report(&[resource("shop-prod-orders"), resource("shop-dev-orders")])
        .await;
    fixture.auto_tag().await;
    let of = async |id: i64| {
        let mut tags = fixture.tags().await;
        tags.retain(|tag| tag.resource_id == id && tag.tag_key == "environment");
        tags.remove(0)
    };
    let applied = of(ids[0]).await;
    assert_eq!((applied.approval_status, applied.auto_applied), (Pending, true));

    let set = async |policy: &str| {
        let saved = update(&api, json!({"name": "environment", "approval": policy})).await;
        assert_eq!(saved["userErrors"], json!([]));
        fixture.auto_tag().await;
    };
    set("AUTOMATIC").await;
    let (approved, other) = (of(ids[0]).await, of(ids[1]).await);
    let by_policy = "system:approval_policy";
    for tag in [&approved, &other] {
        assert_eq!(
            (tag.approval_status, tag.decided_by.as_deref(), tag.source),
            (Approved, Some(by_policy), applied.source)
        );
    }
    assert!((approved.confidence - applied.confidence).abs() < 1e-9);
    let trail = fixture.trail().await;
    let last = trail
        .iter()
        .rfind(|row| row.virtual_tag_id == approved.id)
        .unwrap();
    assert_eq!(
        (last.action, last.actor.as_str()),
        (AuditAction::Approved, by_policy)
    );

    // A person who undoes the approval has the tag in hand.
    undo(&fixture.pool, &actor("ann", Role::Approver), vec![other.id], None)
        .await
        .unwrap();
    fixture.auto_tag().await;
    assert_eq!(of(ids[1]).await.approval_status, Pending);
    assert_eq!(of(ids[0]).await.approval_status, Approved);

    // Without the policy the tag waits for a person, as it would have.
    set("REQUIRED").await;
    let waiting = of(ids[0]).await;
    assert_eq!(
        (
            waiting.id,
            waiting.approval_status,
            waiting.auto_applied,
            waiting.decided_by
        ),
        (approved.id, Pending, true, None)
    );
    fixture.assert_trail_leads_to_tags().await;
}
