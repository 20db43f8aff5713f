//! Live events: one tail a process reads each new row of a log once and fans it out to all subscribers.
//!
//! A log is a table whose rows carry the id of the transaction that wrote them. A reader takes rows in the order
//! of `(xid, id)` below the oldest transaction still running: below it nothing can appear any more, so no row
//! is passed over, whatever the order of commits. (The id in a row of the trail may be one a little above that of
//! its transaction, so that the changes of one tag come in the order in which they were made.) That pair is the [`LogPosition`] that a subscriber gets, and
//! resumes from. (A sequence alone would lose rows: numbers are drawn before transactions commit.)

mod feed;
mod listener;
mod log;

pub use feed::{Feed, FeedStatus};
pub use listener::{EventListener, announce};
pub use log::{Log, ResourceLog, TagLog};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A place in a log. Places compare in the order of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// The transaction that wrote the row, or one that had begun by then.
    pub xid: i64,
    /// The row within it.
    pub id: i64,
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.xid, self.id)
    }
}

/// The text is not one that a [`LogPosition`] was shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of an event")]
pub struct ParseLogPositionError;

impl FromStr for LogPosition {
    type Err = ParseLogPositionError;

    fn from_str(text: &str) -> Result<Self, ParseLogPositionError> {
        // A number's own parser takes signs, too.
        let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text| Some(text).filter(digits).and_then(|text| text.parse().ok());
        let (xid, id) = text.split_once('.').ok_or(ParseLogPositionError)?;
        match (number(xid), number(id)) {
            (Some(xid), Some(id)) => Ok(Self { xid, id }),
            _ => Err(ParseLogPositionError),
        }
    }
}

/// One row of a log, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    /// Give it back as `after` to go on behind this event.
    pub cursor: LogPosition,
    /// What happened.
    pub row: T,
}

/// A part of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogRange {
    /// It begins behind this place; from now on without one.
    pub after: Option<LogPosition>,
    /// It ends with this place, which the log has reached; never without one.
    pub until: Option<LogPosition>,
}

impl LogRange {
    /// What comes behind this place, without end.
    pub fn after(cursor: LogPosition) -> Self {
        Self {
            after: Some(cursor),
            until: None,
        }
    }
}

/// Events that come together: all those of a stretch of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T> {
    /// They lie behind this place.
    pub from: LogPosition,
    /// They lie up to this place; give it back as `after` to go on behind them.
    pub to: LogPosition,
    /// In order.
    pub events: Vec<Arc<Event<T>>>,
}

impl<T: Clone> Batch<T> {
    /// All events behind `from`, up to the last of them.
    fn new(from: LogPosition, events: Vec<Event<T>>) -> Self {
        Self {
            from,
            to: events.last().map_or(from, |event| event.cursor),
            events: events.into_iter().map(Arc::new).collect(),
        }
    }

    /// What of it lies behind `after` and not behind `until`.
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
