//! Model of an estate: every group that a resource belongs to votes for the value that most of its tagged members have;
//! words vote for the value that they mean, and values of the estate for themselves where they occur in a name. How far a
//! vote can be believed was measured in the estate itself. The summed votes are calibrated, so that confidence is a
//! probability.

use std::cell::RefCell;
use std::sync::Arc;

use super::calibration::Calibrations;
use super::evidence::VoteView;
use super::inferred_value::Inference;
use super::knowledge::{Knowledge, Values};
use super::lexicon::Lexicon;
use super::observation::Observation;
use super::ranking::ValueRanking;
use super::reliability::Reliability;
use super::row::stated_labels;
use super::tallies::Tallies;
use super::votes::{ValueScore, Vote, VoteOrigin, nearest, sum_up};
use super::{EVIDENCE_SOURCES, KeyMetrics};
use crate::native_statements::NativeStatements;
use crate::{Subject, Vocabulary};

/// Model of what the tagged resources of one estate say about the others.
pub struct EstateModel {
    pub(super) lexicon: Lexicon,
    pub(super) knowledge: Knowledge,
    pub(super) tallies: Tallies,
    /// Per governed key.
    pub(super) keys: Vec<KeyModel>,
    pub(super) metrics: Vec<KeyMetrics>,
}

/// Lessons about one key.
pub(super) struct KeyModel {
    pub reliability: Reliability,
    pub ranking: ValueRanking,
    pub calibrations: Calibrations,
}

impl KeyModel {
    /// Priors, which are believed before anything is learned.
    pub(super) fn young() -> Self {
        Self {
            reliability: Reliability::new(),
            ranking: ValueRanking::young(),
            calibrations: Calibrations::young(),
        }
    }
}

/// Buffers of inference, used again for the next resource.
#[derive(Default)]
struct Workspace {
    seen: Observation,
    votes: Vec<Vec<Vote>>,
    scores: Vec<ValueScore>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// Labels of a resource itself, per key: it is no evidence for itself.
struct OwnValues {
    /// The value that is approved or stated, if the estate knows it.
    values: Vec<Option<u32>>,
    /// The resource's own tags state that value.
    stated: Vec<bool>,
}

impl EstateModel {
    /// The model of an estate without a tag: words have their priors, nothing else is known.
    pub fn untrained(vocabulary: Arc<Vocabulary>) -> Self {
        let lexicon = Lexicon::new(vocabulary);
        let knowledge = Knowledge::new(&lexicon, Values::default());
        Self {
            keys: lexicon.keys().iter().map(|_| KeyModel::young()).collect(),
            lexicon,
            knowledge,
            tallies: Tallies::default(),
            metrics: Vec::new(),
        }
    }

    /// Metrics per key, measured on labels that were hidden.
    pub fn metrics(&self) -> &[KeyMetrics] {
        &self.metrics
    }

    /// Values of governed keys for a resource, at most one per key. What the resource itself states is no evidence here.
    pub fn infer(&self, subject: &Subject) -> Vec<Inference> {
        self.infer_from(subject, 0.0)
    }

    /// As [`Self::infer`], without the values that the resource's own tags state, and with the strongest evidence only for
    /// inferences below `floor` and for values that are approved.
    pub fn infer_from(&self, subject: &Subject, floor: f64) -> Vec<Inference> {
        let native = NativeStatements::read(&subject.native_tags, self.lexicon.vocabulary());
        self.infer_stated(subject, &native, floor)
    }

    /// As [`Self::infer_from`], of a resource whose own tags were read.
    pub(crate) fn infer_stated(
        &self,
        subject: &Subject,
        native: &NativeStatements<'_>,
        floor: f64,
    ) -> Vec<Inference> {
        WORKSPACE.with_borrow_mut(|workspace| self.infer_in(subject, native, floor, workspace))
    }

    fn infer_in(
        &self,
        subject: &Subject,
        native: &NativeStatements<'_>,
        floor: f64,
        workspace: &mut Workspace,
    ) -> Vec<Inference> {
        let Workspace { seen, votes, scores } = workspace;
        seen.read(subject, &self.lexicon, &EVIDENCE_SOURCES);
        let own = self.own_values(subject, native);
        votes.resize_with(self.keys.len(), Vec::new);
        votes.iter_mut().for_each(Vec::clear);
        for (index, group) in (0u16..).zip(&seen.groups) {
            for &(key, tally) in self.tallies.of(group.id) {
                let key = usize::from(key);
                let vote = tally.vote(own.values[key]);
                votes[key].extend(vote.map(|vote| Vote::of_group(index, group.kind, vote)));
            }
        }
        let hidden = |key: u8, value| u32::from(own.values[usize::from(key)] == Some(value));
        self.knowledge
            .value_votes(seen, hidden, |key, vote| votes[usize::from(key)].push(vote));
        let mut inferences = Vec::new();
        let governed = (0u8..)
            .zip(votes.iter_mut())
            .filter(|(key, _)| self.lexicon.is_governed(*key));
        for (key, votes) in governed {
            self.knowledge.word_votes(&self.lexicon, seen, key, votes);
            self.weigh(key, votes);
            sum_up(votes, scores);
            self.keys[usize::from(key)].ranking.rank(votes, scores);
            let Some(winner) = scores.first() else { continue };
            let nearest = nearest(votes, winner.value);
            let calibration = self.keys[usize::from(key)].calibrations.of(nearest);
            if calibration.is_young() && winner.best <= 0.5 {
                // Nothing is known that is more likely right than wrong.
                continue;
            }
            let holds = own.values[usize::from(key)] == Some(winner.value);
            if floor > 0.0 && own.stated[usize::from(key)] && holds {
                continue;
            }
            let confidence = calibration.probability(winner.score);
            let view = VoteView {
                lexicon: &self.lexicon,
                values: &self.knowledge.values,
                subject,
                seen,
                votes,
                scores,
            };
            // A value that holds already is not proposed, however sure.
            let full = floor <= 0.0 || confidence >= floor && !holds;
            inferences.extend(view.inference(key, confidence, full));
        }
        inferences
    }

    fn own_values(&self, subject: &Subject, native: &NativeStatements<'_>) -> OwnValues {
        let keys = self.lexicon.keys();
        let mut own = OwnValues {
            values: vec![None; keys.len()],
            stated: vec![false; keys.len()],
        };
        let position = |key: &str| keys.iter().position(|governed| governed == key);
        for (key, value) in &subject.approved {
            if let Some(at) = position(key) {
                own.values[at] = self.knowledge.values.find(value);
            }
        }
        for statement in stated_labels(subject, native) {
            if let Some(at) = position(statement.key)
                && own.values[at].is_none()
            {
                own.values[at] = self.knowledge.values.find(&statement.value);
                own.stated[at] = true;
            }
        }
        own
    }

    /// Gives votes their reliability in this estate.
    pub(super) fn weigh(&self, key: u8, votes: &mut [Vote]) {
        let reliability = &self.keys[usize::from(key)].reliability;
        for vote in votes {
            (vote.weight, vote.odds) = match vote.origin {
                VoteOrigin::Group { bucket, .. } | VoteOrigin::KnownValue { bucket, .. } => {
                    reliability.of_group(bucket)
                }
                VoteOrigin::Word { bucket, .. } | VoteOrigin::AccountWords { bucket } => {
                    reliability.of_word(bucket)
                }
            };
        }
    }
}
