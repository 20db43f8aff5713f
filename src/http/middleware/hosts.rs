//! Host check: names that the service accepts in `Host`.
//!
//! Without authentication every client is an administrator, and a page of any site can be one: its name is made to point
//! to this machine (DNS rebinding), and then the browser takes both for one origin. The `Host` header still has the
//! page's name.

use crate::graphql::error::Code;
use crate::http::error::HttpError;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Paths that take any name, because probes name pods and addresses. They show nothing but the health of the service.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Policy of the names that requests may give as `Host`.
#[derive(Clone)]
pub struct HostPolicy(Option<Arc<[String]>>);

impl HostPolicy {
    /// Policy that allows loopback and these names; any name when callers must authenticate and no name is given.
    pub fn new(allowed: &[String], is_authenticated: bool) -> Self {
        Self((!is_authenticated || !allowed.is_empty()).then(|| allowed.into()))
    }

    fn allows(&self, request: &Request) -> bool {
        let Some(allowed) = &self.0 else {
            return true;
        };
        // The target counts before the header (RFC 9112, 3.2.2); both must be allowed.
        let target = request.uri().authority().map(Authority::as_str);
        let headers = request.headers().get_all(header::HOST).iter();
        let mut given = headers
            .map(|host| host.to_str().ok())
            .chain(target.map(Some))
            .peekable();
        given.peek().is_some() && given.all(|host| host.is_some_and(|host| is_allowed(host, allowed)))
    }
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if host.contains('@') {
        return false;
    }
    let name = authority.host().to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    is_loopback(name) || allowed.iter().any(|allowed| allowed == name)
}

/// Name is `localhost`, below it (RFC 6761, 6.3), or a loopback address.
fn is_loopback(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || address.is_some_and(|text| text.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()))
}

/// Refuses requests for other names with 421.
pub async fn check_host(State(policy): State<HostPolicy>, request: Request, next: Next) -> Response {
    if PROBES.contains(&request.uri().path()) || policy.allows(&request) {
        return next.run(request).await;
    }
    let message = "the service does not answer to this Host, but to localhost, loopback addresses, and the names in \
                   ALLOWED_HOSTS";
    HttpError::new(StatusCode::MISDIRECTED_REQUEST, Code::BadRequest, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn allows(policy: &HostPolicy, target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        policy.allows(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn loopback_and_configured_names_are_allowed() {
        let policy = HostPolicy::new(&["tags.example.com".into(), "192.0.2.7".into()], false);
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "tags.localhost",
            "localhost.",
            "127.0.0.1:8000",
            "127.8.9.1",
            "[::1]:8000",
            "tags.example.com",
            "Tags.Example.com:443",
            "192.0.2.7",
        ] {
            assert!(allows(&policy, "/graphql", &[host]), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil-localhost",
            "x.tags.example.com",
            "192.0.2.8",
            "0.0.0.0",
            "[::]",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost, evil.example",
            "",
        ] {
            assert!(!allows(&policy, "/graphql", &[host]), "{host}");
        }
        assert!(!allows(&policy, "/graphql", &[]));
        assert!(!allows(&policy, "/graphql", &["localhost", "evil.example"]));
        assert!(!allows(&policy, "http://evil.example/graphql", &["localhost"]));
        assert!(allows(&policy, "http://localhost/graphql", &["localhost"]));
    }

    #[test]
    fn authentication_needs_no_names_but_takes_them() {
        assert!(allows(&HostPolicy::new(&[], true), "/graphql", &["evil.example"]));
        let policy = HostPolicy::new(&["tags.example.com".into()], true);
        assert!(!allows(&policy, "/graphql", &["evil.example"]));
    }
}
