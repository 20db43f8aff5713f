//! Values that the model infers.

use crate::evidence_pieces::EvidencePiece;
use crate::{LosingCandidate, Signal, SourceKind};

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
    /// All pieces of evidence for the value, in the order of the signals.
    pub(crate) pieces: Vec<EvidencePiece>,
}
