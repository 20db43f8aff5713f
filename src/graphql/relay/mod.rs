//! Relay: cursors, pages and connections.

pub mod bounded_list;
pub mod connection;
pub mod cursor;
pub mod page;
pub mod resolve;
pub mod row_fields;
