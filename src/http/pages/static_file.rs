//! Files that the service sends from its memory: validated by entity tags, compressed once.

use crate::http::error::HttpError;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use tokio::sync::OnceCell;

/// File in the binary, plain or packed by gzip.
pub struct StaticFile {
    content_type: &'static str,
    cache_control: &'static str,
    tag: String,
    /// Bytes as they are; `None` when the binary has only the packed ones.
    plain: Option<&'static [u8]>,
    /// Packed bytes, once somebody asked for them; `None` when packing makes the file no smaller.
    packed: OnceCell<Option<Bytes>>,
}

impl StaticFile {
    /// File whose bytes the binary has as they are.
    pub fn plain(content_type: &'static str, cache_control: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            content_type,
            cache_control,
            tag: entity_tag(bytes),
            plain: Some(bytes),
            packed: OnceCell::new(),
        }
    }

    /// File whose bytes the binary has packed by gzip.
    pub fn packed(content_type: &'static str, cache_control: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            content_type,
            cache_control,
            tag: entity_tag(bytes),
            plain: None,
            packed: OnceCell::new_with(Some(Some(Bytes::from_static(bytes)))),
        }
    }

    /// Response to a request with these headers: 304 when the client has the file, packed for clients that take that.
    pub async fn respond(&self, headers: &HeaderMap) -> Result<Response, HttpError> {
        let mut response = if self.is_known(headers) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.body(headers).await?
        };
        let fixed = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, self.cache_control),
            (header::VARY, "Accept-Encoding"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        for (name, value) in fixed {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Ok(response)
    }

    async fn body(&self, headers: &HeaderMap) -> Result<Response, HttpError> {
        if takes_gzip(headers)
            && let Some(packed) = self.packed_bytes().await
        {
            return Ok(([(header::CONTENT_ENCODING, "gzip")], packed).into_response());
        }
        if let Some(plain) = self.plain {
            return Ok(Bytes::from_static(plain).into_response());
        }
        let packed = self.packed_bytes().await.unwrap_or_default();
        let mut plain = Vec::new();
        GzDecoder::new(packed.as_ref())
            .read_to_end(&mut plain)
            .map_err(|error| {
                tracing::error!("a file of the service cannot be unpacked: {error}");
                HttpError::fault()
            })?;
        Ok(plain.into_response())
    }

    async fn packed_bytes(&self) -> Option<Bytes> {
        let packed = self.packed.get_or_init(|| async {
            let plain = self.plain?;
            let packed = tokio::task::spawn_blocking(move || pack(plain))
                .await
                .ok()?
                .ok()?;
            (packed.len() < plain.len()).then(|| packed.into())
        });
        packed.await.clone()
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = opaque(&self.tag);
        let known = headers.get_all(header::IF_NONE_MATCH).iter();
        known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || opaque(tag) == own)
    }
}

fn pack(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    GzEncoder::new(plain, Compression::best()).read_to_end(&mut packed)?;
    Ok(packed)
}

/// Tells whether `Accept-Encoding` names gzip with a quality above 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, parameter) = coding.split_once(';').unwrap_or((coding, ""));
            let quality = parameter.trim().strip_prefix("q=").unwrap_or("1");
            name.trim().eq_ignore_ascii_case("gzip") && quality.parse().unwrap_or(1.0) > 0.0
        })
}

/// Weak: the response may be compressed on its way.
fn entity_tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let start = u64::from_be_bytes(std::array::from_fn(|index| digest[index]));
    format!("W/\"{start:016x}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn gzip_is_taken_as_accept_encoding_says() {
        for (accepted, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip; q=1.0", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("", false),
            ("notgzip", false),
        ] {
            let headers = headers(header::ACCEPT_ENCODING, accepted);
            assert_eq!(takes_gzip(&headers), expected, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_file_is_known_by_its_tag_in_a_list_weak_or_strong() {
        let file = StaticFile::plain("text/plain", "no-cache", b"text");
        let tag = file.tag.clone();
        let strong = tag.trim_start_matches("W/");
        for (known, expected) in [
            (tag.clone(), true),
            (strong.to_owned(), true),
            (format!("\"other\", {tag}"), true),
            ("*".to_owned(), true),
            ("\"other\"".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(
                file.is_known(&headers(header::IF_NONE_MATCH, &known)),
                expected,
                "{known}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_packed_unpacks_to_what_was_there_and_small_files_stay_plain() {
        let long = "text ".repeat(1000).leak().as_bytes();
        let packed = StaticFile::plain("text/plain", "no-cache", long)
            .packed_bytes()
            .await;
        let mut plain = Vec::new();
        let packed = packed.unwrap();
        GzDecoder::new(packed.as_ref()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, long);
        let short = StaticFile::plain("text/plain", "no-cache", b"text");
        assert_eq!(short.packed_bytes().await, None);
    }
}
