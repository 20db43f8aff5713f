//! Requests of an API.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, IntoHeaderName};
use reqwest::{Method, Url};
use serde::Serialize;

use crate::ApiTarget;
use crate::error::{ApiError, ApiErrorKind};

/// Request that may be sent again: reads, and writes that change nothing the second time.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    pub target: ApiTarget,
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl ApiRequest {
    /// A GET of `url`.
    pub fn get(target: ApiTarget, url: Url) -> Self {
        Self {
            target,
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// A POST of a JSON body.
    ///
    /// # Errors
    /// The body cannot be written as JSON.
    pub fn post_json(target: ApiTarget, url: Url, body: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| {
            let reason = format!("the request cannot be written: {error}");
            ApiError::new(&target, ApiErrorKind::Protocol, reason)
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self {
            target,
            method: Method::POST,
            url,
            headers,
            body: body.into(),
        })
    }

    /// Adds a header, in place of one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: impl IntoHeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}
