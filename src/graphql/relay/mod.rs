//! Relay: cursors, pages and connections.

pub mod cursor;
pub mod page;
pub mod rows;
