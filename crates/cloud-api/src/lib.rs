//! Calls of the clouds' REST APIs, one way for all of them: a signature or a token ([`RequestSigner`]), the rate that each
//! API grants ([`TargetLimiter`]), retries with full jitter ([`RetryPolicy`]), limits of time and size ([`CloudClient`]), and
//! pages ([`Pages`]).
//!
//! The crate knows APIs and nothing of the product: what it counts goes to a [`RequestObserver`].

mod api_rate;
pub mod aws;
pub mod azure;
mod client;
mod error;
mod error_body;
pub mod gcp;
mod observer;
mod pages;
mod request;
mod retry;
mod retry_after;
mod signer;
mod target;
mod target_limiter;
mod token_request;

pub use api_rate::ApiRate;
pub use client::CloudClient;
pub use error::{ApiError, ApiErrorKind};
pub use observer::{NoObserver, RequestObserver};
pub use pages::{PagedOperation, Pages};
pub use request::ApiRequest;
pub use retry::RetryPolicy;
pub use signer::{AccessToken, BearerSigner, CredentialError, RequestSigner, TokenSource};
pub use target::{ApiTarget, Platform};
pub use target_limiter::TargetLimiter;
