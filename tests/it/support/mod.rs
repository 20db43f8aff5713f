//! Everything that tests of several features share.

pub mod api;
pub mod db;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod fixture;
pub mod process;
#[cfg(feature = "embedded")]
pub mod scratch;
pub mod service;
