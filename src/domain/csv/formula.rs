//! Formula escaping: cells that a spreadsheet would execute.

use std::borrow::Cow;

/// Characters that begin a formula. Spreadsheets that are set to East Asian languages take the full-width forms of the signs for
/// the signs themselves.
const FORMULA_STARTS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Escapes a cell for spreadsheets: one that starts with one of [`FORMULA_STARTS`] gets a leading apostrophe, which
/// spreadsheets take as "this is text". So does one where only apostrophes precede such a character, which makes
/// [`unescape_formula`] the exact inverse.
pub fn escape_formula(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Reverts [`escape_formula`]: `unescape_formula(&escape_formula(x)) == x` for every `x`.
pub fn unescape_formula(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Text of a cell: of an escaped formula, the formula; of `="0012"`, by which programs keep spreadsheets from making
/// numbers of texts, the text.
pub fn cell_text(cell: &str) -> Cow<'_, str> {
    let quoted = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if text.contains('"') => Cow::Owned(text.replace("\"\"", "\"")),
        Some(text) => Cow::Borrowed(text),
        None => Cow::Borrowed(unescape_formula(cell)),
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA_STARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{cell_text, escape_formula, is_formula, unescape_formula};

    #[test]
    fn formulas_are_neutralised() {
        assert_eq!(escape_formula("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(escape_formula("'=1"), "''=1");
        for sign in ["＝", "＋", "－", "＠"] {
            assert_eq!(escape_formula(&format!("{sign}1")), format!("'{sign}1"));
        }
        assert_eq!(escape_formula("'quoted'"), "'quoted'");
        assert_eq!(escape_formula("a=b"), "a=b");
        assert_eq!(unescape_formula("'plain"), "'plain");
    }

    #[test]
    fn texts_that_are_kept_from_being_numbers_are_texts() {
        assert_eq!(cell_text("=\"0012\""), "0012");
        assert_eq!(cell_text("=\"a \"\"b\"\"\""), "a \"b\"");
        assert_eq!(cell_text("'=\"0012\""), "=\"0012\"");
        assert_eq!(cell_text("=A1"), "=A1");
        assert_eq!(cell_text("=\""), "=\"");
    }

    proptest! {
        #[test]
        fn exactly_invertible(cell in "['=+@\\-\t\r\na＝＋－＠]{0,6}|\\PC{0,12}") {
            let escaped = escape_formula(&cell);
            prop_assert!(!is_formula(&escaped));
            prop_assert_eq!(unescape_formula(&escaped), cell.as_str());
            prop_assert_eq!(cell_text(&escaped), cell.as_str());
        }
    }
}
