//! Persisted documents: a request names its document by text, by the hash of one that was sent before, or by the id of
//! a trusted one.

use super::document::Document;
use super::document_cache::{DocumentCache, KeyedDocuments, keyed_documents};
use super::error::AdmissionError;
use super::validation::document_validator::DocumentValidator;
use crate::config::GraphqlConfig;
use crate::graphql::error::Code;
use async_graphql::{Request, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Extension that names a document, as Apollo's clients send it.
pub const EXTENSION: &str = "persistedQuery";

/// Reason why the trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustedDocumentsError {
    /// File that cannot be read, or is not an object of texts by their ids.
    #[error(
        "TRUSTED_DOCUMENTS={path}: must be a JSON file with an object of documents by their ids: {cause}"
    )]
    File { path: String, cause: String },
    /// Document that would be refused if it came as text.
    #[error("TRUSTED_DOCUMENTS={path}: the document {id}: {cause}")]
    Document { path: String, id: String, cause: String },
}

/// Documents that can be executed.
pub struct PersistedDocuments {
    cache: DocumentCache,
    store: DocumentStore,
}

enum DocumentStore {
    /// Documents come as texts only.
    None,
    /// A text that came with its hash can be named by the hash from then on.
    Automatic(KeyedDocuments<[u8; 32]>),
    /// These documents and no others are executed.
    Trusted(HashMap<String, Arc<Document>>),
}

impl PersistedDocuments {
    /// Opens the store that is configured. Reads the trusted documents.
    pub fn open(config: &GraphqlConfig) -> Result<Self, TrustedDocumentsError> {
        let cache = DocumentCache::new(config.limits);
        let store = match &config.trusted_documents {
            Some(path) => DocumentStore::Trusted(trusted(path, config)?),
            None if config.persisted_queries => DocumentStore::Automatic(keyed_documents()),
            None => DocumentStore::None,
        };
        Ok(Self { cache, store })
    }

    /// Document that a request names.
    pub fn find(&self, request: &Request) -> Result<Arc<Document>, AdmissionError> {
        let (text, id) = (request.query.as_str(), named(request)?);
        match (&self.store, id) {
            (DocumentStore::Trusted(documents), Some(id)) => match documents.get(id) {
                Some(document) if text.is_empty() || text == &*document.text => Ok(document.clone()),
                Some(_) => Err(mismatch()),
                None => Err(not_found()),
            },
            (DocumentStore::Trusted(_), None) => Err(AdmissionError::Request(
                Code::PersistedQueryIdRequired
                    .server_error("only trusted documents are executed: send the id of one, and no text"),
            )),
            (DocumentStore::None, Some(_)) if text.is_empty() => Err(AdmissionError::PersistedQuery(
                Code::PersistedQueryNotSupported,
                "PersistedQueryNotSupported",
            )),
            (DocumentStore::None, _) | (DocumentStore::Automatic(_), None) => Ok(self.cache.get(text)?),
            (DocumentStore::Automatic(kept), Some(hash)) => self.automatic(kept, text, hash),
        }
    }

    fn automatic(
        &self,
        kept: &KeyedDocuments<[u8; 32]>,
        text: &str,
        hash: &str,
    ) -> Result<Arc<Document>, AdmissionError> {
        let hash = digest(hash);
        if text.is_empty() {
            return hash.and_then(|hash| kept.get(&hash)).ok_or_else(not_found);
        }
        let actual: [u8; 32] = Sha256::digest(text).into();
        if hash != Some(actual) {
            return Err(mismatch());
        }
        let document = self.cache.get(text)?;
        kept.insert(actual, document.clone());
        Ok(document)
    }
}

/// Hash or id by which a request names its document.
fn named(request: &Request) -> Result<Option<&str>, AdmissionError> {
    let Some(extension) = request.extensions.get(EXTENSION) else {
        return Ok(None);
    };
    let Value::Object(fields) = extension else {
        return Err(AdmissionError::BadRequest(
            "extensions.persistedQuery must be an object",
        ));
    };
    match (fields.get("version"), fields.get("sha256Hash")) {
        (Some(Value::Number(version)), Some(Value::String(hash))) if version.as_u64() == Some(1) => {
            Ok(Some(hash))
        }
        _ => Err(AdmissionError::BadRequest(
            "extensions.persistedQuery must have the version 1 and a sha256Hash",
        )),
    }
}

/// Digest of which this text has the 64 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok()?;
    Some(digest)
}

fn mismatch() -> AdmissionError {
    AdmissionError::BadRequest("the document is not the one that its hash or id names")
}

/// Error on which Apollo's clients send the whole document.
fn not_found() -> AdmissionError {
    AdmissionError::PersistedQuery(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

fn trusted(
    path: &Path,
    config: &GraphqlConfig,
) -> Result<HashMap<String, Arc<Document>>, TrustedDocumentsError> {
    let shown = || path.display().to_string();
    let unreadable = |cause: String| TrustedDocumentsError::File { path: shown(), cause };
    let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let texts: HashMap<String, String> =
        serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
    let validator = DocumentValidator::default();
    let documents = texts.into_iter().map(|(id, text)| {
        let document = match Document::parse(&text, &config.limits) {
            Ok(document) => {
                let invalid = document.invalid.iter().map(|error| error.message.clone());
                let fault = validator.faults(&text).into_iter().chain(invalid).next();
                fault.map_or(Ok(document), Err)
            }
            Err(error) => Err(error.message),
        };
        match document {
            Ok(document) => Ok((id, Arc::new(document))),
            Err(cause) => Err(TrustedDocumentsError::Document {
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
