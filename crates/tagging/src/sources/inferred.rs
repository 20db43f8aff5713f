//! Candidates of the estate model: one per key, of the evidence that PATTERN, INHERITED, NEIGHBOUR and MODEL find.

use std::sync::Arc;

use crate::{Candidate, CandidateSource, EstateModel, SourceInput, SourceKind, WeighedEvidence};

/// Source of all that is inferred. Its candidates carry the kind of their strongest evidence.
pub(crate) struct InferredSource {
    pub model: Arc<EstateModel>,
    /// Confidence below which only the strongest evidence is kept.
    pub floor: f64,
}

impl CandidateSource for InferredSource {
    fn source(&self) -> SourceKind {
        SourceKind::Model
    }

    fn propose(&self, input: &SourceInput<'_>, out: &mut Vec<Candidate>) {
        let inferences = self.model.infer_stated(input.subject, input.native, self.floor);
        let inferences = inferences.into_iter();
        out.extend(inferences.map(|inference| Candidate {
            key: inference.key,
            value: inference.value,
            source: inference.source,
            confidence: inference.confidence,
            rule_id: None,
            reason: inference.reason,
            signature: inference.signature,
            weighed: Some(WeighedEvidence {
                signals: inference.signals,
                alternatives: inference.alternatives,
                pieces: inference.pieces,
            }),
        }));
    }
}
