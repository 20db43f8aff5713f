//! Live events: one tail per process reads each new row of a log once and fans it out to all subscribers.
//!
//! A log is a table whose rows carry the id of the transaction that wrote them. A tail reads rows in the order of
//! `(xid, id)` below the oldest running transaction: no row can appear there any more, so none is missed, whatever the
//! order of commits. (The xid in a row of the trail may be higher than that of its transaction, so that the changes of one
//! tag are in the order in which they were made.) The pair is the [`LogPosition`] from which a subscriber resumes. (A
//! sequence alone would lose rows: its numbers are drawn before transactions commit.)

mod feed;
mod listener;
mod log;

pub use feed::{Feed, FeedStatus};
pub use listener::{EventListener, announce};
pub use log::{Log, ResourceLog, TagLog};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Position in a log. Positions compare in the order of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// Transaction that wrote the row, or a later one that had begun by then.
    pub xid: i64,
    /// Id of the row.
    pub id: i64,
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.xid, self.id)
    }
}

/// Error for a text that is not the form of a [`LogPosition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of an event")]
pub struct ParseLogPositionError;

impl FromStr for LogPosition {
    type Err = ParseLogPositionError;

    fn from_str(text: &str) -> Result<Self, ParseLogPositionError> {
        // The parser of numbers would accept signs, too.
        let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text| Some(text).filter(digits).and_then(|text| text.parse().ok());
        let (xid, id) = text.split_once('.').ok_or(ParseLogPositionError)?;
        match (number(xid), number(id)) {
            (Some(xid), Some(id)) => Ok(Self { xid, id }),
            _ => Err(ParseLogPositionError),
        }
    }
}

/// Row of a log, with its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    /// Position to resume behind this event, as [`LogRange::after`].
    pub cursor: LogPosition,
    pub row: T,
}

/// Range of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogRange {
    /// Position behind which the range begins; `None` for the present end of the log.
    pub after: Option<LogPosition>,
    /// Position with which the range ends, which the log has reached already; `None` for a range without end.
    pub until: Option<LogPosition>,
}

impl LogRange {
    /// Range behind this position, without end.
    pub fn after(cursor: LogPosition) -> Self {
        Self {
            after: Some(cursor),
            until: None,
        }
    }
}

/// All events of a range of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventBatch<T> {
    /// Position behind which the events are.
    pub from: LogPosition,
    /// Position up to which the events are; the one to resume behind them, as [`LogRange::after`].
    pub to: LogPosition,
    /// Events in the order of the log.
    pub events: Vec<Arc<Event<T>>>,
}

impl<T: Clone> EventBatch<T> {
    /// Batch of all events behind `from`, up to the last of them.
    fn new(from: LogPosition, events: Vec<Event<T>>) -> Self {
        Self {
            from,
            to: events.last().map_or(from, |event| event.cursor),
            events: events.into_iter().map(Arc::new).collect(),
        }
    }

    /// Part of the batch behind `after` and up to `until`.
    fn part(self: Arc<Self>, after: LogPosition, until: Option<LogPosition>) -> Arc<Self> {
        let to = until.map_or(self.to, |until| until.min(self.to));
        if after <= self.from && to == self.to {
            return self;
        }
        let within = |event: &&Arc<Event<T>>| event.cursor > after && event.cursor <= to;
        Arc::new(Self {
            from: self.from.max(after),
            to,
            events: self.events.iter().filter(within).cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_survives_its_text(xid in 0..i64::MAX, id in 0..i64::MAX) {
            let cursor = LogPosition { xid, id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn any_other_text_is_refused(text in "[^0-9.]*|[-+][0-9]+\\.[0-9]+|[0-9]+\\.[-+][0-9]+|[0-9]*") {
            prop_assert_eq!(text.parse::<LogPosition>(), Err(ParseLogPositionError));
        }
    }
}
