//! Relay: cursors, pages and connections.

pub mod connection;
pub mod cursor;
pub mod page;
pub mod resolve;
pub mod rows;
