//! Documents by hash or id.

use super::{by_hash, hash, outcome};
use crate::support::service::Service;
use crate::support::socket::Socket;
use serde_json::{Value, json};
use std::io::Write;

const QUERY: &str = "query($id:ID!){node(id:$id){id} v:viewer{role}}";

async fn post(service: &Service, body: &Value) -> (u16, (String, String)) {
    let response = service.post(body).await;
    let status = response.status().as_u16();
    (status, outcome(&response.json().await.unwrap()))
}

#[tokio::test]
async fn a_hash_stands_for_a_text_that_came_with_it() {
    let service = Service::start().await;
    let query = "{__typename}";
    let hashed = json!({ "extensions": by_hash(query) });
    let (status, (code, message)) = post(&service, &hashed).await;
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    );
    // By GET, as Apollo's link does, and at once known to the other ways.
    let mut url = reqwest::Url::parse(&service.url("/graphql")).unwrap();
    let extensions = by_hash(query).to_string();
    url.query_pairs_mut().append_pair("extensions", &extensions);
    let unknown = service.client.get(url.clone()).send().await.unwrap();
    assert_eq!(
        outcome(&unknown.json().await.unwrap()).0,
        "PERSISTED_QUERY_NOT_FOUND"
    );
    url.query_pairs_mut().append_pair("query", query);
    let with_text = service.client.get(url).send().await.unwrap();
    assert_eq!(outcome(&with_text.json().await.unwrap()).0, "OK");
    assert_eq!(post(&service, &hashed).await.1.0, "OK");
    let mut socket = Socket::ready(&service).await;
    socket
        .send(&json!({"type": "subscribe", "id": "1", "payload": hashed}))
        .await;
    assert_eq!(socket.outcome().await.0, "OK");
    // An operation with variables.
    let mut body = json!({"query": QUERY, "variables": {"id": "x"}, "extensions": by_hash(QUERY)});
    assert_eq!(post(&service, &body).await.1.0, "BAD_USER_INPUT");
    body.as_object_mut().unwrap().remove("query");
    assert_eq!(post(&service, &body).await.1.0, "BAD_USER_INPUT");
    body["variables"] = json!({});
    assert!(post(&service, &body).await.1.1.contains("$id"));
}

#[tokio::test]
async fn what_does_not_match_is_refused_and_not_kept() {
    let service = Service::start().await;
    let wrong = by_hash("{other:__typename}");
    for extensions in [
        wrong.clone(),
        json!({"persistedQuery": {"version": 2, "sha256Hash": hash("{__typename}")}}),
        json!({"persistedQuery": {"version": 1}}),
        json!({"persistedQuery": {"version": 1, "sha256Hash": "00"}}),
        json!({"persistedQuery": 1}),
    ] {
        let body = json!({"query": "{__typename}", "extensions": extensions});
        let (status, (code, _)) = post(&service, &body).await;
        assert_eq!((status, code.as_str()), (400, "BAD_REQUEST"), "{extensions}");
    }
    for text in ["{__typename", "{other:__typename}"] {
        let refused = json!({"query": "{__typename", "extensions": by_hash(text)});
        assert_ne!(post(&service, &refused).await.1.0, "OK");
        let (_, (code, _)) = post(&service, &json!({ "extensions": by_hash(text) })).await;
        assert_eq!(code, "PERSISTED_QUERY_NOT_FOUND");
    }
    let off = Service::start_with(&[("PERSISTED_QUERIES", "false")]).await;
    let (status, (code, message)) = post(&off, &json!({ "extensions": by_hash("{__typename}") })).await;
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    );
    let body = json!({"query": "{__typename}", "extensions": wrong});
    assert_eq!(post(&off, &body).await.1.0, "OK");
}

#[tokio::test]
async fn with_trusted_documents_there_are_no_others() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let role = "{viewer{role}}";
    write!(file, "{}", json!({"role": role, hash(QUERY): QUERY})).unwrap();
    let service = Service::start_with(&[("TRUSTED_DOCUMENTS", file.path().to_str().unwrap())]).await;
    let by_id = |id: &str| json!({ "documentId": id });
    assert_eq!(post(&service, &by_id("role")).await.1.0, "OK");
    let by_get = service.get("/graphql?documentId=role").await;
    assert_eq!(outcome(&by_get.json().await.unwrap()).0, "OK");
    let mut socket = Socket::ready(&service).await;
    for (payload, expected) in [
        (by_id("role"), "OK"),
        (json!({"query": role}), "PERSISTED_QUERY_ID_REQUIRED"),
    ] {
        socket
            .send(&json!({"type": "subscribe", "id": "1", "payload": payload}))
            .await;
        assert_eq!(socket.outcome().await.0, expected);
        if expected == "OK" {
            assert_eq!(socket.next().await["type"], "complete");
        }
    }
    let hashed = json!({"variables": {"id": "x"}, "extensions": by_hash(QUERY)});
    assert_eq!(post(&service, &hashed).await.1.0, "BAD_USER_INPUT");
    let unknown = "{__typename}";
    for (body, status, expected) in [
        (json!({"query": role}), 200, "PERSISTED_QUERY_ID_REQUIRED"),
        (by_id("unknown"), 200, "PERSISTED_QUERY_NOT_FOUND"),
        (
            json!({"query": unknown, "extensions": by_hash(unknown)}),
            200,
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        (
            json!({"query": unknown, "documentId": "role"}),
            400,
            "BAD_REQUEST",
        ),
    ] {
        let (given, (code, _)) = post(&service, &body).await;
        assert_eq!((given, code.as_str()), (status, expected), "{body}");
    }
}

#[tokio::test]
async fn trusted_documents_that_cannot_be_used_keep_the_service_from_starting() {
    for (text, words) in [
        ("[]", "an object of documents by their ids"),
        (r#"{"a":"{"}"#, "the document a: Syntax Error"),
        (
            r#"{"a":"{viewer{name}}"}"#,
            "the document a: Unknown field \"name\"",
        ),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let db = crate::support::db::TestDb::create().await;
        let settings = [("TRUSTED_DOCUMENTS", file.path().to_str().unwrap())];
        let config = crate::support::service::config(&db.url(), &settings);
        let started = virtual_tagging::app::App::start(config, virtual_tagging::app::Mode::Serve).await;
        let error = format!("{:#}", started.err().unwrap());
        assert!(error.contains(words), "{error}");
    }
}
