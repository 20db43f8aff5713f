//! Everything that tests of several features share.

pub mod api;
pub mod api_tokens;
pub mod clouds;
#[cfg(feature = "embedded")]
pub mod cluster;
pub mod db;
pub mod decisions;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod fixture;
pub mod locks;
pub mod pages;
pub mod process;
pub mod runs;
#[cfg(feature = "embedded")]
pub mod scratch;
pub mod service;
pub mod socket;
pub mod statements;
pub mod uploads;
pub mod wait;
pub mod workers;
