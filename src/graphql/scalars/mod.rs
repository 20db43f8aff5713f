//! Scalars: ids and points in time.

pub mod date_time;
pub mod decimal;
pub mod id;
