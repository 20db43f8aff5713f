//! Web client: the bundle of `client/dist`, served from the binary, and what its pages are told before they ask.
//!
//! `build.rs` embeds the bundle. Each file has its own path; every other path that a browser opens as a page gets
//! index.html, where the client's router takes over.

use super::static_file::StaticFile;
use crate::config::{AuthConfig, Config};
use crate::http::error::HttpError;
use crate::http::graphql::{Media, accepted};
use axum::http::{HeaderMap, Method, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::Serialize;
use std::collections::HashMap;

/// Files of the bundle with their paths; none if there was no bundle at build time.
pub static EMBEDDED: EmbeddedFiles = include!(concat!(env!("OUT_DIR"), "/client.rs"));

/// Files with their paths.
pub type EmbeddedFiles = &'static [(&'static str, &'static [u8])];

/// Word in index.html in whose place each response has a fresh nonce (`html.cspNonce` of Vite).
const NONCE_PLACEHOLDER: &str = "CSP_NONCE_PLACEHOLDER";

/// Path of the page in the bundle. It is a template, and never sent as a file.
const INDEX: &str = "/index.html";

/// Paths that are no pages of the client, nor is what is below them.
const RESERVED: [&str; 8] = [
    "/assets",
    "/client",
    "/csv",
    "/graphiql",
    "/graphql",
    "/healthz",
    "/metrics",
    "/readyz",
];

/// Page of a build without the bundle.
const ABSENT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Virtual Tagging</title>\n\
    <h1>The web client is not in this build</h1>\n<p>There was no <code>client/dist</code> when the service was built. \
    With Node 20.19 or newer:</p>\n<pre>cd client\nnpm ci --ignore-scripts\nnpm run build\ncd ..\ncargo run --release</pre>\n\
    <p>The API is there without it: <a href=\"/graphiql\">GraphiQL</a>.</p>\n</html>\n";

/// Web client of a service with its settings.
pub struct WebClient {
    index: Option<&'static str>,
    files: HashMap<&'static str, StaticFile>,
    pub(super) public_config: PublicConfig,
    /// Origin of the OpenID provider, which pages call to log in.
    provider: Option<String>,
}

impl WebClient {
    /// Web client made of these files, which tells its pages what they need of the settings.
    pub fn new(embedded: EmbeddedFiles, config: &Config) -> Self {
        let index = embedded.iter().find(|(path, _)| *path == INDEX);
        let files = embedded.iter().filter(|(path, _)| *path != INDEX);
        let public_config = PublicConfig::new(config);
        let provider = public_config.oidc.as_ref().and_then(OidcClient::origin);
        Self {
            index: index.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()),
            files: files
                .map(|&(path, bytes)| {
                    (
                        path,
                        StaticFile::plain(content_type(path), cache_control(path), bytes),
                    )
                })
                .collect(),
            public_config,
            provider,
        }
    }

    /// Response to a request that no route takes: a file, or the page for a browser.
    pub(super) async fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Response, HttpError> {
        if method != Method::GET && method != Method::HEAD {
            return Err(HttpError::no_such_path());
        }
        if let Some(file) = self.files.get(path) {
            return file.respond(headers).await;
        }
        let below = |prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
        };
        let is_reserved = RESERVED.into_iter().any(below);
        if is_reserved || accepted(headers) != Some(Media::Html) {
            return Err(HttpError::no_such_path());
        }
        Ok(self.page())
    }

    /// Page of the client, or the one that says how to build it.
    pub(super) fn page(&self) -> Response {
        let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
        let policy = self.content_security_policy(&nonce);
        let headers = [
            // Each copy has a nonce of its own.
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
            (header::CONTENT_SECURITY_POLICY, policy.as_str()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "same-origin"),
            (
                header::HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (
                header::HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ];
        let page = self.index.unwrap_or(ABSENT).replace(NONCE_PLACEHOLDER, &nonce);
        (headers, Html(page)).into_response()
    }

    /// Content security policy of a page: everything comes from this service; styles that scripts make carry the nonce;
    /// nothing is inline or evaluated, and no text becomes markup or script (Trusted Types).
    fn content_security_policy(&self, nonce: &str) -> String {
        let provider = self.provider.as_deref().unwrap_or_default();
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
             font-src 'self'; connect-src {}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            format!("'self' {provider}").trim_end()
        )
    }
}

/// Settings that everybody may know.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicConfig {
    version: &'static str,
    authentication: LoginKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<OidcClient>,
    thresholds: PublicThresholds,
    upload_max_bytes: usize,
}

impl PublicConfig {
    fn new(config: &Config) -> Self {
        let oidc = OidcClient::new(&config.auth);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            authentication: match (config.auth.is_required(), &oidc) {
                (false, _) => LoginKind::None,
                (true, None) => LoginKind::Token,
                (true, Some(_)) => LoginKind::Oidc,
            },
            oidc,
            thresholds: PublicThresholds {
                auto_apply: config.engine.auto_apply_threshold,
                review: config.engine.manual_review_threshold,
            },
            upload_max_bytes: config.http.uploads.bytes,
        }
    }
}

/// Kind of login that the client offers.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LoginKind {
    None,
    Token,
    Oidc,
}

/// Client at an OpenID provider.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OidcClient {
    authority: String,
    client_id: String,
}

impl OidcClient {
    fn new(auth: &AuthConfig) -> Option<Self> {
        Some(Self {
            authority: auth.issuer.clone()?,
            client_id: auth.oidc_client_id.clone()?,
        })
    }

    fn origin(&self) -> Option<String> {
        let url = Url::parse(&self.authority).ok()?;
        Some(url.origin().ascii_serialization())
    }
}

/// Confidences from which tags are applied, and from which they are suggested.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicThresholds {
    auto_apply: f64,
    review: f64,
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("md") => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Names of files below `/assets` change with what is in them.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with("/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

#[cfg(test)]
#[path = "web_client_tests.rs"]
mod tests;
