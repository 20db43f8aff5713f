//! What callers show, and the caller of a request.

use super::Caller;
use crate::http::SharedHttpState;
use crate::http::error::HttpError;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use std::net::{IpAddr, SocketAddr};

/// Development without authentication: names the caller, so that one person can act as two.
pub const DEVELOPER_NAME_HEADER: &str = "x-actor";

/// The caller of a request, by its headers.
impl FromRequestParts<SharedHttpState> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedHttpState) -> Result<Self, HttpError> {
        let shown = Credentials::of(&parts.headers);
        let caller = state
            .authenticator
            .check(&shown, peer_of(&parts.extensions))
            .await;
        Ok(caller?)
    }
}

/// The address that a request comes from.
pub fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|peer| peer.0.ip())
}

/// What somebody shows.
#[derive(Clone, Default)]
pub struct Credentials {
    /// An `Authorization` header, or its like.
    pub authorization: Option<String>,
    /// A name of choice, which counts without authentication only.
    pub developer: Option<String>,
}

impl Credentials {
    /// What the headers of a request show. A value that is no text is as good as a wrong one.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.as_bytes();
            Some(String::from_utf8_lossy(value).into_owned())
        };
        Self {
            authorization: text(header::AUTHORIZATION.as_str()),
            developer: text(DEVELOPER_NAME_HEADER),
        }
    }

    /// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1).
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}
