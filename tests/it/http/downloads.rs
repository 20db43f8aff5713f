//! Downloads by links: without a header, once, and with the rights of whoever made the link.

use super::code;
use crate::support::service::{SECRET, Service};
use reqwest::StatusCode;
use reqwest::header::CONTENT_DISPOSITION;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;

const CREATE: &str = "mutation($input: CreateDownloadInput!) { createDownload(input: $input) { url expiresAt
    userErrors { code field } } }";

const ROWS: [&str; 2] = [
    "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
     SELECT 'arn:' || n, CASE WHEN n % 4 < 2 THEN 'web-' ELSE 'db-' END || n, 'aws', (ARRAY['111', '222'])[n % 2 + 1], 't', 'test'
       FROM generate_series(1, 12) n",
    "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status, evidence,
            evidence_signature, cloud, account_id, resource_type)
     SELECT id, 'team', 'value-' || id % 3, 'TYPE', 0.8, false, CASE WHEN id % 3 = 0 THEN 'DENIED' ELSE 'PENDING' END, '{}',
            'TYPE:t', cloud, account_id, resource_type FROM resources",
];

async fn service_with_rows() -> Service {
    let service = Service::start_authenticated().await;
    let db = service.db.connect().await;
    for rows in ROWS {
        sql::execute(&db, rows, []).await.unwrap();
    }
    service
}

async fn create(service: &Service, token: &str, input: Value) -> Value {
    let body = json!({"query": CREATE, "variables": {"input": input}});
    let request = service
        .client
        .post(service.url("/graphql"))
        .bearer_auth(token)
        .json(&body);
    let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"]["createDownload"].take()
}

async fn link(service: &Service, token: &str, input: Value) -> String {
    let created = create(service, token, input).await;
    assert_eq!(created["userErrors"], json!([]));
    assert!(created["expiresAt"].is_string());
    created["url"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_gives_one_file_on_any_replica_with_the_rights_of_its_creator() {
    let service = service_with_rows().await;
    let replica = Service::start_on(service.db.clone(), &[("JWT_SECRET", SECRET)]).await;
    let minute = Duration::from_mins(1);
    let limited = service.token("ann", Role::Viewer, Some(&["111"]), minute);
    let input = json!({"kind": "RESOURCES", "resourceFilter": {"namePrefix": "web-"}});
    let url = link(&service, &limited, input).await;
    let head = replica.client.head(replica.url(&url)).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
    let file = replica.get(&url).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert!(
        file.headers()[CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .contains("resources.csv")
    );
    let text = file.text().await.unwrap();
    assert_eq!(text.lines().count() - 1, 3, "{text}");
    assert!(!text.contains("222") && !text.contains("db-"), "{text}");
    for each in [&service, &replica] {
        let again = each.get(&url).await;
        assert_eq!(again.status(), StatusCode::NOT_FOUND);
        assert_eq!(code(&again.json().await.unwrap()), "NOT_FOUND");
    }

    let all = service.token("ann", Role::Viewer, None, minute);
    let tags = json!({"kind": "VIRTUAL_TAGS", "virtualTagFilter": {"status": "DENIED", "tagKey": "team"}});
    let text = service
        .get(&link(&service, &all, tags).await)
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(text.lines().count() - 1, 4, "{text}");
    assert_eq!(text.matches("DENIED").count(), 4, "{text}");
    let stored = "SELECT string_agg(d::text, '') AS stored FROM downloads d";
    let left = sqlx::query_scalar::<_, Option<String>>(stored);
    let pool = service.db.connect().await;
    let left = left.fetch_one(pool.get_postgres_connection_pool()).await.unwrap();
    assert_eq!(left, None, "links that were used are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_its_time_and_with_the_credentials() {
    let service = service_with_rows().await;
    let db = service.db.connect().await;
    let all = service.token("ann", Role::Viewer, None, Duration::from_mins(5));
    let input = json!({"kind": "RESOURCES"});
    for (change, status) in [
        ("expires_at = now()", StatusCode::NOT_FOUND),
        ("credentials_end = now()", StatusCode::UNAUTHORIZED),
        ("credentials_end = NULL", StatusCode::OK),
    ] {
        let url = link(&service, &all, input.clone()).await;
        let secret = url.rsplit_once('/').unwrap().1;
        let stored = "SELECT string_agg(d::text, '') AS stored FROM downloads d";
        let stored: String = sqlx::query_scalar(stored)
            .fetch_one(db.get_postgres_connection_pool())
            .await
            .unwrap();
        assert!(!stored.contains(secret), "{stored}");
        sql::execute(&db, &format!("UPDATE downloads SET {change}"), [])
            .await
            .unwrap();
        assert_eq!(service.get(&url).await.status(), status, "{change}");
    }
    for secret in ["x", &"0".repeat(64)] {
        let unknown = service.get(&format!("/csv/downloads/{secret}")).await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_for_what_its_kind_needs() {
    let service = service_with_rows().await;
    let all = service.token("ann", Role::Viewer, None, Duration::from_mins(5));
    for input in [
        json!({"kind": "REJECTIONS"}),
        json!({"kind": "RESOURCES", "virtualTagFilter": {}}),
        json!({"kind": "VIRTUAL_TAGS", "resourceFilter": {}}),
    ] {
        let refused = create(&service, &all, input).await;
        assert_eq!(refused["url"], Value::Null);
        assert_eq!(
            refused["userErrors"],
            json!([{"code": "INVALID", "field": "kind"}])
        );
    }
}
