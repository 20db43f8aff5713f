//! Requests of access tokens: forms that a token endpoint answers with a token and the time for which it holds.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Deserialize;

use crate::{
    AccessToken, ApiRate, ApiRequest, ApiTarget, CloudClient, CredentialError, Platform, RequestSigner,
};

/// Time for which a token holds whose answer does not say it.
const DEFAULT_LIFETIME: Duration = Duration::from_mins(10);

/// Signer of requests that need no credentials, or have them in their form.
pub(crate) struct Unsigned;

#[async_trait]
impl RequestSigner for Unsigned {
    async fn sign(&self, _: &mut Request) -> Result<(), CredentialError> {
        Ok(())
    }

    async fn renew(&self) {}
}

/// Response of a token endpoint.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    expires_in: Option<Seconds>,
}

/// Seconds as a number, or as the text that some endpoints write.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

/// Target of the requests of tokens.
pub(crate) fn token_target(platform: Platform, api: &'static str) -> ApiTarget {
    ApiTarget {
        platform,
        api,
        account: String::new(),
        region: String::new(),
        rate: ApiRate::per_second(10),
    }
}

/// Request with a form as its body.
pub(crate) fn form(target: ApiTarget, url: Url, fields: &[(&str, &str)]) -> ApiRequest {
    // An address writes its query as forms are written.
    let mut written = url.clone();
    written.query_pairs_mut().clear().extend_pairs(fields);
    let body = Bytes::from(written.query().unwrap_or_default().to_owned());
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    ApiRequest {
        target,
        method: Method::POST,
        url,
        headers,
        body,
    }
}

/// Fetches a token.
pub(crate) async fn fetch_token(
    client: &CloudClient,
    request: &ApiRequest,
) -> Result<AccessToken, CredentialError> {
    let now = SystemTime::now();
    let answer: TokenResponse = client
        .json(request, &Unsigned)
        .await
        .map_err(|error| CredentialError(error.to_string()))?;
    let lifetime = match answer.expires_in {
        Some(Seconds::Number(seconds)) => Duration::from_secs(seconds),
        Some(Seconds::Text(text)) => text.parse().map_or(DEFAULT_LIFETIME, Duration::from_secs),
        None => DEFAULT_LIFETIME,
    };
    Ok(AccessToken {
        secret: answer.access_token,
        expires_at: now + lifetime,
    })
}
