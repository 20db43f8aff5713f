//! Cells that a spreadsheet would execute.

use std::borrow::Cow;

/// Characters that begin a formula. Spreadsheets set to East Asian languages take the full-width forms of the signs for
/// the signs themselves.
const FORMULA_STARTS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Makes a cell harmless to spreadsheets: one that starts with one of [`FORMULA_STARTS`] gets a leading apostrophe, which
/// spreadsheets take as "this is text". So does one where only apostrophes precede such a character, so that [`unguard`]
/// is the exact inverse.
pub fn guard(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Takes back what [`guard`] did: `unguard(&guard(x)) == x` for every `x`.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA_STARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{guard, is_formula, unguard};

    #[test]
    fn formulas_are_neutralised() {
        assert_eq!(guard("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(guard("'=1"), "''=1");
        for sign in ["＝", "＋", "－", "＠"] {
            assert_eq!(guard(&format!("{sign}1")), format!("'{sign}1"));
        }
        assert_eq!(guard("'quoted'"), "'quoted'");
        assert_eq!(guard("a=b"), "a=b");
        assert_eq!(unguard("'plain"), "'plain");
    }

    proptest! {
        #[test]
        fn exactly_invertible(cell in "['=+@\\-\t\r\na＝＋－＠]{0,6}|\\PC{0,12}") {
            let guarded = guard(&cell);
            prop_assert!(!is_formula(&guarded));
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }
    }
}
