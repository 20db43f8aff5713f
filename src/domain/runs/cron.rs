//! Cron expressions, in UTC.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds, Year};

/// A cron expression with five fields (minute, hour, day of month, month, day of week) or six (with seconds first).
#[derive(Clone, Debug)]
pub struct Cron(Pattern);

impl Cron {
    /// Reads an expression. [`Error::Rejected`] on the field `cron` for one that cannot be read, or never comes.
    pub fn parse(expression: &str) -> Result<Self> {
        let refuse = |why: String| {
            Error::invalid(
                "cron",
                format!(
                    "{expression:?} is not a cron expression of 5 fields (minute hour day month weekday) or 6 \
                     (second first), in UTC: {why}"
                ),
            )
        };
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let pattern = parser
            .parse(expression)
            .map_err(|error| refuse(error.to_string()))?;
        match pattern.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, true) {
            Ok(_) => Ok(Self(pattern)),
            Err(_) => Err(refuse("no date ever matches it".into())),
        }
    }

    /// The first tick after `now`.
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, false).ok()
    }

    /// The last tick at or before `now`.
    pub fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_previous_occurrence(&now, true).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn latest(expression: &str, now: &str) -> DateTime<Utc> {
        Cron::parse(expression).unwrap().latest(at(now)).unwrap()
    }

    #[test]
    fn finds_the_tick_before_and_after() {
        let cron = Cron::parse("*/2 * * * *").unwrap();
        let now = at("2026-03-01T10:03:59.999Z");
        assert_eq!(cron.latest(now), Some(at("2026-03-01T10:02:00Z")));
        assert_eq!(cron.next(now), Some(at("2026-03-01T10:04:00Z")));
        let tick = at("2026-03-01T10:04:00Z");
        assert_eq!(cron.latest(tick), Some(tick));
        assert_eq!(cron.next(tick), Some(at("2026-03-01T10:06:00Z")));
    }

    #[test]
    fn seconds_are_an_optional_sixth_field() {
        let tick = latest("*/15 * * * * *", "2026-03-01T10:03:44.5Z");
        assert_eq!(tick, at("2026-03-01T10:03:30Z"));
        let daily = latest("17 3 * * *", "2026-03-01T02:00:00Z");
        assert_eq!(daily, at("2026-02-28T03:17:00Z"));
    }

    #[test]
    fn a_tick_within_the_second_is_whole() {
        let tick = latest("* * * * * *", "2026-03-01T10:03:44.999Z");
        assert_eq!(tick, at("2026-03-01T10:03:44Z"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_expression() {
        for expression in [
            "",
            "every day",
            "61 * * * *",
            "* * * *",
            "0 0 1 1 * 2030 1",
            "0 0 30 2 *",
        ] {
            let message = Cron::parse(expression).unwrap_err().to_string();
            assert!(message.contains(&format!("{expression:?}")), "{message}");
            assert!(message.contains("5 fields"), "{message}");
        }
    }
}
