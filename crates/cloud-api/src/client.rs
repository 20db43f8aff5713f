//! Client of all APIs: rate, credentials, attempts, limits of time and size.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Request, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::error_body::{FaultClass, answer_fault};
use crate::retry_after::retry_after;
use crate::{
    ApiError, ApiErrorKind, ApiRequest, ApiTarget, RequestObserver, RequestSigner, RetryPolicy, TargetLimiter,
};

/// Time for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Client of all APIs of a process; clones share the connections and the rates.
#[derive(Clone)]
pub struct CloudClient {
    http: reqwest::Client,
    limiter: Arc<TargetLimiter>,
    observer: Arc<dyn RequestObserver>,
    retry: RetryPolicy,
}

/// Attempt that failed.
struct FailedAttempt {
    class: FaultClass,
    error: ApiError,
    retry_after: Option<Duration>,
}

impl CloudClient {
    /// A client without connections yet.
    ///
    /// # Errors
    /// TLS cannot be prepared.
    pub fn new(retry: RetryPolicy, observer: Arc<dyn RequestObserver>) -> Result<Self, reqwest::Error> {
        // The same one as for the rest of the process; an error says that it is there already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            // A redirect would take the credentials to another host.
            .redirect(Policy::none())
            .user_agent("virtual-tagging")
            .build()?;
        Ok(Self {
            http,
            limiter: Arc::default(),
            observer,
            retry,
        })
    }

    /// Observer of the calls.
    pub(crate) fn observer(&self) -> &dyn RequestObserver {
        self.observer.as_ref()
    }

    /// Sends a request until it is answered with JSON of this form, or its limits are reached.
    ///
    /// # Errors
    /// As [`ApiErrorKind`] says; of several attempts, the error of the last.
    pub async fn json<T: DeserializeOwned>(
        &self,
        request: &ApiRequest,
        signer: &dyn RequestSigner,
    ) -> Result<T, ApiError> {
        self.call(request, signer, |body| {
            // An answer that a proxy cut is not JSON either, and worth another attempt.
            serde_json::from_slice(body)
                .map_err(|error| format!("the answer is not the JSON expected: {error}"))
        })
        .await
    }

    /// Sends a request until it is answered, or its limits are reached.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn bytes(&self, request: &ApiRequest, signer: &dyn RequestSigner) -> Result<Bytes, ApiError> {
        self.call(request, signer, |body| Ok(body.clone())).await
    }

    async fn call<T>(
        &self,
        request: &ApiRequest,
        signer: &dyn RequestSigner,
        read: impl Fn(&Bytes) -> Result<T, String>,
    ) -> Result<T, ApiError> {
        let target = &request.target;
        let span = tracing::debug_span!(
            "cloud_request",
            cloud = target.platform.label(),
            api = target.api,
            account = target.account,
            region = target.region,
        );
        self.attempts(request, signer, read).instrument(span).await
    }

    async fn attempts<T>(
        &self,
        request: &ApiRequest,
        signer: &dyn RequestSigner,
        read: impl Fn(&Bytes) -> Result<T, String>,
    ) -> Result<T, ApiError> {
        let end = Instant::now() + self.retry.total;
        let mut is_renewed = false;
        let mut attempts = 0;
        loop {
            attempts += 1;
            self.limiter.acquire(&request.target).await;
            let failed = match self.attempt(request, signer, &read).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let delay = self.retry.delay(attempts, failed.retry_after);
            let error = failed.error;
            tracing::debug!(attempts, %error, "a request failed");
            match failed.class {
                FaultClass::Refused => return Err(error),
                FaultClass::Expired if is_renewed => return Err(error),
                FaultClass::Expired => {
                    is_renewed = true;
                    signer.renew().await;
                }
                _ if attempts >= self.retry.attempts || Instant::now() + delay >= end => {
                    let reason = format!("{} (attempt {attempts})", error.reason);
                    return Err(ApiError { reason, ..error });
                }
                FaultClass::Throttled => self.limiter.pause(&request.target, delay),
                FaultClass::Transient => tokio::time::sleep(delay).await,
            }
        }
    }

    async fn attempt<T>(
        &self,
        request: &ApiRequest,
        signer: &dyn RequestSigner,
        read: &impl Fn(&Bytes) -> Result<T, String>,
    ) -> Result<T, FailedAttempt> {
        let target = &request.target;
        let mut signed = Request::new(request.method.clone(), request.url.clone());
        signed.headers_mut().clone_from(&request.headers);
        *signed.body_mut() = Some(request.body.clone().into());
        signer.sign(&mut signed).await.map_err(|error| FailedAttempt {
            class: FaultClass::Refused,
            error: ApiError::new(target, ApiErrorKind::Credentials, error.to_string()),
            retry_after: None,
        })?;
        let begin = Instant::now();
        let answer = match timeout(self.retry.attempt, self.exchange(target, signed)).await {
            Ok(answer) => answer,
            Err(_) => Err(unavailable(target, "timeout", "no answer within the time limit")),
        };
        let (status, headers, body) = answer.map_err(|(code, failed)| {
            self.observer.answered(target, code, begin.elapsed());
            failed
        })?;
        self.observer.answered(target, status.as_str(), begin.elapsed());
        if let Some(fault) = answer_fault(status, &headers, &body) {
            if fault.class == FaultClass::Throttled {
                self.observer.throttled(target);
            }
            let kind = match fault.class {
                FaultClass::Throttled => ApiErrorKind::Throttled,
                FaultClass::Expired => ApiErrorKind::Credentials,
                FaultClass::Transient => ApiErrorKind::Unavailable,
                FaultClass::Refused => ApiErrorKind::Refused,
            };
            let code = fault.code.as_deref().unwrap_or("no code");
            let mut error = ApiError::new(target, kind, format!("{code} (HTTP {})", status.as_u16()));
            if !fault.message.is_empty() {
                error.reason = format!("{}: {}", error.reason, fault.message);
            }
            error.code = fault.code;
            error.status = Some(status);
            return Err(FailedAttempt {
                class: fault.class,
                error,
                retry_after: retry_after(&headers, SystemTime::now()),
            });
        }
        read(&body).map_err(|reason| FailedAttempt {
            class: FaultClass::Transient,
            error: ApiError::new(target, ApiErrorKind::Protocol, reason),
            retry_after: None,
        })
    }

    /// Sends a request and reads the answer to its end.
    async fn exchange(
        &self,
        target: &ApiTarget,
        request: Request,
    ) -> Result<(StatusCode, HeaderMap, Bytes), (&'static str, FailedAttempt)> {
        let broken = |error: reqwest::Error| unavailable(target, "unreachable", &words(error));
        let mut response = self.http.execute(request).await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > self.retry.max_answer {
                let reason = format!("the answer has more than {} bytes", self.retry.max_answer);
                let failed = FailedAttempt {
                    class: FaultClass::Refused,
                    error: ApiError::new(target, ApiErrorKind::Protocol, reason),
                    retry_after: None,
                };
                return Err(("too_large", failed));
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok((response.status(), headers, body.into()))
    }
}

fn unavailable(target: &ApiTarget, code: &'static str, reason: &str) -> (&'static str, FailedAttempt) {
    let failed = FailedAttempt {
        class: FaultClass::Transient,
        error: ApiError::new(target, ApiErrorKind::Unavailable, reason),
        retry_after: None,
    };
    (code, failed)
}

/// Causes of an error, without the address, which may hold a signature.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
