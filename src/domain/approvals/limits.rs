//! Limits of what a caller gives for a tag or a decision, with the checks that hold input to them.

use crate::error::{Error, Problem, ProblemCode, Result};

/// Tags that one call decides in its response; more of them are decided by a run.
pub const MAX_IMMEDIATE: usize = 1000;
/// Ids that one call may name.
pub const MAX_IDS: usize = 10_000;
/// Characters of a reason.
pub const MAX_REASON: usize = 2000;
/// Virtual tags that a resource may have, in any status, before one is added by hand or by an import.
pub(in crate::domain) const MAX_TAGS_PER_RESOURCE: i64 = 1_000;
/// Characters and bytes of a key.
const MAX_KEY: (usize, usize) = (128, 512);
/// Characters and bytes of a value. Indexes hold key and value in one row, which has at most 2,704 bytes.
const MAX_VALUE: (usize, usize) = (1024, 1800);

/// Refuses a reason that cannot be stored: too long, or with NUL in it.
pub(in crate::domain) fn check_reason(reason: Option<&str>) -> Result<()> {
    match reason {
        Some(reason) if reason.chars().count() > MAX_REASON => Err(Error::invalid(
            "reason",
            format!("must have at most {MAX_REASON} characters"),
        )),
        Some(reason) if reason.contains('\0') => {
            Err(Error::invalid("reason", "must not contain NUL characters"))
        }
        _ => Ok(()),
    }
}

/// Refuses more distinct ids than [`MAX_IDS`].
pub(crate) fn check_count(field: &str, ids: usize) -> Result<()> {
    if ids <= MAX_IDS {
        return Ok(());
    }
    let message = format!("{ids} tags are more than the {MAX_IDS} that one call may name");
    Err(Error::Validation(vec![Problem::field(
        ProblemCode::TooMany,
        field,
        message,
    )]))
}

/// Trims a key; the error says what is wrong with it.
pub(in crate::domain) fn checked_key(text: &str) -> Result<&str, String> {
    checked(text, MAX_KEY)
}

/// Trims a value; the error says what is wrong with it.
pub(in crate::domain) fn checked_value(text: &str) -> Result<&str, String> {
    checked(text, MAX_VALUE)
}

fn checked(text: &str, (max_chars, max_bytes): (usize, usize)) -> Result<&str, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(format!("must have 1 to {max_chars} characters"));
    }
    if text.len() > max_bytes {
        return Err(format!("must have at most {max_bytes} bytes in UTF-8"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text)
}
