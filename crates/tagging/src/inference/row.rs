//! Rows that an estate model learns from.

use crate::native_statements::statements;
use crate::{Subject, Vocabulary};

/// A resource of the estate and what is known about it. Rows without labels count, too: they tell which words and groups
/// the estate has.
#[derive(Clone, Debug)]
pub struct EstateRow {
    /// The resource, with its native tags as they are on it.
    pub subject: Subject,
    /// What holds for the resource, and what was denied there.
    pub labels: Vec<Label>,
}

impl EstateRow {
    /// The row of a resource of which no more is known than its own tags. What a key only usually means is no label: a few
    /// of these would speak for a whole account.
    pub fn of_native_tags(subject: Subject, vocabulary: &Vocabulary) -> Self {
        let mut labels: Vec<Label> = Vec::new();
        for statement in statements(&subject.native_tags, vocabulary) {
            let is_first = labels.last().is_none_or(|label| label.key != statement.key);
            if is_first && !statement.is_implied() {
                labels.push(Label {
                    key: statement.key.to_owned(),
                    value: statement.value,
                    origin: LabelOrigin::Native,
                });
            }
        }
        Self { subject, labels }
    }
}

/// Value of one key on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Canonical key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    pub origin: LabelOrigin,
}

/// Origin of a label: how far it speaks for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LabelOrigin {
    /// The resource's own tags say it.
    Native,
    /// A person decided it for this resource.
    Decided,
    /// The approving rule of that id gave it: all tags of one rule are one decision, not as many.
    Rule(i64),
    /// A person denied it: this value is wrong on this resource.
    Denied,
}
