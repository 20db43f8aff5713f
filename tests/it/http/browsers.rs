//! Requests that pages of other origins can make a browser send, and the answers they can read.

use crate::support::service::Service;
use reqwest::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ORIGIN, VARY};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

const OWN: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

/// A mutation that adds a resource of this name.
fn mutation(name: &str) -> String {
    format!(
        "mutation {{ createResource(input: {{accountId: \"1\", cloud: AWS, name: \"{name}\", resourceId: \"{name}\",
            resourceType: \"vm\"}}) {{ resource {{ id }} userErrors {{ message }} }} }}"
    )
}

/// The same operation in the form that a content type has.
fn body(content_type: Option<&str>, query: &str) -> String {
    let operations = json!({ "query": query }).to_string();
    match content_type {
        Some(kind) if kind.to_lowercase().starts_with("multipart") => format!(
            "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{operations}\r\n--x\r\n\
             Content-Disposition: form-data; name=\"map\"\r\n\r\n{{}}\r\n--x--\r\n"
        ),
        Some(kind) if kind.contains("urlencoded") => format!("query={}", query.replace(' ', "+")),
        _ => operations,
    }
}

/// Number of resources, and the names of all.
async fn names(service: &Service) -> Vec<String> {
    let answer = service
        .data("{ resources(first: 500) { nodes { name } } }", json!({}))
        .await;
    let nodes = answer["resources"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Content types that a page can send anywhere without asking first, by a form or by `fetch`.
const SIMPLE: &[Option<&str>] = &[
    None,
    Some(""),
    Some("text/plain"),
    Some("text/plain; charset=utf-8"),
    Some("text/plain;application/json"),
    Some("text/plain; x=application/json"),
    Some("application/x-www-form-urlencoded"),
    Some("application/x-www-form-urlencoded; application/json"),
    Some("multipart/form-data; boundary=x"),
    Some("multipart/form-data; boundary=x; application/json"),
    Some("MULTIPART/FORM-DATA; boundary=x"),
];

/// Others, which browsers ask for first.
const OTHER: &[&str] = &[
    "application/graphql",
    "application/jsonp",
    "application/json-patch+json",
    "application/xml",
    "x",
];

fn send(service: &Service, method: Method, content_type: Option<&str>, name: &str) -> RequestBuilder {
    let request = service.client.request(method, service.url("/graphql"));
    let request = match content_type {
        Some(content_type) => request.header(CONTENT_TYPE, content_type),
        None => request,
    };
    request.body(body(content_type, &mutation(name)))
}

#[tokio::test]
async fn what_needs_no_preflight_changes_nothing() {
    let service = Service::start_with(&[("CORS_ORIGINS", OWN)]).await;
    let mut tried = 0;
    for origin in [None, Some(OWN), Some(EVIL), Some("null")] {
        for &content_type in SIMPLE {
            for marker in [
                None,
                Some(""),
                Some("X-Requested-With"),
                Some("Apollographql-Client-Name"),
            ] {
                let mut request = send(&service, Method::POST, content_type, "simple");
                if let Some(origin) = origin {
                    request = request.header(ORIGIN, origin);
                }
                request = match marker {
                    None => request,
                    // There, but empty.
                    Some("") => request.header("Apollo-Require-Preflight", ""),
                    Some(other) => request.header(other, "1"),
                };
                let response = request.send().await.unwrap();
                let case = format!("{origin:?} {content_type:?} {marker:?}");
                assert_eq!(response.status(), 400, "{case}");
                let answer: Value = response.json().await.unwrap();
                assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{case}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 4 * SIMPLE.len() * 4);
    assert_eq!(names(&service).await, [""; 0]);
}

#[tokio::test]
async fn only_json_and_uploads_change_anything() {
    let service = Service::start_with(&[("CORS_ORIGINS", OWN)]).await;
    for (number, &content_type) in SIMPLE.iter().enumerate() {
        let is_upload = content_type.is_some_and(|kind| kind.to_lowercase().starts_with("multipart"));
        for header in ["Apollo-Require-Preflight", "X-Apollo-Operation-Name"] {
            let name = format!("marked-{number}-{header}");
            let request = send(&service, Method::POST, content_type, &name).header(header, "x");
            // A header that only looks like a content type is refused, too.
            let is_broken = content_type == Some("multipart/form-data; boundary=x; application/json");
            let expected = match is_upload {
                true if is_broken => 400,
                true => 200,
                false => 415,
            };
            let status = request.send().await.unwrap().status();
            assert_eq!(status, expected, "{content_type:?} {header}");
        }
    }
    for content_type in OTHER {
        let request = send(&service, Method::POST, Some(content_type), "other");
        let status = request.send().await.unwrap().status().as_u16();
        assert!([400, 415].contains(&status), "{content_type}: {status}");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let request = send(&service, method.clone(), Some("application/json"), "method");
        let response = request.send().await.unwrap();
        // A preflight without its headers is none, and changes nothing.
        assert!([200, 405].contains(&response.status().as_u16()), "{method}");
    }
    let json = send(&service, Method::POST, Some("application/json"), "json");
    assert_eq!(json.send().await.unwrap().status(), 200);
    let mut names = names(&service).await;
    names.retain(|name| !name.starts_with("marked-8-") && !name.starts_with("marked-10-"));
    assert_eq!(names, ["json"]);
}

#[tokio::test]
async fn a_mutation_by_get_is_not_allowed_whatever_it_carries() {
    let service = Service::start_with(&[("CORS_ORIGINS", OWN)]).await;
    let query = mutation("get");
    let named = format!(
        "query A {{ __typename }} {}",
        query.replacen("mutation", "mutation B", 1)
    );
    for (query, operation) in [(&query, None), (&named, Some("B"))] {
        for method in [Method::GET, Method::HEAD] {
            for header in ["Apollo-Require-Preflight", "X-Apollo-Operation-Name", "X-Nothing"] {
                let mut url = reqwest::Url::parse(&service.url("/graphql")).unwrap();
                url.query_pairs_mut().append_pair("query", query);
                if let Some(operation) = operation {
                    url.query_pairs_mut().append_pair("operationName", operation);
                }
                let request = service.client.request(method.clone(), url).header(header, "1");
                let response = request
                    .header(CONTENT_TYPE, "application/json")
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.status(), 405, "{method} {header}");
                assert_eq!(response.headers()[ALLOW], "POST");
            }
        }
    }
    assert_eq!(names(&service).await, [""; 0]);
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn pages_read_answers_if_their_origin_is_configured() {
    let service = Service::start_with(&[("CORS_ORIGINS", OWN)]).await;
    for (origin, expected) in [
        (OWN, Some(OWN)),
        (EVIL, None),
        ("null", None),
        ("https://app.example.evil.example", None),
        ("http://app.example", None),
        ("https://app.example:8443", None),
    ] {
        // As it comes: the answer must not be readable there.
        let request = service
            .client
            .post(service.url("/graphql"))
            .header(ORIGIN, origin);
        let simple = request
            .json(&json!({"query": "{__typename}"}))
            .send()
            .await
            .unwrap();
        // And what a browser asks before.
        let request = service.client.request(Method::OPTIONS, service.url("/graphql"));
        let preflight = request
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type,apollo-require-preflight",
            );
        let preflight = preflight.send().await.unwrap();
        for response in [&simple, &preflight] {
            assert_eq!(
                header(response, "access-control-allow-origin"),
                expected,
                "{origin}"
            );
            // Credentials are never ambient.
            assert_eq!(header(response, "access-control-allow-credentials"), None);
            let vary = response.headers().get_all(VARY).iter();
            let vary: Vec<_> = vary.map(|value| value.to_str().unwrap().to_lowercase()).collect();
            assert!(vary.join(",").contains("origin"), "{vary:?}");
        }
        assert_eq!(preflight.status(), 200);
        if expected.is_some() {
            let methods = header(&preflight, "access-control-allow-methods").unwrap();
            assert_eq!(methods, "GET,POST");
            let allowed = header(&preflight, "access-control-allow-headers").unwrap();
            assert!(allowed.contains("authorization") && allowed.contains("content-type"));
            let exposed = header(&simple, "access-control-expose-headers").unwrap();
            assert!(exposed.contains("x-request-id"), "{exposed}");
        }
    }
    let closed = Service::start().await;
    let request = closed.client.post(closed.url("/graphql")).header(ORIGIN, OWN);
    let response = request
        .json(&json!({"query": "{__typename}"}))
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn answers_are_compressed_for_who_takes_that() {
    let service = Service::start().await;
    let fields = "name description ";
    let query = format!("{{ __schema {{ types {{ {fields} fields {{ {fields} }} }} }} }}");
    let plain = service.client.post(service.url("/graphql"));
    let plain = plain.json(&json!({ "query": query })).send().await.unwrap();
    let plain = plain.bytes().await.unwrap().len();
    for (accepts, expected) in [
        (Some("gzip"), Some("gzip")),
        (Some("br, gzip;q=0.5"), Some("gzip")),
        (Some("identity"), None),
        (Some("gzip;q=0"), None),
        (Some("br"), None),
        (None, None),
    ] {
        let mut request = service.client.post(service.url("/graphql"));
        if let Some(accepts) = accepts {
            request = request.header(ACCEPT_ENCODING, accepts);
        }
        let response = request.json(&json!({ "query": query })).send().await.unwrap();
        assert_eq!(
            header(&response, CONTENT_ENCODING.as_str()),
            expected,
            "{accepts:?}"
        );
        let vary = response.headers().get_all(VARY).iter();
        assert!(
            vary.map(|value| value.to_str().unwrap().to_lowercase())
                .any(|value| value.contains("accept-encoding"))
        );
        let bytes = response.bytes().await.unwrap();
        let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
        assert_eq!(is_packed, expected.is_some(), "{accepts:?}");
        assert!(
            !is_packed || bytes.len() < plain / 3,
            "{} of {plain}",
            bytes.len()
        );
    }
}

#[tokio::test]
async fn a_request_id_is_on_the_answer_and_in_its_errors() {
    let service = Service::start().await;
    let post = || service.client.post(service.url("/graphql"));
    let fault = json!({"query": "{ nothing }"});
    for request in [
        post().json(&fault),
        post().body("no content type"),
        service.client.put(service.url("/graphql")),
        service.client.get(service.url("/graphql?query=%7B")),
        service.client.get(service.url("/nowhere")),
    ] {
        let given = request.try_clone().unwrap().header("x-request-id", "edge-42");
        for (request, expected) in [(request, None), (given, Some("edge-42"))] {
            let response = request.send().await.unwrap();
            let id = header(&response, "x-request-id").unwrap().to_owned();
            if let Some(expected) = expected {
                assert_eq!(id, expected);
            } else {
                assert_eq!(id.len(), 32);
            }
            let answer: Value = response.json().await.unwrap();
            assert_eq!(
                answer["errors"][0]["extensions"]["requestId"],
                id.as_str(),
                "{answer}"
            );
        }
    }
}
