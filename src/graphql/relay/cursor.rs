//! Opaque cursors: the name of an order and the key of a row in this order.

use crate::domain::events::LogPosition;
use crate::domain::keyset::{Key, KeyKind, Keyset};
use crate::graphql::scalars::date_time::is_storable;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use std::fmt::Write as _;

/// Version of the format: a cursor of an older version is refused, not misread.
const VERSION: &str = "1";

/// Encodes the cursor of a row of the named order.
pub fn encode(order: &str, keys: &[Key]) -> String {
    let mut plain = format!("{VERSION}:{order}:");
    for key in keys {
        let text = match key {
            Key::Int(value) => value.to_string(),
            // The shortest text that reads back as the same number.
            Key::Real(value) => value.to_string(),
            Key::Time(value) => value.timestamp_micros().to_string(),
            Key::Text(value) => value.clone(),
        };
        // Lengths come first: text may contain anything. Writing to a string cannot fail.
        let _ = write!(plain, "{}:{text}", text.len());
    }
    URL_SAFE_NO_PAD.encode(plain)
}

/// Decodes the cursor of a row of this order; refuses all others.
pub fn decode<O: Keyset>(cursor: &str, order: O) -> Result<Vec<Key>, &'static str> {
    const NOT_A_CURSOR: &str = "is not a cursor that this API gave";
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| NOT_A_CURSOR)?;
    let plain = String::from_utf8(bytes).map_err(|_| NOT_A_CURSOR)?;
    let mut head = plain.splitn(3, ':');
    let (Some(version), Some(name), Some(mut rest)) = (head.next(), head.next(), head.next()) else {
        return Err(NOT_A_CURSOR);
    };
    if version != VERSION || name != order.name() {
        return Err("is a cursor of another list or order; start again without it");
    }
    let mut keys = Vec::new();
    for (_, kind) in order.columns() {
        let (text, left) = part(rest).ok_or(NOT_A_CURSOR)?;
        keys.push(read(kind, text).ok_or(NOT_A_CURSOR)?);
        rest = left;
    }
    if rest.is_empty() {
        Ok(keys)
    } else {
        Err(NOT_A_CURSOR)
    }
}

/// Encodes the cursor of an event of the named log.
pub fn encode_event(log: &str, cursor: LogPosition) -> String {
    URL_SAFE_NO_PAD.encode(format!("{VERSION}:{log}:{cursor}"))
}

/// Decodes the cursor of an event of this log; refuses all others.
pub fn decode_event(log: &str, text: &str) -> Result<LogPosition, &'static str> {
    const NOT_A_CURSOR: &str = "is not a cursor of such an event";
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NOT_A_CURSOR)?;
    let plain = String::from_utf8(bytes).map_err(|_| NOT_A_CURSOR)?;
    let place = plain
        .strip_prefix(VERSION)
        .and_then(|rest| rest.strip_prefix(':'));
    let place = place
        .and_then(|rest| rest.strip_prefix(log))
        .and_then(|rest| rest.strip_prefix(':'));
    place.and_then(|place| place.parse().ok()).ok_or(NOT_A_CURSOR)
}

/// Splits the first key off.
fn part(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}

fn read(kind: KeyKind, text: &str) -> Option<Key> {
    Some(match kind {
        KeyKind::Int => Key::Int(text.parse().ok()?),
        KeyKind::Real => Key::Real(text.parse().ok().filter(|value: &f64| value.is_finite())?),
        KeyKind::Time => {
            let time = DateTime::from_timestamp_micros(text.parse().ok()?)?;
            Key::Time(Some(time).filter(is_storable)?)
        }
        // PostgreSQL's text cannot hold NUL.
        KeyKind::Text if text.contains('\0') => return None,
        KeyKind::Text => Key::Text(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::domain::keyset::{Key, KeyKind, Keyset};
    use chrono::DateTime;
    use proptest::prelude::*;
    use sea_orm::sea_query::Expr;

    #[derive(Clone, Copy)]
    struct Order(&'static str);

    impl Keyset for Order {
        type Row = ();

        fn name(self) -> &'static str {
            self.0
        }
        fn descending(self) -> bool {
            false
        }
        fn columns(self) -> Vec<(Expr, KeyKind)> {
            [KeyKind::Real, KeyKind::Text, KeyKind::Time, KeyKind::Int]
                .map(|kind| (Expr::val(0), kind))
                .into()
        }
        fn key(self, (): &()) -> Vec<Key> {
            Vec::new()
        }
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_whole(
            real in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
            text in "[^\\x00]*", micros in -1_000_000_000_000_000_i64..4_000_000_000_000_000, int: i64,
        ) {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            let keys = vec![Key::Real(real), Key::Text(text), Key::Time(time), Key::Int(int)];
            prop_assert_eq!(decode(&encode("a", &keys), Order("a")).unwrap(), keys);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert!(decode(&text, Order("a")).is_err());
        }
    }

    #[test]
    fn another_order_is_refused() {
        let cursor = encode("a", &[Key::Int(1)]);
        let refusal = decode(&cursor, Order("b")).unwrap_err();
        assert!(refusal.contains("another list or order"), "{refusal}");
    }

    #[test]
    fn other_columns_are_refused() {
        assert!(decode(&encode("a", &[Key::Int(1)]), Order("a")).is_err());
    }
}
