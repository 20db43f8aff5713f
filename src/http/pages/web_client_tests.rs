use super::*;
use axum::body::to_bytes;
use axum::http::StatusCode;

const FIXTURE: EmbeddedFiles = &[
    ("/assets/index-abc.js", b"import './nothing.js';"),
    (
        "/index.html",
        b"<meta nonce=\"CSP_NONCE_PLACEHOLDER\"><script nonce=\"CSP_NONCE_PLACEHOLDER\">",
    ),
    ("/icon.svg", b"<svg/>"),
];

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn config(settings: &[(&str, &str)]) -> Config {
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_variables(&settings.collect()).unwrap()
}

fn client(embedded: EmbeddedFiles) -> WebClient {
    WebClient::new(embedded, &config(&[]))
}

async fn get(client: &WebClient, path: &str, accept: &str) -> Result<Response, HttpError> {
    let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
    client.respond(&Method::GET, path, &headers).await
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn pages_are_for_browsers_and_for_no_path_of_the_service() {
    let client = client(FIXTURE);
    for path in [
        "/approvals",
        "/resources/UmVzb3VyY2U6MQ",
        "/index.html",
        "/clients",
        "/csv-imports",
    ] {
        assert_eq!(get(&client, path, BROWSER).await.unwrap().status(), 200, "{path}");
        assert_eq!(get(&client, path, "*/*").await.unwrap_err().status, 404, "{path}");
        let posted = client.respond(&Method::POST, path, &HeaderMap::new()).await;
        assert_eq!(posted.unwrap_err().status, 404, "{path}");
    }
    for path in RESERVED
        .into_iter()
        .map(str::to_owned)
        .chain(RESERVED.map(|path| format!("{path}/other")))
    {
        let refused = get(&client, &path, BROWSER).await.unwrap_err();
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn each_page_has_its_nonce_in_every_place_and_in_the_policy() {
    let page = client(FIXTURE).page();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap()
        .to_owned();
    let text = text(page).await;
    assert_eq!(text.matches(&nonce).count(), 2, "{text}");
    assert!(!text.contains(NONCE_PLACEHOLDER), "{text}");
}

#[tokio::test]
async fn a_build_without_the_bundle_says_how_to_make_it() {
    let client = client(&[]);
    let page = text(client.page()).await;
    assert!(
        page.contains("npm run build") && page.contains("/graphiql"),
        "{page}"
    );
    assert_eq!(
        get(&client, "/assets/index-abc.js", BROWSER)
            .await
            .unwrap_err()
            .status,
        404
    );
}

#[test]
fn pages_may_call_the_provider_that_logs_in_and_nobody_else() {
    let settings = [
        ("JWT_JWKS_URL", "https://login.example.com/keys"),
        ("JWT_ISSUER", "https://login.example.com/realms/shop"),
        ("JWT_AUDIENCE", "tags"),
        ("OIDC_CLIENT_ID", "tags-web"),
    ];
    let with_provider = WebClient::new(FIXTURE, &config(&settings));
    let policy = with_provider.content_security_policy("n");
    assert!(
        policy.contains("connect-src 'self' https://login.example.com;"),
        "{policy}"
    );
    let told = serde_json::to_value(&with_provider.public_config).unwrap();
    assert_eq!(told["authentication"], "OIDC");
    let expected =
        serde_json::json!({"authority": "https://login.example.com/realms/shop", "clientId": "tags-web"});
    assert_eq!(told["oidc"], expected);
    let policy = client(FIXTURE).content_security_policy("n");
    assert!(policy.contains("connect-src 'self';"), "{policy}");
}

#[test]
fn the_bundle_is_whole_and_names_no_other_host() {
    let Some((_, index)) = EMBEDDED.iter().find(|(path, _)| *path == INDEX) else {
        assert!(EMBEDDED.is_empty(), "a bundle without its page");
        return;
    };
    let index = std::str::from_utf8(index).unwrap();
    assert!(!index.contains("http:") && !index.contains("https:"), "{index}");
    assert!(index.contains(NONCE_PLACEHOLDER), "{index}");
    let names = index
        .split("=\"/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let mut count = 0;
    for name in names {
        let path = format!("/{name}");
        assert!(EMBEDDED.iter().any(|(each, _)| *each == path), "{path}");
        count += 1;
    }
    assert!(count > 1, "{index}");
    assert!(EMBEDDED.iter().any(|(path, _)| *path == "/licenses.md"));
}
