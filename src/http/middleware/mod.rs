//! Layers around all routes, and the access log.

pub mod access_log;
pub mod drain;
pub mod hosts;
pub mod rate_limit_headers;
pub mod trace;
