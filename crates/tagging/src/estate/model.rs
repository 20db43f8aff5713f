//! Estate model.

use std::sync::Arc;

use crate::{LosingCandidate, Signal, SourceKind, Subject, Vocabulary};

use super::codec;
use super::{KeyMetrics, ModelError};

/// What the tagged resources of one estate say about the others.
pub struct EstateModel {
    #[expect(dead_code, reason = "read by the words")]
    vocabulary: Arc<Vocabulary>,
    metrics: Vec<KeyMetrics>,
}

/// A value that the model infers for one key of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    /// Canonical key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    /// Probability that the value is right, 0 to 1.
    pub confidence: f64,
    /// Kind of the strongest evidence.
    pub source: SourceKind,
    /// One sentence for people.
    pub reason: String,
    /// Evidence for the value, strongest first.
    pub signals: Vec<Signal>,
    /// Other values, strongest first, and why they lost.
    pub alternatives: Vec<LosingCandidate>,
    /// The same as long as the evidence is the same but for small changes of counts.
    pub signature: String,
}

impl EstateModel {
    pub(super) fn new(vocabulary: Arc<Vocabulary>, metrics: Vec<KeyMetrics>) -> Self {
        Self { vocabulary, metrics }
    }

    /// Bytes that [`Self::from_bytes`] reads; the same model gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&self.metrics)
    }

    /// Model of bytes that [`Self::to_bytes`] made, with the vocabulary that reads names and tags.
    pub fn from_bytes(bytes: &[u8], vocabulary: Arc<Vocabulary>) -> Result<Self, ModelError> {
        Ok(Self::new(vocabulary, codec::decode(bytes)?))
    }

    /// Figures per key, measured on labels that were hidden.
    pub fn metrics(&self) -> &[KeyMetrics] {
        &self.metrics
    }

    /// Values of governed keys for a resource, at most one per key, in the order of the vocabulary. What the resource
    /// itself states is no evidence here.
    pub fn infer(&self, _subject: &Subject) -> Vec<Inference> {
        Vec::new()
    }
}
