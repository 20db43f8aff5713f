//! Caches of parsed documents, bounded in number and in bytes of text.

use super::document::Document;
use crate::config::Limits;
use async_graphql::ServerError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::hash::Hash;
use std::sync::Arc;

/// Bytes of all texts in a cache.
const TEXT_BYTES: usize = 4 << 20;
/// Bytes that a document counts for at least: its syntax tree takes memory however short the text is.
const MIN_TEXT_BYTES: usize = 4 << 10;
/// Bytes of the longest text that is kept by its text.
const MAX_TEXT_BYTES: usize = 16 << 10;

/// Weight of a document in a cache.
#[derive(Clone)]
pub struct DocumentWeight;

impl<K> Weighter<K, Arc<Document>> for DocumentWeight {
    fn weight(&self, _key: &K, document: &Arc<Document>) -> u64 {
        document.text.len().max(MIN_TEXT_BYTES) as u64
    }
}

/// Cache of documents by a key of each.
pub type KeyedDocuments<K> = Cache<K, Arc<Document>, DocumentWeight>;

/// Builds an empty cache.
pub fn keyed_documents<K: Eq + Hash>() -> KeyedDocuments<K> {
    let documents = TEXT_BYTES / MIN_TEXT_BYTES;
    Cache::with_weighter(documents, TEXT_BYTES as u64, DocumentWeight)
}

/// Parsed documents by their texts.
pub struct DocumentCache {
    documents: KeyedDocuments<Arc<str>>,
    limits: Limits,
}

impl DocumentCache {
    /// Builds an empty cache of documents that are within the limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            documents: keyed_documents(),
            limits,
        }
    }

    /// Document of this text: kept, or parsed now. Refused documents are not kept.
    pub fn get(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.documents.get(text) {
            return Ok(document);
        }
        let document = Arc::new(Document::parse(text, &self.limits)?);
        if text.len() <= MAX_TEXT_BYTES {
            self.documents.insert(document.text.clone(), document.clone());
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::Code;

    #[test]
    fn the_cache_keeps_what_was_parsed_and_nothing_that_was_refused() {
        let cache = DocumentCache::new(Limits::default());
        let kept = cache.get("{kept}").unwrap();
        assert!(Arc::ptr_eq(&kept, &cache.get("{kept}").unwrap()));
        let long = format!("{{a # {}\n}}", "x".repeat(MAX_TEXT_BYTES));
        let parsed = cache.get(&long).unwrap();
        assert!(!Arc::ptr_eq(&parsed, &cache.get(&long).unwrap()));
        for _ in 0..2 {
            assert_eq!(
                Code::in_error(&cache.get("{").unwrap_err()),
                Some("GRAPHQL_PARSE_FAILED")
            );
        }
    }

    #[test]
    fn it_is_bounded_in_entries_and_bytes_and_keeps_what_is_used() {
        let parsed = Document::parse("{a}", &Limits::default()).unwrap().parsed;
        for text_bytes in [3, MAX_TEXT_BYTES] {
            let cache = keyed_documents();
            let document = Arc::new(Document {
                text: "x".repeat(text_bytes).into(),
                parsed: parsed.clone(),
                asks_for_schema: false,
                invalid: None,
            });
            let used = usize::MAX;
            cache.insert(used, document.clone());
            for number in 0..10_000 {
                cache.insert(number, document.clone());
                assert!(cache.get(&used).is_some(), "{number}");
            }
            assert!(cache.len() <= TEXT_BYTES / text_bytes.max(MIN_TEXT_BYTES));
            assert!(cache.len() > 100);
        }
    }
}
