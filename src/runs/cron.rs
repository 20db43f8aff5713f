//! Cron expressions, in a time zone.

use crate::error::{Error, Result};
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds, Year};

/// The longest time by which a wall clock is put on; an island that crossed the date line skipped a day.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(25);

/// A cron expression with five fields (minute, hour, day of month, month, day of week) or six (with seconds first), and
/// the time zone whose wall clock it reads.
///
/// A tick in an hour that is skipped in spring comes when the clock goes on, and one in an hour that comes twice in
/// autumn comes at its first. An expression for every hour is about the hours that pass, not about those on the clock:
/// it ticks in both, and not in the skipped one.
#[derive(Clone, Debug)]
pub struct Cron {
    pattern: Pattern,
    zone: Tz,
}

impl Cron {
    /// Reads an expression, in UTC. [`Error::Validation`] on the field `cron` for one that cannot be read, or never comes.
    pub fn parse(expression: &str) -> Result<Self> {
        let refuse = |why: String| {
            Error::invalid(
                "cron",
                format!(
                    "{expression:?} is not a cron expression of 5 fields (minute hour day month weekday) or 6 \
                     (second first): {why}"
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
            Ok(_) => Ok(Self {
                pattern,
                zone: Tz::UTC,
            }),
            Err(_) => Err(refuse("no date ever matches it".into())),
        }
    }

    /// By the wall clock of a zone, as [`time_zone`] knows it.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// The first tick after `now`.
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_hourly() {
            let tick = self
                .pattern
                .find_next_occurrence(&now.with_timezone(&self.zone), false);
            return tick.ok().map(|tick| tick.to_utc());
        }
        // Ticks that were put off by a gap are found from before it.
        let mut wall = self.wall(now).checked_sub_signed(LONGEST_GAP)?;
        loop {
            wall = self
                .pattern
                .find_next_occurrence(&wall.and_utc(), false)
                .ok()?
                .naive_utc();
            match self.instant(wall) {
                Some(tick) if tick > now => return Some(tick),
                _ => {}
            }
        }
    }

    /// The last tick at or before `now`.
    pub fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_hourly() {
            let tick = self
                .pattern
                .find_previous_occurrence(&now.with_timezone(&self.zone), true);
            return tick.ok().map(|tick| tick.to_utc());
        }
        // In the second of two equal hours, what is later on the clock may have been already.
        let mut wall = self.wall(now).checked_add_signed(LONGEST_GAP)?;
        loop {
            wall = self
                .pattern
                .find_previous_occurrence(&wall.and_utc(), false)
                .ok()?
                .naive_utc();
            match self.instant(wall) {
                Some(tick) if tick <= now => return Some(tick),
                _ => {}
            }
        }
    }

    fn is_hourly(&self) -> bool {
        let hours = &self.pattern.pattern;
        self.zone == Tz::UTC || (0..24).all(|hour| hours.hour_match(hour).unwrap_or(false))
    }

    fn wall(&self, now: DateTime<Utc>) -> NaiveDateTime {
        now.with_timezone(&self.zone).naive_local()
    }

    /// When the clock shows this for the first time; what it never shows is put off to the end of the gap.
    fn instant(&self, mut wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let end = wall.checked_add_signed(LONGEST_GAP)?;
        while wall < end {
            match self.zone.from_local_datetime(&wall) {
                LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => return Some(time.to_utc()),
                LocalResult::None => {
                    let minute = wall.and_utc().timestamp().div_euclid(60) + 1;
                    wall = DateTime::from_timestamp(minute * 60, 0)?.naive_utc();
                }
            }
        }
        None
    }
}

/// The time zone of that name in the IANA database. [`Error::Validation`] on the field `timeZone` for one that is not
/// there.
pub fn time_zone(name: &str) -> Result<Tz> {
    name.trim().parse().map_err(|_| {
        let why = format!("there is no time zone {name:?}; it must be a name like UTC or Europe/Berlin");
        Error::invalid("timeZone", why)
    })
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

    /// The ticks from `from` on, by going forward and, in reverse, by going back.
    fn ticks(expression: &str, zone: &str, from: &str, number: usize) -> Vec<String> {
        let cron = Cron::parse(expression).unwrap().in_zone(time_zone(zone).unwrap());
        let mut forward = vec![cron.next(at(from)).unwrap()];
        while forward.len() < number {
            forward.push(cron.next(forward[forward.len() - 1]).unwrap());
        }
        for pair in forward.windows(2) {
            assert!(pair[0] < pair[1]);
            let (just_before, at_it) = (pair[1] - TimeDelta::seconds(1), pair[1]);
            assert_eq!(cron.latest(just_before), Some(pair[0]));
            assert_eq!(cron.latest(at_it), Some(pair[1]));
        }
        let shown = |tick: DateTime<Utc>| tick.format("%m-%dT%H:%M").to_string();
        forward.into_iter().map(shown).collect()
    }

    #[test]
    fn a_tick_that_the_clock_skips_or_shows_twice_comes_once() {
        // 2026-03-29: 02:00 -> 03:00 (01:00 UTC). 2026-10-25: 03:00 -> 02:00 (01:00 UTC).
        let (spring, autumn) = ("2026-03-28T00:00:00Z", "2026-10-24T00:00:00Z");
        let berlin = "Europe/Berlin";
        assert_eq!(
            ticks("30 2 * * *", berlin, spring, 3),
            ["03-28T01:30", "03-29T01:00", "03-30T00:30"]
        );
        assert_eq!(
            ticks("30 2 * * *", berlin, autumn, 3),
            ["10-24T00:30", "10-25T00:30", "10-26T01:30"]
        );
        // Several that fall into the gap become one; several that come twice come in the first of the hours.
        assert_eq!(
            ticks("*/30 2,3 * * *", berlin, "2026-03-29T00:00:00Z", 3),
            ["03-29T01:00", "03-29T01:30", "03-30T00:00"]
        );
        assert_eq!(
            ticks("*/30 2,3 * * *", berlin, "2026-10-24T22:00:00Z", 5),
            [
                "10-25T00:00",
                "10-25T00:30",
                "10-25T02:00",
                "10-25T02:30",
                "10-26T01:00"
            ]
        );
    }

    #[test]
    fn every_hour_is_every_hour_that_passes() {
        let hours = ticks("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4);
        assert_eq!(
            hours,
            ["10-25T00:00", "10-25T01:00", "10-25T02:00", "10-25T03:00"]
        );
        let hours = ticks("0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z", 3);
        assert_eq!(hours, ["03-29T00:00", "03-29T01:00", "03-29T02:00"]);
    }

    #[test]
    fn zones_have_names() {
        assert_eq!(
            ticks("0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", 1),
            ["01-01T03:30"]
        );
        // Samoa had no 30 December 2011.
        assert_eq!(
            ticks("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 1),
            ["12-30T10:00"]
        );
        let refused = time_zone("Berlin").unwrap_err().to_string();
        assert!(
            refused.contains("timeZone") && refused.contains("\"Berlin\""),
            "{refused}"
        );
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
