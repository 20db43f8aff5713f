//! Signature Version 4, verified by what AWS documents and not by the library that signs.

use axum::http::HeaderMap;
use ring::{digest, hmac};

/// Scope of a signature.
pub struct SignedScope {
    pub key: String,
    pub region: String,
}

/// Reads the scope of the `Authorization` header.
pub fn scope(headers: &HeaderMap) -> Option<SignedScope> {
    let parts: Vec<_> = field(headers, "Credential=")?
        .split('/')
        .map(str::to_owned)
        .collect();
    let [key, _date, region, _service, end] = <[String; 5]>::try_from(parts).ok()?;
    (end == "aws4_request").then_some(SignedScope { key, region })
}

/// True if the request is signed with the secret.
pub fn is_signed(secret: &str, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let (Some(scope), Some(names), Some(signature)) = (
        field(headers, "Credential="),
        field(headers, "SignedHeaders="),
        field(headers, "Signature="),
    ) else {
        return false;
    };
    let scope = scope.split_once('/').unwrap().1.to_owned();
    let date = headers["x-amz-date"].to_str().unwrap();
    let lines: String = names
        .split(';')
        .map(|name| format!("{name}:{}\n", headers[name].to_str().unwrap().trim()))
        .collect();
    let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", sha256(body));
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/') {
        key = mac(&key, part.as_bytes());
    }
    hex::encode(mac(&key, text.as_bytes())) == signature
}

fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let header = headers.get("authorization")?.to_str().ok()?;
    let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?.split(", ");
    fields
        .into_iter()
        .find_map(|field| field.strip_prefix(name))
        .map(str::to_owned)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes)
        .as_ref()
        .to_vec()
}
