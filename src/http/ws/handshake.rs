//! Handshake of a websocket, until its credentials are accepted.

use super::socket_limits::SocketLimits;
use crate::gateway::caller_limit::Permit;
use crate::gateway::error::LimitError;
use crate::http::auth::{Credentials, DEVELOPER_NAME_HEADER};
use crate::http::limits;
use crate::http::server::read_allowance::ReadAllowance;
use axum::http::{Extensions, header};
use std::net::IpAddr;

/// State of a websocket until its credentials are accepted.
pub struct Handshake {
    /// Credentials in the headers; those of `connection_init` come before them.
    pub shown: Credentials,
    /// Address of the client.
    pub peer: Option<IpAddr>,
    /// Bytes that may still be read.
    pub allowance: ReadAllowance,
    _permit: Permit,
}

impl Handshake {
    /// Limits what is read from the connection from now on. Refused when there are too many such websockets already.
    pub fn begin(
        sockets: &SocketLimits,
        shown: Credentials,
        peer: Option<IpAddr>,
        extensions: &Extensions,
    ) -> Result<Self, LimitError> {
        let permit = sockets.acquire_handshake(peer)?;
        let allowance = extensions.get::<ReadAllowance>().cloned().unwrap_or_default();
        allowance.limit(limits::SOCKET_HANDSHAKE_BYTES);
        Ok(Self {
            shown,
            peer,
            allowance,
            _permit: permit,
        })
    }

    /// Replaces the credentials by those in the payload of `connection_init`, whose names are those of headers, in any
    /// case.
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
