//! Errors as the three clouds write them into answers, in JSON and XML, with status 200 too.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::short_message;

/// Bytes of the largest body with status 2xx in which an error is looked for.
const MAX_ERROR_BODY: usize = 4 << 10;

/// Class of a fault, which decides whether the request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultClass {
    Throttled,
    Expired,
    Transient,
    Refused,
}

/// Fault that an answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerFault {
    pub class: FaultClass,
    pub code: Option<String>,
    pub message: String,
}

/// Fault that an answer tells, if it does: by its status, or by its body, where a short one with status 200 may be an
/// error as well.
pub(crate) fn answer_fault(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<AnswerFault> {
    if status.is_success() && (body.len() > MAX_ERROR_BODY || !mentions_error(body)) {
        return None;
    }
    let header = headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok())
        .map(bare_code);
    let (code, message) = match serde_json::from_slice::<Value>(body) {
        Ok(body) => (json_code(&body), json_message(&body)),
        Err(_) if status.is_success() => return None,
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            (xml_text(&text, "Code"), xml_text(&text, "Message"))
        }
    };
    let code = header.or(code);
    if status.is_success() && code.is_none() {
        return None;
    }
    let class = classify(status, code.as_deref().unwrap_or_default());
    let message = short_message(&message.unwrap_or_default());
    Some(AnswerFault { class, code, message })
}

fn mentions_error(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("\"__type\"") || text.contains("\"error\"")
}

fn classify(status: StatusCode, code: &str) -> FaultClass {
    const EXPIRED: [&str; 6] = [
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "ExpiredAuthenticationToken",
        "TokenRefreshRequired",
        "UNAUTHENTICATED",
    ];
    const TRANSIENT: [&str; 9] = [
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        "ServiceException",
        "ServiceUnavailable",
        "UNAVAILABLE",
        "INTERNAL",
    ];
    if is_throttle(code) || matches!(status.as_u16(), 429 | 503) {
        FaultClass::Throttled
    } else if EXPIRED.contains(&code) || status == StatusCode::UNAUTHORIZED {
        FaultClass::Expired
    } else if TRANSIENT.contains(&code) || status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        FaultClass::Transient
    } else {
        FaultClass::Refused
    }
}

fn is_throttle(code: &str) -> bool {
    const CODES: [&str; 8] = [
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
        "RESOURCE_EXHAUSTED",
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "ServerBusy",
    ];
    CODES.contains(&code)
        || ["Throttl", "TooManyRequests", "RateLimit", "RateExceeded"]
            .iter()
            .any(|part| code.contains(part))
}

/// Code of AWS without its namespace and its link: `aws.protocoltests#Throttled:http://...`.
fn bare_code(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

fn json_code(body: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(bare_code).filter(|code| !code.is_empty());
    if let Some(code) = body.get("__type").and_then(text) {
        return Some(code);
    }
    match body.get("error") {
        Some(error @ Value::Object(_)) => {
            // The older APIs of Google answer 403 and name the rate in the list alone.
            let reason = error.pointer("/errors/0/reason").and_then(Value::as_str);
            let throttle = reason.filter(|reason| is_throttle(reason)).map(str::to_owned);
            let number = || {
                error
                    .get("code")
                    .and_then(Value::as_u64)
                    .map(|code| code.to_string())
            };
            throttle
                .or_else(|| error.get("status").and_then(text))
                .or_else(|| error.get("code").and_then(text))
                .or_else(number)
        }
        // OAuth, RFC 6749, 5.2.
        Some(Value::String(code)) => Some(code.clone()),
        _ => body.get("code").or_else(|| body.get("Code")).and_then(text),
    }
}

fn json_message(body: &Value) -> Option<String> {
    let places = [
        "/error/message",
        "/error_description",
        "/message",
        "/Message",
        "/error/code",
    ];
    let message = places
        .iter()
        .find_map(|place| body.pointer(place).and_then(Value::as_str));
    message.map(str::to_owned)
}

/// Text of the first element of this name.
pub(crate) fn xml_text(text: &str, element: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    let (content, _) = rest.split_once(&format!("</{element}>"))?;
    Some(content.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::{FaultClass, answer_fault};

    fn fault(status: u16, body: &str) -> Option<(FaultClass, String)> {
        let status = StatusCode::from_u16(status).unwrap();
        let fault = answer_fault(status, &HeaderMap::new(), body.as_bytes())?;
        Some((fault.class, fault.code.unwrap_or_default()))
    }

    #[test]
    fn each_cloud_s_errors_are_understood() {
        for (status, body, class, code) in [
            (
                400,
                r#"{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}"#,
                FaultClass::Throttled,
                "ThrottlingException",
            ),
            (
                400,
                r#"{"__type":"AccessDeniedException"}"#,
                FaultClass::Refused,
                "AccessDeniedException",
            ),
            (
                400,
                r#"{"__type":"ExpiredTokenException"}"#,
                FaultClass::Expired,
                "ExpiredTokenException",
            ),
            (
                403,
                "<ErrorResponse><Error><Code>RequestExpired</Code><Message>m</Message></Error></ErrorResponse>",
                FaultClass::Expired,
                "RequestExpired",
            ),
            (
                429,
                r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}"#,
                FaultClass::Throttled,
                "RESOURCE_EXHAUSTED",
            ),
            (
                403,
                r#"{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}"#,
                FaultClass::Throttled,
                "rateLimitExceeded",
            ),
            (
                403,
                r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#,
                FaultClass::Refused,
                "PERMISSION_DENIED",
            ),
            (
                429,
                r#"{"error":{"code":"RateLimiting","message":"Please provide below info"}}"#,
                FaultClass::Throttled,
                "RateLimiting",
            ),
            (
                401,
                r#"{"error":{"code":"ExpiredAuthenticationToken","message":"m"}}"#,
                FaultClass::Expired,
                "ExpiredAuthenticationToken",
            ),
            (
                200,
                r#"{"__type":"ThrottledException"}"#,
                FaultClass::Throttled,
                "ThrottledException",
            ),
            (200, r#"{"error":{"code":429}}"#, FaultClass::Refused, "429"),
            (502, "<html>bad gateway</html>", FaultClass::Transient, ""),
            (503, "", FaultClass::Throttled, ""),
        ] {
            let (got, its_code) = fault(status, body).unwrap();
            assert_eq!((got, its_code.as_str()), (class, code), "{status} {body}");
        }
    }

    #[test]
    fn an_answer_without_an_error_is_none() {
        assert_eq!(
            fault(200, r#"{"ResourceTagMappingList":[],"PaginationToken":""}"#),
            None
        );
        assert_eq!(
            fault(200, r#"{"data":[{"id":"error","tags":{"error":"x"}}]}"#),
            None
        );
        assert_eq!(fault(200, "{"), None);
    }

    #[test]
    fn the_header_of_aws_names_the_code() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_static("ThrottlingException:http://internal.amazon.com/coral/");
        headers.insert("x-amzn-errortype", value);
        let fault = answer_fault(StatusCode::BAD_REQUEST, &headers, b"{}").unwrap();
        assert_eq!(fault.code.as_deref(), Some("ThrottlingException"));
        assert_eq!(fault.class, FaultClass::Throttled);
    }
}
