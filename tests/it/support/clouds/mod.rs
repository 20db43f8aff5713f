//! Clouds that run in a test's process: they answer in the shapes of the real APIs, verify what the real ones verify, and
//! misbehave when they are told to.

pub mod aws;
pub mod aws_account;
pub mod aws_signature;
pub mod azure;
pub mod collected;
pub mod faults;
pub mod gcp;
pub mod serve;
