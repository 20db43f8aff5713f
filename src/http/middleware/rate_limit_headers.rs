//! Rate limit headers of draft-ietf-httpapi-ratelimit-headers-10, with a quota in units of cost.

use crate::gateway::rate_limit::{RateLimiter, WINDOW};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Header with the units that the caller may still spend, and the seconds until the bucket is full.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Header with the quota and its window in seconds.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Writes the fill of a caller's bucket to the headers of a response; nothing without a quota.
pub fn write_headers(rate_limiter: &RateLimiter, caller: &str, headers: &mut HeaderMap) {
    let Some(fill) = rate_limiter.fill(caller) else {
        return;
    };
    let seconds = fill.full_in.as_secs_f64().ceil();
    let rate = format!("\"cost\";r={};t={seconds:.0}", fill.left);
    let policy = format!("\"cost\";q={};w={}", fill.quota, WINDOW.as_secs());
    for (name, value) in [(RATE_LIMIT, rate), (RATE_LIMIT_POLICY, policy)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_the_quota_and_what_is_left() {
        let limiter = RateLimiter::new(Some(600));
        let headers_of = |caller| {
            let mut headers = HeaderMap::new();
            write_headers(&limiter, caller, &mut headers);
            headers
        };
        assert_eq!(headers_of("ann")[RATE_LIMIT], "\"cost\";r=600;t=0");
        assert_eq!(headers_of("ann")[RATE_LIMIT_POLICY], "\"cost\";q=600;w=60");
        limiter.try_acquire("ann", 300).unwrap();
        let left = headers_of("ann")[RATE_LIMIT].to_str().unwrap().to_owned();
        assert!(
            left.starts_with("\"cost\";r=30") && left.contains(";t="),
            "{left}"
        );
        let mut headers = HeaderMap::new();
        write_headers(&RateLimiter::new(None), "ann", &mut headers);
        assert!(headers.is_empty());
    }
}
