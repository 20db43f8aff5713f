//! Bodies of requests, bounded and charged to their callers as they come, before they are parsed.

use crate::gateway::rate_limit::Meter;
use crate::http::error::HttpError;
use crate::http::limits;
use axum::body::Body;
use futures::StreamExt;

/// Reads a body of `most` bytes at most. Each piece is charged before it is kept.
pub async fn read(body: Body, most: usize, mut meter: Meter<'_>) -> Result<Vec<u8>, HttpError> {
    let reading = async {
        let (mut read, mut pieces) = (Vec::new(), body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| HttpError::bad_request("the body could not be read"))?;
            if read.len() + piece.len() > most {
                return Err(HttpError::body_too_large(most));
            }
            meter.try_acquire(piece.len())?;
            read.extend_from_slice(&piece);
        }
        Ok(read)
    };
    let read = tokio::time::timeout(limits::BODY_TIME, reading).await;
    read.unwrap_or_else(|_late| Err(HttpError::slow_body()))
}

/// Refuses JSON with more than [`limits::JSON_VALUES`] values, before it is parsed.
pub fn check_json(text: &[u8]) -> Result<(), HttpError> {
    if count_values(text) <= limits::JSON_VALUES {
        return Ok(());
    }
    let message = format!("the JSON has more than {} values", limits::JSON_VALUES);
    Err(HttpError::bad_request(message))
}

/// Counts opening brackets and braces, and commas: about as many as there are values. Syntax is left to the parser.
fn count_values(text: &[u8]) -> usize {
    let (mut count, mut is_string, mut is_escaped) = (0, false, false);
    for &byte in text {
        if is_string {
            (is_string, is_escaped) = (is_escaped || byte != b'"', !is_escaped && byte == b'\\');
        } else {
            is_string = byte == b'"';
            count += usize::from(matches!(byte, b'[' | b'{' | b','));
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::rate_limit::RateLimiter;
    use axum::http::StatusCode;

    #[tokio::test]
    async fn a_body_is_charged_and_bounded_while_it_comes() {
        let rate_limiter = RateLimiter::new(Some(1_000));
        let of = |bytes: usize| {
            let pieces = (0..bytes / 100).map(|_| Ok::<_, std::io::Error>("x".repeat(100)));
            Body::from_stream(futures::stream::iter(pieces))
        };
        let status = |read: Result<Vec<u8>, HttpError>| {
            read.map(|read| read.len())
                .map_err(|http_error| http_error.status)
        };
        let read = |caller, bytes| read(of(bytes), 50_000, rate_limiter.meter(caller, 100));
        assert_eq!(status(read("ann", 50_000).await), Ok(50_000));
        assert_eq!(
            status(read("bob", 50_100).await),
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        );
        assert_eq!(status(read("ann", 50_000).await), Ok(50_000));
        assert_eq!(
            status(read("ann", 50_000).await),
            Err(StatusCode::TOO_MANY_REQUESTS)
        );
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, values) in [
            ("1", 0),
            (r#""[,{""#, 0),
            (r#""\"[[[""#, 0),
            (r#""\\",["#, 2),
            (r#"{"a":[1,2,{"b":","}]}"#, 5),
            (r#"["\\\"[",1]"#, 2),
        ] {
            assert_eq!(count_values(text.as_bytes()), values, "{text}");
        }
        let list = |values: usize| format!("[{}", "0,".repeat(values - 1));
        assert!(check_json(list(limits::JSON_VALUES).as_bytes()).is_ok());
        assert!(check_json(list(limits::JSON_VALUES + 1).as_bytes()).is_err());
    }
}
