//! A websocket until its credentials are accepted: how many of them there may be, and what they may send.

use crate::config::Config;
use crate::gateway::caller_limit::{CallerLimit, LimitReached, Permit};
use crate::gateway::rate_limit::peer_key;
use crate::http::auth::{Credentials, DEVELOPER_NAME_HEADER};
use crate::http::error::HttpError;
use crate::http::limits;
use crate::http::server::read_allowance::ReadAllowance;
use axum::http::{Extensions, header};
use std::net::IpAddr;

/// Limits of the open websockets.
pub struct SocketLimits {
    /// Those whose credentials have not come yet, by address.
    greeting: CallerLimit,
    /// The others, by caller.
    open: CallerLimit,
}

impl SocketLimits {
    /// Limits as configured.
    pub fn new(config: &Config) -> Self {
        let connections = config.http.max_connections;
        let greeting = connections / limits::CONNECTIONS_PER_GREETING;
        Self {
            greeting: CallerLimit::new(greeting, greeting.div_ceil(2)),
            open: CallerLimit::new(connections, config.graphql.caller_subscriptions),
        }
    }

    /// Permit for a socket of a caller, if the caller may have one more.
    pub(super) fn acquire(&self, caller: &str) -> Option<Permit> {
        self.open.try_acquire(caller).ok()
    }
}

/// What there is of a socket until its credentials are accepted.
pub struct Greeting {
    /// What the handshake shows; `connection_init` may show better.
    pub shown: Credentials,
    pub peer: Option<IpAddr>,
    /// What may still be read.
    pub allowance: ReadAllowance,
    _permit: Permit,
}

impl Greeting {
    /// Limits what is read from the connection of this handshake from now on. Refused when there are too many already.
    pub fn begin(
        sockets: &SocketLimits,
        shown: Credentials,
        peer: Option<IpAddr>,
        extensions: &Extensions,
    ) -> Result<Self, HttpError> {
        let permit = sockets.greeting.try_acquire(&peer_key(peer));
        let permit = permit.map_err(|reached| {
            let what = "websockets without credentials";
            match reached {
                LimitReached::Share => HttpError::share_taken(what, sockets.greeting.share()),
                LimitReached::All => HttpError::full(what),
            }
        })?;
        let allowance = extensions.get::<ReadAllowance>().cloned().unwrap_or_default();
        allowance.limit(limits::SOCKET_GREETING_BYTES);
        Ok(Self {
            shown,
            peer,
            allowance,
            _permit: permit,
        })
    }

    /// Names in the payload of `connection_init` are those of headers, in any case.
    pub fn or_payload(mut self, payload: Option<&serde_json::Value>) -> Self {
        let entries = payload
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flatten();
        for (name, value) in entries {
            let value = value.as_str().map(str::to_owned);
            if name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str()) {
                self.shown.authorization = value.or(self.shown.authorization);
            } else if name.eq_ignore_ascii_case(DEVELOPER_NAME_HEADER) {
                self.shown.developer = value.or(self.shown.developer);
            }
        }
        self
    }
}
