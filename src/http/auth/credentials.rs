//! Credentials as requests show them.

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, header};
use std::net::{IpAddr, SocketAddr};

/// Header that names the caller of a service without authentication, so that one developer can act as two.
pub const DEVELOPER_NAME_HEADER: &str = "x-actor";

/// Address that a request comes from.
pub fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|peer| peer.0.ip())
}

/// Credentials that a request shows; not checked yet.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Value of the header `Authorization`, or of the same name in `connection_init`.
    pub authorization: Option<String>,
    /// Name of choice, which counts without authentication only.
    pub developer: Option<String>,
}

impl Credentials {
    /// Credentials in the headers of a request. A value that is no text becomes an invalid one.
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

    /// Token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1).
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}
