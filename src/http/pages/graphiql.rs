//! GraphiQL, served from the binary: nothing comes from another host.

use super::static_file::StaticFile;
use crate::graphql::error::Code;
use crate::http::error::HttpError;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::LazyLock;

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

/// Files by name, as they are sent.
static FILES: LazyLock<HashMap<&str, StaticFile>> = LazyLock::new(|| {
    let file = |asset: &Asset| {
        let make = if asset.gzipped {
            StaticFile::packed
        } else {
            StaticFile::plain
        };
        make(asset.content_type, "public, max-age=3600", asset.bytes)
    };
    ASSETS.iter().map(|asset| (asset.name, file(asset))).collect()
});

/// Page for a browser that asks for `/graphiql` or `/graphql`.
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

/// File of the page.
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, HttpError> {
    let file = FILES
        .get(name.as_str())
        .ok_or_else(|| HttpError::new(StatusCode::NOT_FOUND, Code::NotFound, "there is no such file"))?;
    file.respond(&headers).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use sha2::{Digest, Sha256};

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

    #[tokio::test]
    async fn what_is_packed_can_be_unpacked() {
        for asset in ASSETS.iter().filter(|asset| asset.gzipped) {
            let plain = FILES[asset.name].respond(&HeaderMap::new()).await.unwrap();
            let plain = to_bytes(plain.into_body(), 16 << 20).await.unwrap();
            assert!(plain.len() > asset.bytes.len(), "{}", asset.name);
        }
    }
}
