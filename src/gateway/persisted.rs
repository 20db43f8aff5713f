//! Which document a request means: its text, or one that is known by a hash or an id.

use super::document::{Document, DocumentCache};
use super::generations::Generations;
use super::validation::document_validator::DocumentValidator;
use crate::config::GraphqlConfig;
use crate::graphql::error::Code;
use crate::http::error::HttpError;
use crate::http::graphql::executor::RequestError;
use async_graphql::{Request, Value};
use axum::http::StatusCode;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The extension that names a document, as Apollo's clients send it.
pub const EXTENSION: &str = "persistedQuery";

/// Documents kept by their hashes in each of two generations, and bytes of their texts.
const KEPT_DOCUMENTS: usize = 1_024;
const KEPT_BYTES: usize = 2 << 20;

/// Why the trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read, or is not an object of texts by their ids.
    #[error(
        "TRUSTED_DOCUMENTS={path}: must be a JSON file with an object of documents by their ids: {cause}"
    )]
    File { path: String, cause: String },
    /// A document that would not be executed either way.
    #[error("TRUSTED_DOCUMENTS={path}: the document {id}: {cause}")]
    Document { path: String, id: String, cause: String },
}

/// The documents that can be executed.
pub struct Documents {
    cache: DocumentCache,
    store: DocumentStore,
}

enum DocumentStore {
    /// Documents come as texts.
    None,
    /// Who sends a text with its hash may send the hash alone from then on.
    Automatic(Generations<[u8; 32], Arc<Document>>),
    /// There are no others.
    Trusted(HashMap<String, Arc<Document>>),
}

impl Documents {
    /// As configured; reads the trusted documents.
    pub fn open(config: &GraphqlConfig) -> Result<Self, TrustError> {
        let cache = DocumentCache::new(config.limits);
        let store = match &config.trusted_documents {
            Some(path) => DocumentStore::Trusted(trusted(path, config)?),
            None if config.persisted_queries => {
                DocumentStore::Automatic(Generations::new(KEPT_DOCUMENTS, KEPT_BYTES))
            }
            None => DocumentStore::None,
        };
        Ok(Self { cache, store })
    }

    /// The document that a request means.
    pub fn find(&self, request: &Request) -> Result<Arc<Document>, RequestError> {
        let (text, id) = (request.query.as_str(), named(request)?);
        match (&self.store, id) {
            (DocumentStore::Trusted(documents), Some(id)) => match documents.get(id) {
                Some(document) if text.is_empty() || text == &*document.text => Ok(document.clone()),
                Some(_) => Err(mismatch()),
                None => Err(not_found()),
            },
            (DocumentStore::Trusted(_), None) => Err(RequestError::Request(
                Code::PersistedQueryIdRequired
                    .server_error("only trusted documents are executed: send the id of one, and no text"),
            )),
            (DocumentStore::None, Some(_)) if text.is_empty() => Err(HttpError::new(
                StatusCode::OK,
                Code::PersistedQueryNotSupported,
                "PersistedQueryNotSupported",
            )
            .into()),
            (DocumentStore::None, _) | (DocumentStore::Automatic(_), None) => Ok(self.cache.get(text)?),
            (DocumentStore::Automatic(kept), Some(hash)) => self.automatic(kept, text, hash),
        }
    }

    fn automatic(
        &self,
        kept: &Generations<[u8; 32], Arc<Document>>,
        text: &str,
        hash: &str,
    ) -> Result<Arc<Document>, RequestError> {
        let hash = digest(hash);
        if text.is_empty() {
            return hash.and_then(|hash| kept.get(&hash)).ok_or_else(not_found);
        }
        let actual: [u8; 32] = Sha256::digest(text).into();
        if hash != Some(actual) {
            return Err(mismatch());
        }
        let document = self.cache.get(text)?;
        kept.insert(actual, document.clone(), text.len());
        Ok(document)
    }
}

/// The hash or id that a request names its document by.
fn named(request: &Request) -> Result<Option<&str>, RequestError> {
    let Some(extension) = request.extensions.get(EXTENSION) else {
        return Ok(None);
    };
    let Value::Object(fields) = extension else {
        return Err(HttpError::bad_request("extensions.persistedQuery must be an object").into());
    };
    match (fields.get("version"), fields.get("sha256Hash")) {
        (Some(Value::Number(version)), Some(Value::String(hash))) if version.as_u64() == Some(1) => {
            Ok(Some(hash))
        }
        _ => Err(HttpError::bad_request(
            "extensions.persistedQuery must have the version 1 and a sha256Hash",
        )
        .into()),
    }
}

/// 64 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}

fn mismatch() -> RequestError {
    HttpError::bad_request("the document is not the one that its hash or id names").into()
}

/// 200, as Apollo's clients expect, who then send the whole document. They know it by its message or its code.
fn not_found() -> RequestError {
    HttpError::new(
        StatusCode::OK,
        Code::PersistedQueryNotFound,
        "PersistedQueryNotFound",
    )
    .into()
}

fn trusted(path: &Path, config: &GraphqlConfig) -> Result<HashMap<String, Arc<Document>>, TrustError> {
    let shown = || path.display().to_string();
    let unreadable = |cause: String| TrustError::File { path: shown(), cause };
    let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let texts: HashMap<String, String> =
        serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
    let checker = DocumentValidator::default();
    let documents = texts.into_iter().map(|(id, text)| {
        let document = match Document::parse(&text, &config.limits) {
            Ok(document) => {
                let invalid = document.invalid.iter().map(|error| error.message.clone());
                let fault = checker.faults(&text).into_iter().chain(invalid).next();
                fault.map_or(Ok(document), Err)
            }
            Err(error) => Err(error.message),
        };
        match document {
            Ok(document) => Ok((id, Arc::new(document))),
            Err(cause) => Err(TrustError::Document {
                path: shown(),
                id,
                cause,
            }),
        }
    });
    documents.collect()
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_digest_has_64_digits() {
        let digits = "0123456789abcdefABCDEF".to_owned() + &"0".repeat(42);
        assert_eq!(digest(&digits).unwrap()[..3], [0x01, 0x23, 0x45]);
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(digest(text), None, "{text}");
        }
    }
}
