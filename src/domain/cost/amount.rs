//! Exact amounts of money.

use std::fmt;

/// Most digits behind the point.
const MAX_SCALE: u32 = 60;

/// Exact amount: `units` times ten to the power of `-scale`. Never a floating-point number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    units: i128,
    scale: u32,
}

impl Amount {
    /// Parses a decimal number with a point and, as some exports write it, an exponent. `None` for anything else, also for
    /// one with separators of thousands, which may mean something else elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        };
        let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut units = 0_i128;
        for letter in whole.chars().chain(fraction.trim_end_matches('0').chars()) {
            units = units.checked_mul(10)?.checked_add(letter.to_digit(10)?.into())?;
        }
        let scale = i32::try_from(fraction.trim_end_matches('0').len())
            .ok()?
            .checked_sub(exponent)?;
        if number.starts_with('-') {
            units = -units;
        }
        if units == 0 {
            return Some(Self::default());
        }
        match u32::try_from(scale) {
            Ok(scale) if scale <= MAX_SCALE => Some(Self { units, scale }),
            Ok(_) => None,
            Err(_) => Some(Self {
                units: units.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?,
                scale: 0,
            }),
        }
    }

    /// Exact sum; `None` if it has more digits than fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let units = self.units_at(scale)?.checked_add(other.units_at(scale)?)?;
        Some(Self { units, scale })
    }

    fn units_at(self, scale: u32) -> Option<i128> {
        if self.scale == scale {
            return Some(self.units);
        }
        self.units.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;
    use proptest::prelude::*;

    #[test]
    fn decimal_numbers_are_read_exactly_and_nothing_else_is() {
        for (text, shown) in [
            ("0.00000080000", "0.0000008"),
            ("-3.00000000000", "-3"),
            ("4.6296296296296296E-06", "0.0000046296296296296296"),
            ("1E3", "1000"),
            ("1.5e2", "150"),
            ("-.5", "-0.5"),
            ("+12.", "12"),
            ("0e99", "0"),
            ("-0.00", "0"),
            (
                "170141183460469231731687303715884105727",
                "170141183460469231731687303715884105727",
            ),
        ] {
            assert_eq!(
                Amount::parse(text).map(|amount| amount.to_string()).as_deref(),
                Some(shown),
                "{text}"
            );
        }
        for text in [
            "",
            ".",
            "-",
            "NaN",
            "inf",
            "1,234.5",
            "1 000",
            "$1",
            "1.2.3",
            "0x1",
            "1e",
            "e1",
            "1e-90",
            "1e99",
            "--1",
            "170141183460469231731687303715884105728",
            "١",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_none() {
        let large = Amount::parse("170141183460469231731687303715884105727").unwrap();
        assert_eq!(large.checked_add(Amount::parse("1").unwrap()), None);
        assert_eq!(large.checked_add(Amount::parse("0.1").unwrap()), None);
    }

    proptest! {
        #[test]
        fn sums_are_exact(left in -1_000_000_000_i64..1_000_000_000, right in -1_000_000_000_i64..1_000_000_000) {
            // As thousandths and as millionths.
            let amount = |units: i64, scale: u32| {
                let text = format!("{units}E-{scale}");
                Amount::parse(&text).unwrap()
            };
            let sum = amount(left, 3).checked_add(amount(right, 6)).unwrap();
            let expected = amount(left * 1000 + right, 6);
            prop_assert_eq!(sum.units_at(6), expected.units_at(6));
            prop_assert_eq!(Amount::parse(&sum.to_string()).and_then(|sum| sum.units_at(6)), expected.units_at(6));
        }
    }
}
