//! GraphiQL, served from the binary: nothing comes from another host.

use crate::graphql::error::Code;
use crate::http::error::HttpError;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Content security policy: scripts, styles, images and fonts come from this service, or are images and fonts within
/// styles; nothing inline, no `eval`, and the page calls this service alone, its websocket included.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// File of the page.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    gzipped: bool,
    bytes: &'static [u8],
}

macro_rules! vendored {
    ($name:literal, $content_type:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            gzipped: true,
            bytes: include_bytes!(concat!("../../../assets/graphiql/vendor/", $name, ".gz")),
        }
    };
}

macro_rules! own {
    ($name:literal, $content_type:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            gzipped: false,
            bytes: include_bytes!(concat!("../../../assets/graphiql/", $name)),
        }
    };
}

static ASSETS: [Asset; 8] = [
    vendored!("graphiql.js", JAVASCRIPT),
    vendored!("graphiql.css", CSS),
    vendored!("react.js", JAVASCRIPT),
    vendored!("react-dom.js", JAVASCRIPT),
    vendored!("graphql-ws.js", JAVASCRIPT),
    own!("app.js", JAVASCRIPT),
    own!("app.css", CSS),
    own!("examples.graphql", "text/plain; charset=utf-8"),
];

/// Page for a browser that asks for `/graphql`.
pub fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        // The same address answers scripts with JSON.
        (header::VARY, "Accept"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address can hold an operation, which is nobody else's business.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, include_str!("../../../assets/graphiql/index.html")).into_response()
}

/// File of the page: compressed as it is stored, for clients that take that; 304 when the client has it.
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, HttpError> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or_else(|| HttpError::new(StatusCode::NOT_FOUND, Code::NotFound, "there is no such file"))?;
    let mut response = if asset.gzipped && !takes_gzip(&headers) {
        unpack(asset.bytes)?.into_response()
    } else {
        asset.bytes.into_response()
    };
    let tag = entity_tag(asset.bytes);
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if is_known {
        response = StatusCode::NOT_MODIFIED.into_response();
    } else if asset.gzipped && takes_gzip(&headers) {
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let fixed = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::VARY, "Accept-Encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.contains("gzip") && !value.contains("gzip;q=0"))
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, HttpError> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).map_err(|error| {
        tracing::error!("an asset cannot be unpacked: {error}");
        HttpError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::InternalServerError,
            "internal error",
        )
    })?;
    Ok(plain)
}

/// Weak: the answer may be compressed on its way.
fn entity_tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let start = u64::from_be_bytes(std::array::from_fn(|index| digest[index]));
    format!("W/\"{start:016x}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_page_names_is_there_and_none_is_elsewhere() {
        let page = include_str!("../../../assets/graphiql/index.html");
        let names = page
            .split("/graphiql/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let mut count = 0;
        for name in names {
            assert!(ASSETS.iter().any(|asset| asset.name == name), "{name}");
            count += 1;
        }
        assert_eq!(count, 7);
        assert!(!page.contains("http:") && !page.contains("https:"));
    }

    #[test]
    fn what_is_vendored_is_what_the_script_made() {
        let sums = include_str!("../../../assets/graphiql/vendor/SHA256SUMS");
        let packed: Vec<_> = ASSETS.iter().filter(|asset| asset.gzipped).collect();
        assert_eq!(sums.lines().count(), packed.len());
        for asset in packed {
            let digest = hex::encode(Sha256::digest(asset.bytes));
            let line = format!("{digest}  {}.gz", asset.name);
            assert!(sums.lines().any(|known| known == line), "{line}");
        }
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        for asset in ASSETS.iter().filter(|asset| asset.gzipped) {
            assert!(
                unpack(asset.bytes).unwrap().len() > asset.bytes.len(),
                "{}",
                asset.name
            );
        }
    }
}
