//! Limits of the open websockets.

use crate::config::Config;
use crate::gateway::caller_limit::{CallerLimit, Permit};
use crate::gateway::error::LimitError;
use crate::gateway::rate_limit::peer_key;
use crate::http::limits;
use std::net::IpAddr;

/// Limits of the open websockets.
pub struct SocketLimits {
    /// Websockets without credentials yet, by address.
    handshakes: CallerLimit,
    /// The others, by caller.
    open: CallerLimit,
}

impl SocketLimits {
    /// Limits as configured.
    pub fn new(config: &Config) -> Self {
        let connections = config.http.max_connections;
        let handshakes = connections / limits::CONNECTIONS_PER_HANDSHAKE;
        Self {
            handshakes: CallerLimit::new(handshakes, handshakes.div_ceil(2)),
            open: CallerLimit::new(connections, config.graphql.caller_subscriptions),
        }
    }

    /// Permit for a websocket without credentials from this address.
    pub(super) fn acquire_handshake(&self, peer: Option<IpAddr>) -> Result<Permit, LimitError> {
        let what = "websockets without credentials";
        self.handshakes.try_acquire(&peer_key(peer), what)
    }

    /// Permit for a websocket of a caller.
    pub(super) fn acquire_open(&self, caller: &str) -> Result<Permit, LimitError> {
        self.open.try_acquire(caller, "websockets")
    }
}
