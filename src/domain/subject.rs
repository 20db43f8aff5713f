//! Subjects: names of callers, which must not resemble those of the service or of scripts.
//!
//! Decisions and audit rows carry the name of a caller for ever. The service signs `system:...` and scripts `token:...`;
//! a person whose name resembles one of these, or has invisible characters, could pass decisions off as theirs.

use unicode_normalization::UnicodeNormalization;

/// Longest name in bytes.
const MAX_BYTES: usize = 200;

/// Prefixes of names that no person may have.
const RESERVED: [&str; 2] = ["system", "token"];

/// True for names that a person may have: visible characters without blanks around them, and no look-alike of the names
/// of the service or of scripts.
pub fn is_personal(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_BYTES
        && name.trim() == name
        && !has_hidden_characters(name)
        && !looks_reserved(name)
}

/// True if a text has invisible characters: controls, line separators, and those that Unicode calls ignorable.
pub fn has_hidden_characters(text: &str) -> bool {
    text.chars().any(is_hidden)
}

/// True if a name begins with a reserved prefix for a reader's eye: in any case, width or style of letters.
fn looks_reserved(name: &str) -> bool {
    let mut seen = String::new();
    for letter in name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace())
    {
        match letter {
            // A look-alike of a colon ends the prefix.
            ':' | '\u{589}' | '\u{5c3}' | '\u{2d0}' | '\u{2236}' | '\u{a789}' => {
                return RESERVED.contains(&seen.as_str());
            }
            _ if seen.len() > MAX_BYTES => return false,
            _ => seen.push(look_alike(letter)),
        }
    }
    false
}

/// Maps Cyrillic and Greek letters to the Latin ones that they look like, as far as reserved prefixes have them.
fn look_alike(letter: char) -> char {
    match letter {
        'ѕ' => 's',
        'у' | 'ү' | 'γ' | 'υ' => 'y',
        'т' | 'τ' => 't',
        'е' | 'ε' => 'e',
        'м' | 'μ' => 'm',
        'о' | 'ο' | 'σ' => 'o',
        'к' | 'κ' => 'k',
        'ո' | 'η' | 'ν' => 'n',
        _ => letter,
    }
}

/// True for controls, line and paragraph separators, Unicode's `Default_Ignorable_Code_Point`, and replacement characters
/// of undecodable bytes.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffd}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_the_names_that_identity_providers_give() {
        for name in [
            "ada",
            "Ada Lovelace",
            "ada@example.com",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "https://login.example.com/users/7",
            "spiffe://example.com/ns/a/sa/b",
            "Zoë Müller",
            "Софья Ковалевская",
            "山田 太郎",
            "systematic:x",
            "tokens:x",
            "a system:b",
            "token",
        ] {
            assert!(is_personal(name), "{name}");
        }
    }

    #[test]
    fn nobody_is_called_like_the_service_or_like_a_script() {
        for name in [
            "",
            " ",
            " ada",
            "ada\u{a0}",
            "ada\u{3000}",
            "system:maintain",
            "token:1:x",
            "System:maintain",
            "TOKEN:1:x",
            " system:maintain",
            "system :maintain",
            "sys\u{200b}tem:maintain",
            "\u{feff}system:maintain",
            "sys\u{ad}tem:maintain",
            "\u{202e}metsys:x",
            "ｓｙｓｔｅｍ：maintain",
            "system：maintain",
            "system\u{a789}maintain",
            "system∶maintain",
            "𝐬𝐲𝐬𝐭𝐞𝐦:maintain",
            "ⓣⓞⓚⓔⓝ:1:x",
            "ѕуѕтем:maintain",
            "tоken:1:x",
            "τοκεν:1:x",
            "sy\u{17f}tem:maintain",
            "ada\u{0}",
            "ada\u{fffd}",
            "ada\nbob",
            "ada\u{2028}bob",
            "ada\u{e0041}",
        ] {
            assert!(!is_personal(name), "{name:?}");
        }
        assert!(!is_personal(&"a".repeat(MAX_BYTES + 1)));
        assert!(is_personal(&"a".repeat(MAX_BYTES)));
    }
}
