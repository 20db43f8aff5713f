//! GraphQL over HTTP, authentication, health, metrics, downloads.

mod browsers;
mod client;
mod downloads;
mod hosts;
mod operations;
mod response_cache;
mod slow;
mod websocket;

use crate::support::service::Service;
use crate::support::wait::wait_until;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

fn code(body: &Value) -> &str {
    assert!(body["errors"][0]["extensions"]["requestId"].is_string(), "{body}");
    body["errors"][0]["extensions"]["code"].as_str().unwrap()
}

#[tokio::test]
async fn status_and_type_follow_what_the_caller_accepts() {
    let service = Service::start().await;
    for (query, accept, status, expected) in [
        ("{__typename}", "application/json", 200, None),
        ("{__typename}", GRAPHQL_RESPONSE, 200, None),
        ("{__typename}", "*/*", 200, None),
        ("{", "application/json", 200, Some("GRAPHQL_PARSE_FAILED")),
        ("{", GRAPHQL_RESPONSE, 400, Some("GRAPHQL_PARSE_FAILED")),
        (
            "{nothing}",
            "application/json",
            200,
            Some("GRAPHQL_VALIDATION_FAILED"),
        ),
        (
            "{nothing}",
            GRAPHQL_RESPONSE,
            400,
            Some("GRAPHQL_VALIDATION_FAILED"),
        ),
        (
            "query A{__typename} query B{__typename}",
            GRAPHQL_RESPONSE,
            400,
            Some("OPERATION_RESOLUTION_FAILURE"),
        ),
        (
            "query($n:Int!){resources(first:$n){totalCount}}",
            GRAPHQL_RESPONSE,
            400,
            Some("BAD_USER_INPUT"),
        ),
        ("{__typename}", "text/plain", 406, Some("BAD_REQUEST")),
    ] {
        let request = service
            .client
            .post(service.url("/graphql"))
            .header(ACCEPT, accept);
        let response = request.json(&json!({ "query": query })).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{query} {accept}");
        let given = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let wanted = if status == 406 || accept == "*/*" {
            "application/json"
        } else {
            accept
        };
        assert!(given.starts_with(wanted), "{query} {accept}: {given}");
        let body: Value = response.json().await.unwrap();
        match expected {
            None => assert_eq!(body, json!({"data": {"__typename": "Query"}})),
            Some(expected) => {
                assert_eq!(code(&body), expected, "{body}");
                assert!(body.get("data").is_none(), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_as_http_says() {
    let service = Service::start().await;
    let post = |content_type: &str, body: &str| {
        let request = service
            .client
            .post(service.url("/graphql"))
            .header(CONTENT_TYPE, content_type);
        request.body(body.to_owned())
    };
    let query = r#"{"query":"{__typename}"}"#;
    let large = format!(r#"{{"query":"{{__typename}}","x":"{}"}}"#, "a".repeat(1 << 20));
    for (request, status) in [
        (post("application/json", query), 200),
        (post("application/json; charset=utf-8", query), 200),
        (post("application/json; charset=latin1", query), 415),
        (post("application/json", "{"), 400),
        (post("application/json", "[]"), 400),
        (post("application/json", r#"{"query":1}"#), 400),
        (post("application/json", r#"{"variables":{}}"#), 400),
        (
            post("application/json", r#"{"query":"{__typename}","variables":[]}"#),
            400,
        ),
        (post("application/json", &large), 413),
        (post("text/plain", query), 400),
        (
            post("text/plain", query).header("apollo-require-preflight", ""),
            400,
        ),
        (
            post("text/plain", query).header("apollo-require-preflight", "1"),
            415,
        ),
        (post("multipart/form-data; boundary=x", "--x--"), 400),
        (service.client.put(service.url("/graphql")), 405),
        (service.client.get(service.url("/nowhere")), 404),
        (service.client.post(service.url("/healthz")), 405),
        (service.client.get(service.url("/graphql")), 400),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = response.json().await.unwrap();
        if status != 200 {
            code(&body);
            assert_eq!(body["errors"][0]["extensions"]["requestId"], id);
        }
    }
}

#[tokio::test]
async fn a_get_runs_queries_and_no_mutations() {
    let service = Service::start().await;
    let get = |parameters: &[(&str, &str)]| {
        let mut url = reqwest::Url::parse(&service.url("/graphql")).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        service.client.get(url)
    };
    let named = [
        ("query", "query A{a:__typename} query B{b:__typename}"),
        ("operationName", "B"),
    ];
    let body: Value = get(&named).send().await.unwrap().json().await.unwrap();
    assert_eq!(body, json!({"data": {"b": "Query"}}));
    let variables = [
        ("query", "query($n:Int!){resources(first:$n){totalCount}}"),
        ("variables", r#"{"n":1}"#),
    ];
    let body: Value = get(&variables).send().await.unwrap().json().await.unwrap();
    assert_eq!(body, json!({"data": {"resources": {"totalCount": 0}}}));
    let refused = get(&[("query", "mutation{__typename}")]).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers()[ALLOW], "POST");
    let subscription = get(&[("query", "subscription{__typename}")])
        .send()
        .await
        .unwrap();
    assert_eq!(subscription.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_browser_gets_graphiql_and_its_files_from_here() {
    let service = Service::start().await;
    for path in ["/graphiql", "/graphql"] {
        let browser = service
            .client
            .get(service.url(path))
            .header(ACCEPT, "text/html,*/*;q=0.8");
        let page = browser.send().await.unwrap();
        let kind = page.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        assert!(page.headers().contains_key("content-security-policy"), "{path}");
        assert!(
            page.text().await.unwrap().contains("/graphiql/graphiql.js"),
            "{path}"
        );
    }
    let plain = service.get("/graphiql/graphiql.js").await;
    let tag = plain.headers()["etag"].clone();
    assert!(plain.bytes().await.unwrap().len() > 1_000_000);
    let packed = service
        .client
        .get(service.url("/graphiql/graphiql.js"))
        .header("accept-encoding", "gzip");
    let packed = packed.send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]));
    let known = service
        .client
        .get(service.url("/graphiql/graphiql.js"))
        .header("if-none-match", tag);
    assert_eq!(known.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    assert_eq!(
        service.get("/graphiql/other.js").await.status(),
        StatusCode::NOT_FOUND
    );
}

/// As graphql-js' `getIntrospectionQuery` asks for GraphiQL: nine levels of `ofType`.
#[tokio::test]
async fn the_introspection_of_tools_is_within_the_limits() {
    let service = Service::start().await;
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name }} mutationType {{ name }}
           subscriptionType {{ name }} types {{ ...FullType }}
           directives {{ name description locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description
           fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }}
             type {{ ...TypeRef }} isDeprecated deprecationReason }}
           inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
           possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated
           deprecationReason }}
         fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    let body = service.graphql(&query).await;
    assert!(body.get("errors").is_none(), "{}", body["errors"]);
    assert!(body["data"]["__schema"]["types"].as_array().unwrap().len() > 10);
}

#[tokio::test]
async fn hostile_documents_are_refused_and_the_service_stays() {
    let service = Service::start().await;
    for levels in [100, 1_500, 2_000, 5_000, 50_000] {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let query = format!("{{a(x:{}1{})}}", open.repeat(levels), close.repeat(levels));
            assert_eq!(code(&service.graphql(&query).await), "GRAPHQL_PARSE_FAILED");
        }
    }
    let deep_variables = format!(
        r#"{{"query":"{{__typename}}","variables":{{"a":{}}}}}"#,
        "[".repeat(5_000)
    );
    let request = service
        .client
        .post(service.url("/graphql"))
        .header(CONTENT_TYPE, "application/json");
    assert_eq!(
        request.body(deep_variables).send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(service.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_a_valid_token_there_is_nothing_but_health() {
    let service = Service::start_authenticated().await;
    let bodies = [json!({"query": "{__typename}"}), json!({"query": "{"})];
    for body in &bodies {
        let refused = service.post(body).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(
            refused.headers()[WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
        assert_eq!(code(&refused.json().await.unwrap()), "UNAUTHENTICATED");
    }
    for path in ["/graphql?query=%7B__typename%7D", "/csv/template", "/csv/export"] {
        assert_eq!(
            service.get(path).await.status(),
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(service.get(path).await.status(), StatusCode::OK, "{path}");
    }
    let token = service.token("ada", Role::Viewer, None, Duration::from_mins(1));
    let request = service
        .client
        .post(service.url("/graphql"))
        .bearer_auth(token)
        .json(&bodies[0]);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn readiness_names_its_parts_and_metrics_count() {
    let service = Service::start().await;
    service.graphql("{__typename}").await;
    let ready: Value = service.get("/readyz").await.json().await.unwrap();
    for part in ["database", "migrations", "row_security", "events"] {
        assert_eq!(ready[part]["ok"], true, "{ready}");
    }
    let metrics = service.get("/metrics").await;
    assert!(
        metrics.headers()[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = metrics.text().await.unwrap();
    for line in [
        r#"graphql_operations_total{type="query",code="OK"}"#,
        r#"http_requests_total{route="/graphql",status="200"}"#,
        r#"database_pool_connections{pool="scoped",state="idle"}"#,
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    service
        .app
        .database()
        .pools
        .all
        .get_postgres_connection_pool()
        .close()
        .await;
    // A finding is the response for a second.
    let answer = wait_until(Duration::from_secs(10), "readiness to fail", async || {
        let answer = service.get("/readyz").await;
        (answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(answer)
    })
    .await;
    let unready: Value = answer.json().await.unwrap();
    assert_eq!(
        (&unready["ready"], &unready["database"]["ok"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(service.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_keeps_its_sane_id() {
    let service = Service::start().await;
    let response = service
        .client
        .get(service.url("/healthz"))
        .header("x-request-id", "edge-42")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "edge-42");
    let response = service
        .client
        .get(service.url("/healthz"))
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"].len(), 32);
}

#[tokio::test]
async fn pages_of_configured_origins_may_call() {
    let service = Service::start_with(&[("CORS_ORIGINS", "https://app.example")]).await;
    for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false)] {
        let preflight = service
            .client
            .request(reqwest::Method::OPTIONS, service.url("/graphql"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = preflight.send().await.unwrap();
        assert_eq!(
            answer.headers().contains_key("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
    }
}

#[tokio::test]
async fn the_examples_in_graphiql_fit_the_schema() {
    let service = Service::start().await;
    let examples = service
        .get("/graphiql/examples.graphql")
        .await
        .text()
        .await
        .unwrap();
    let operations: Vec<&str> = examples.split("\n#----\n").collect();
    assert!(operations.len() > 3);
    for operation in operations {
        let answer = service.post(&json!({ "query": operation })).await;
        let body: Value = answer.json().await.unwrap();
        let wrong = body["errors"][0]["message"].as_str();
        // Subscriptions are valid, but go elsewhere.
        assert!(
            wrong.is_none_or(|why| why.starts_with("subscriptions go over a websocket")),
            "{operation}: {body}"
        );
    }
}
