//! Pages of an operation: fetched one by one, with a guard against tokens that repeat themselves.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{ApiError, ApiErrorKind, ApiRequest, CloudClient, RequestSigner};

/// Operation that answers in pages.
pub trait PagedOperation: Send + Sync {
    type Page: DeserializeOwned + Send;

    /// Request of the page with this token; the first has none.
    ///
    /// # Errors
    /// The request cannot be written.
    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError>;

    /// Token of the next page, if the page has one. An empty text ends the pages, too; a page without items does not.
    fn next_token<'p>(&self, page: &'p Self::Page) -> Option<&'p str>;

    /// Reason for which a page without a token may not be the last.
    fn end_doubt(&self, _last: &Self::Page) -> Option<String> {
        None
    }
}

/// Pages of an operation that are still to come.
pub struct Pages<O> {
    client: CloudClient,
    signer: Arc<dyn RequestSigner>,
    operation: O,
    token: Option<String>,
    is_ended: bool,
    doubt: Option<String>,
    /// Hashes of the tokens so far, with the hasher of this process.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl<O: PagedOperation> Pages<O> {
    /// All pages of the operation.
    pub fn new(client: &CloudClient, signer: Arc<dyn RequestSigner>, operation: O) -> Self {
        Self {
            client: client.clone(),
            signer,
            operation,
            token: None,
            is_ended: false,
            doubt: None,
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Fetches the next page; `None` behind the last.
    ///
    /// # Errors
    /// As [`CloudClient::json`]; a token that was there before.
    pub async fn next(&mut self) -> Result<Option<O::Page>, ApiError> {
        if self.is_ended {
            return Ok(None);
        }
        let request = self.operation.request(self.token.as_deref())?;
        let page: O::Page = self.client.json(&request, self.signer.as_ref()).await?;
        self.client.observer().page(&request.target);
        match self.operation.next_token(&page).filter(|token| !token.is_empty()) {
            Some(token) if !self.seen.insert(self.hasher.hash_one(token)) => {
                self.is_ended = true;
                let reason = format!("page {} has a token that was there before", self.seen.len() + 1);
                return Err(ApiError::new(&request.target, ApiErrorKind::Protocol, reason));
            }
            Some(token) => self.token = Some(token.to_owned()),
            None => {
                self.is_ended = true;
                self.doubt = self.operation.end_doubt(&page);
            }
        }
        Ok(Some(page))
    }

    /// Reason for which there may be more pages than the API told of; known behind the last page.
    pub fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }
}
