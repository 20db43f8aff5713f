//! Time that a cloud asks to be left alone for.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Time that the headers ask for: `Retry-After` in seconds or as a date, or what Azure Resource Graph says of its quota.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let stated = text(RETRY_AFTER.as_str()).and_then(|value| {
        let seconds = value.trim().parse::<u32>().ok();
        let date = || httpdate::parse_http_date(value).ok()?.duration_since(now).ok();
        seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
            .or_else(date)
    });
    stated.or_else(|| clock(text("x-ms-user-quota-resets-after")?))
}

/// `00:00:05`
fn clock(text: &str) -> Option<Duration> {
    let mut seconds: u32 = 0;
    for part in text.split(':') {
        let part = part.split('.').next()?.parse::<u32>().ok()?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    Some(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use reqwest::header::{HeaderMap, HeaderValue};

    use super::retry_after;

    #[test]
    fn seconds_dates_and_quotas() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let date = httpdate::fmt_http_date(now + Duration::from_secs(30));
        for (name, value, expected) in [
            ("retry-after", "3", Some(3)),
            ("retry-after", date.as_str(), Some(30)),
            ("retry-after", "soon", None),
            ("x-ms-user-quota-resets-after", "00:01:05", Some(65)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            assert_eq!(
                retry_after(&headers, now),
                expected.map(Duration::from_secs),
                "{value}"
            );
        }
    }
}
