//! Names under which pages of other sites could reach a service without authentication.

use crate::support::service::{SECRET, Service};
use crate::support::socket::Socket;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HOST, ORIGIN};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Error;

const PATHS: [&str; 11] = [
    "/",
    "/approvals",
    "/assets/index.js",
    "/client/config.json",
    "/graphql",
    "/graphql?query=%7B__typename%7D",
    "/graphiql/graphiql.js",
    "/csv/template",
    "/csv/export",
    "/metrics",
    "/nowhere",
];

async fn status(service: &Service, path: &str, host: &str) -> (u16, String) {
    let request = service.client.get(service.url(path)).header(HOST, host);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_refused_but_for_probes() {
    let service = Service::start_with(&[("ALLOWED_HOSTS", "tags.example.com")]).await;
    let port = service.address().port();
    for path in PATHS {
        let (code, body) = status(&service, path, &format!("evil.example:{port}")).await;
        assert_eq!(code, 421, "{path}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{path}");
        assert!(
            error["message"].as_str().unwrap().contains("ALLOWED_HOSTS"),
            "{error}"
        );
        for host in [
            "localhost",
            &format!("127.0.0.1:{port}"),
            "[::1]:8000",
            "tags.example.com",
        ] {
            assert_ne!(status(&service, path, host).await.0, 421, "{path} of {host}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(status(&service, path, "10.1.2.3:8000").await.0, 200, "{path}");
    }
    let evil = "http://evil.example";
    let post = service.client.request(Method::POST, service.url("/graphql"));
    let post = post
        .header(HOST, "evil.example")
        .header(ORIGIN, evil)
        .header(CONTENT_TYPE, "application/json");
    let refused = post
        .body(r#"{"query":"{viewer{subject}}"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 421);
    // The page and the address that it calls are one origin to the browser.
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let opened = Socket::open_with(&service, &[protocol, ("host", "evil.example"), ("origin", evil)]).await;
    match opened {
        Err(Error::Http(response)) => assert_eq!(response.status(), 421),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn who_has_to_authenticate_may_come_by_any_name() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET)]).await;
    assert_eq!(status(&service, "/csv/template", "evil.example").await.0, 401);
}
