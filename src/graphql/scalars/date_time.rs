//! Points in time in arguments, within the range of PostgreSQL.

use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, Value};
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// Earliest `timestamptz`, in the year 4714 BC, as microseconds from 1970. The latest lies beyond the range of
/// `DateTime`.
const EARLIEST_MICROS: i64 = -210_866_803_200_000_000;

/// Returns true if PostgreSQL can hold the time: a statement with any other fails.
pub fn is_storable(time: &DateTime<Utc>) -> bool {
    time.timestamp_micros() >= EARLIEST_MICROS
}

/// Argument that is a point in time; the GraphQL type is `DateTime`.
#[derive(Clone, Copy, Debug)]
pub struct DateTimeInput(DateTime<Utc>);

impl From<DateTimeInput> for DateTime<Utc> {
    fn from(moment: DateTimeInput) -> Self {
        moment.0
    }
}

impl InputType for DateTimeInput {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <DateTime<Utc> as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <DateTime<Utc> as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let time = <DateTime<Utc> as InputType>::parse(value).map_err(InputValueError::propagate)?;
        if is_storable(&time) {
            Ok(Self(time))
        } else {
            Err(InputValueError::custom("must not lie before the year 4714 BC"))
        }
    }

    fn to_value(&self) -> Value {
        InputType::to_value(&self.0)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_cannot_hold_is_refused() {
        for (text, is_taken) in [
            ("2024-05-01T12:00:00Z", true),
            ("2024-05-01T12:00:00.123456789+02:00", true),
            ("-4713-11-24T00:00:00Z", true),
            ("-4713-11-23T23:59:59Z", false),
            ("-262143-01-01T00:00:00Z", false),
            ("+262142-12-31T23:59:59Z", true),
            ("yesterday", false),
        ] {
            assert_eq!(
                DateTimeInput::parse(Some(text.into())).is_ok(),
                is_taken,
                "{text}"
            );
        }
    }
}
