//! Rows that an estate model learns from.

use crate::native_statements::{NativeStatement, NativeStatements};
use crate::{Subject, Vocabulary};

/// A resource of the estate and what is known about it. Rows without labels count, too: they tell which words and groups
/// the estate has.
#[derive(Clone, Debug)]
pub struct EstateRow {
    /// The resource, with its native tags as they are on it.
    pub subject: Subject,
    /// Values that hold for the resource, and values that were denied there.
    pub labels: Vec<Label>,
}

impl EstateRow {
    /// The row of a resource of which no more is known than its own tags.
    pub fn of_native_tags(subject: Subject, vocabulary: &Vocabulary) -> Self {
        let read = NativeStatements::read(&subject.native_tags, vocabulary);
        let labels = stated_labels(&subject, &read).map(|statement| Label {
            key: statement.key.to_owned(),
            value: statement.value.clone(),
            origin: LabelOrigin::Native,
        });
        let labels = labels.collect();
        Self { subject, labels }
    }
}

/// Statements of the resource's own tags that are labels, at most one for each key: those that nobody denied. A tag whose
/// key only usually means the canonical one is no label: a few of these would speak for a whole account.
pub(super) fn stated_labels<'a>(
    subject: &Subject,
    native: &'a NativeStatements<'a>,
) -> impl Iterator<Item = &'a NativeStatement<'a>> {
    let held = native.holding(subject).into_iter();
    held.map(|(statement, _)| statement)
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
