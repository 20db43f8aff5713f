//! Cache of responses to queries that many callers repeat.
//!
//! A response belongs to the [snapshot](crate::db::SnapshotReader) of the database before its execution, and is given only
//! to requests that find the same snapshot after they arrived: nothing was committed in between, by any process. So a caller
//! never sees less than what was committed before the request arrived; nothing needs to be invalidated, and processes need
//! not agree. Requests that arrive while the same query is executed for their snapshot share its response.

use super::response::{GraphqlResponse, WrittenResponse};
use crate::auth::{Actor, Role};
use crate::db::SnapshotReader;
use crate::domain::ReadPool;
use crate::gateway::AdmittedOperation;
use crate::gateway::normal_form;
use crate::telemetry::names;
use async_graphql::parser::types::{OperationType, Selection};
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Root fields of which responses are kept: they show the same to all callers with a role and accounts.
const FIELDS: [&str; 15] = [
    "approvals",
    "approvalFacets",
    "approvalGroups",
    "approvalStats",
    "costAllocation",
    "costCoverage",
    "coverage",
    "coverageHistory",
    "dashboard",
    "resource",
    "resourceFacets",
    "resources",
    "ruleSuggestions",
    "unallocatedCost",
    "virtualTags",
];

/// Time after which a response is built anew: some tell of the last hours or days, which pass without a change.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Largest response that is kept, as a part of the cache.
const LARGEST_PART: usize = 16;

/// Bytes that an entry takes besides its texts.
const ENTRY_BYTES: usize = 512;

/// Cache of responses, bounded in bytes.
pub struct ResponseCache {
    responses: KeptResponses,
    snapshots: SnapshotReader,
    bytes: usize,
    begun: Instant,
}

type KeptResponses = Cache<ResponseKey, KeptResponse, ResponseWeight>;

/// Entry of the cache for the response of an operation that is executed. Requests for it wait until it is filled or dropped.
pub struct VacantEntry<'a> {
    guard: PlaceholderGuard<
        'a,
        ResponseKey,
        KeptResponse,
        ResponseWeight,
        DefaultHashBuilder,
        DefaultLifecycle<ResponseKey, KeptResponse>,
    >,
    largest: usize,
}

/// Outcome of a lookup.
pub enum CacheLookup<'a> {
    /// Response of an earlier request, or of one at the same time.
    Hit(Arc<WrittenResponse>),
    /// Entry for the response, which execution is to give.
    Miss(VacantEntry<'a>),
    /// Operation of which no response is kept.
    Uncached,
}

/// Response that was kept; nothing for one that must not be.
type KeptResponse = Option<Arc<WrittenResponse>>;

/// Key of equal responses: an operation in its normal form, for actors of the same role and accounts, with all else that its
/// response comes from. Its document is part of it: another one with the same operation may be invalid, which its execution
/// tells.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ResponseKey {
    document: Arc<str>,
    operation: Box<str>,
    role: Role,
    accounts: Option<Vec<String>>,
    snapshot: Arc<str>,
    vocabulary: Box<str>,
    period: u64,
}

/// Weight of a response in the cache: its bytes.
#[derive(Clone)]
struct ResponseWeight;

impl Weighter<ResponseKey, KeptResponse> for ResponseWeight {
    fn weight(&self, key: &ResponseKey, response: &KeptResponse) -> u64 {
        let json = response.as_ref().map_or(0, |written| written.json.get().len());
        (json + key.document.len() + key.operation.len() + key.snapshot.len() + ENTRY_BYTES) as u64
    }
}

impl ResponseCache {
    /// Builds an empty cache of so many bytes over the database of this pool, which shows everything.
    pub fn new(bytes: usize, db: ReadPool) -> Self {
        Self {
            responses: Cache::with_weighter(bytes / ENTRY_BYTES / 8, bytes as u64, ResponseWeight),
            snapshots: SnapshotReader::new(db),
            bytes,
            begun: Instant::now(),
        }
    }

    /// Looks for the response to an operation. A database that does not answer is left to the execution.
    pub async fn find(
        &self,
        operation: &AdmittedOperation,
        actor: &Actor,
        vocabulary: &str,
    ) -> CacheLookup<'_> {
        if !is_kept(operation) {
            return CacheLookup::Uncached;
        }
        let Ok(definition) = operation.document().operation(operation.name()) else {
            return CacheLookup::Uncached;
        };
        let Ok(snapshot) = self.snapshots.current().await else {
            return CacheLookup::Uncached;
        };
        let text = normal_form::write(operation.document(), definition, operation.variables(), None);
        let key = ResponseKey {
            document: operation.document().text.clone(),
            operation: text.into(),
            role: actor.role,
            accounts: actor.scope.as_bind(),
            snapshot,
            vocabulary: vocabulary.into(),
            period: self.begun.elapsed().as_secs() / MAX_AGE.as_secs(),
        };
        let (outcome, lookup) = match self.responses.get_value_or_guard_async(&key).await {
            Ok(Some(written)) => ("hit", CacheLookup::Hit(written)),
            Ok(None) => ("uncached", CacheLookup::Uncached),
            Err(guard) => {
                let largest = self.bytes / LARGEST_PART;
                ("miss", CacheLookup::Miss(VacantEntry { guard, largest }))
            }
        };
        metrics::counter!(names::RESPONSE_CACHE, "outcome" => outcome).increment(1);
        lookup
    }
}

impl VacantEntry<'_> {
    /// Fills the entry: with the response, unless it has errors or is large; then those who wait execute for themselves.
    /// Gives the response, written if it was kept.
    pub fn fill(self, response: GraphqlResponse, charged: usize) -> GraphqlResponse {
        let written = response
            .errors()
            .is_empty()
            .then(|| serde_json::value::to_raw_value(&response));
        let kept = match written {
            Some(Ok(json)) if json.get().len() <= self.largest => {
                Some(Arc::new(WrittenResponse { json, charged }))
            }
            _ => None,
        };
        // The entry may be gone already, as for a cache that is too small.
        let _ = self.guard.insert(kept.clone());
        match kept {
            Some(written) => GraphqlResponse::written(written),
            None => response,
        }
    }
}

/// True for queries of the fields of which responses are kept, and of no others.
fn is_kept(operation: &AdmittedOperation) -> bool {
    let Ok(definition) = operation.document().operation(operation.name()) else {
        return false;
    };
    let fields = &definition.selection_set.node.items;
    operation.kind() == OperationType::Query
        && !fields.is_empty()
        && fields.iter().all(|item| match &item.node {
            Selection::Field(field) => FIELDS.contains(&field.node.name.node.as_str()),
            _ => false,
        })
}
