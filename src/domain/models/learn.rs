//! Learning from the estate on a thread of its own, which takes rows as they are read.

use super::compare::HeldOutRows;
use super::store::LabelCounts;
use crate::domain::evaluation::subject;
use crate::entities::{ApprovalStatus, resource, virtual_tag};
use crate::error::{Error, Result};
use std::sync::Arc;
use tagging::{EstateModel, EstateRow, EstateTrainer, Label, LabelOrigin, Vocabulary};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pages of rows that wait for the thread.
const WAITING: usize = 2;

/// Message to the thread that learns.
enum Lesson {
    Rows(Vec<EstateRow>),
    End,
}

/// Model, and what tells how good it is.
pub(super) struct Learned {
    pub model: EstateModel,
    pub held_out: HeldOutRows,
    pub resources: i64,
    pub labels: LabelCounts,
}

/// A thread that learns. It ends without a model when this is dropped.
pub(super) struct Learner {
    lessons: mpsc::Sender<Lesson>,
    thread: JoinHandle<Option<Learned>>,
}

impl Learner {
    pub(super) fn start(vocabulary: Arc<Vocabulary>, seed: u64) -> Self {
        let (lessons, received) = mpsc::channel(WAITING);
        let thread = tokio::task::spawn_blocking(move || learn(received, vocabulary, seed));
        Self { lessons, thread }
    }

    /// Adds a page of rows; waits while the thread is behind.
    pub(super) async fn add(&self, rows: Vec<EstateRow>) -> Result<()> {
        let sent = self.lessons.send(Lesson::Rows(rows)).await;
        sent.map_err(|_| Error::internal("the thread that learns has ended"))
    }

    /// The model of all rows.
    pub(super) async fn finish(self) -> Result<Learned> {
        // A thread that has ended says why.
        let _ = self.lessons.send(Lesson::End).await;
        let learned = self.thread.await.map_err(Error::internal)?;
        learned.ok_or_else(|| Error::internal("the thread that learns ended early"))
    }
}

fn learn(mut lessons: mpsc::Receiver<Lesson>, vocabulary: Arc<Vocabulary>, seed: u64) -> Option<Learned> {
    let mut trainer = EstateTrainer::new(vocabulary, seed);
    let mut held_out = HeldOutRows::new();
    let (mut resources, mut labels) = (0, LabelCounts::default());
    loop {
        match lessons.blocking_recv()? {
            Lesson::End => break,
            Lesson::Rows(rows) => {
                for row in rows {
                    resources += 1;
                    row.labels.iter().for_each(|label| labels.count(label.origin));
                    held_out.offer(&row);
                    trainer.add(row);
                }
            }
        }
    }
    Some(Learned {
        model: trainer.finish(),
        held_out,
        resources,
        labels,
    })
}

impl LabelCounts {
    fn count(&mut self, origin: LabelOrigin) {
        let counted = match origin {
            LabelOrigin::Native => &mut self.native,
            LabelOrigin::Decided => &mut self.decided,
            LabelOrigin::Rule(_) => &mut self.rule,
            LabelOrigin::Denied => &mut self.denied,
        };
        *counted += 1;
    }
}

/// Row of a resource with its tags that were approved or denied. What was approved takes the place of what the resource itself
/// says about that key; what was denied is no label of the resource any more, but one that says so.
pub(super) fn row(
    resource: resource::Model,
    tags: &[virtual_tag::Model],
    vocabulary: &Vocabulary,
) -> Result<EstateRow> {
    let seen = tags.iter().filter(|tag| !tag.is_approved_by_rule());
    let mut row = EstateRow::of_native_tags(subject(resource, seen)?, vocabulary);
    for tag in tags {
        let origin = match tag.approval_status {
            ApprovalStatus::Approved => match tag.rule_id {
                Some(rule) if tag.approved_by_rule => LabelOrigin::Rule(rule),
                // The policy of the key approved what a model or a pattern said: they are not to learn from themselves.
                None if tag.approved_by_rule => continue,
                _ => LabelOrigin::Decided,
            },
            ApprovalStatus::Denied => LabelOrigin::Denied,
            ApprovalStatus::Pending | ApprovalStatus::Superseded => continue,
        };
        let is_approved = origin != LabelOrigin::Denied;
        row.labels.retain(|label| {
            label.origin != LabelOrigin::Native
                || label.key != tag.tag_key
                || !is_approved && label.value != tag.tag_value
        });
        row.labels.push(Label {
            key: tag.tag_key.clone(),
            value: tag.tag_value.clone(),
            origin,
        });
    }
    Ok(row)
}
