//! Canonical values of raw ones.

use super::Vocabulary;
use super::file::MAX_VALUE_CHARS;
use super::fold::{lower, mail_address, slug};
use crate::tokens::is_letter_or_digit;

/// True if signs that tell codes apart stand beside letters or digits: `C++`, `C#`, `R&D`, `A/B-1`. Between blanks they only
/// separate words.
fn has_code_marks(text: &str) -> bool {
    let is_mark = |c: char| {
        matches!(
            c,
            '+' | '#' | '&' | '/' | '*' | '%' | '=' | '$' | '~' | '^' | '\\' | '|' | '@'
        )
    };
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        if is_mark(c) && (is_letter_or_digit(before) || is_letter_or_digit(after)) {
            return true;
        }
        before = c;
    }
    false
}

/// Tools that write their names where people would write theirs, besides those of the key `managed-by`.
const TOOLS: [&str; 14] = [
    "sam",
    "serverless",
    "jenkins",
    "github actions",
    "github-actions",
    "gitlab",
    "gitlab-ci",
    "azure devops",
    "azuredevops",
    "azure policy",
    "system",
    "root",
    "automation",
    "eksctl",
];

impl Vocabulary {
    /// The listed value that `raw` is a spelling of, with at most one slip in a long word.
    pub fn known_value(&self, key: &str, raw: &str) -> Option<&str> {
        let index = self.position(key)?;
        let value = self.values[index].find(raw)?;
        Some(&self.file.keys[index].values[value].name)
    }

    /// The canonical form of `raw` under a canonical key: a listed value by its spelling or, where only listed values
    /// are valid, by the last of its phrases or words that spells one (`payroll-prd` is production); else a mail
    /// address (owner), or the words in lower case joined by `-`.
    ///
    /// `None` for what states nothing: junk ("tbd"), placeholders (`<product owner>`), negations (`NotProd`) and lists
    /// (`Prod,Dev`) of listed values, and values longer than 256 characters.
    pub fn canonical_value(&self, key: &str, raw: &str) -> Option<String> {
        match self.position(key).and_then(|index| self.known_values.get(index)) {
            Some(known) => known.get(raw, || self.find_value(key, raw)),
            None => self.find_value(key, raw),
        }
    }

    fn find_value(&self, key: &str, raw: &str) -> Option<String> {
        if raw.chars().nth(MAX_VALUE_CHARS).is_some() {
            return None;
        }
        let raw = raw.trim();
        let position = self.position(key);
        let is_closed = position.is_some_and(|index| !self.file.keys[index].open);
        if is_closed && raw.starts_with('!') {
            return None;
        }
        if let Some(known) = self.known_value(key, raw) {
            return Some(known.to_owned());
        }
        let takes_codes = position.is_none_or(|index| self.file.keys[index].takes_codes);
        if self.is_junk(raw, takes_codes) || key == "owner" && self.is_tool(raw) {
            return None;
        }
        let slug = slug(raw);
        if let Some(index) = position
            && !self.file.keys[index].open
        {
            let spellings = &self.values[index];
            if spellings.is_list(raw) {
                return None;
            }
            for text in [raw, slug.as_str()] {
                if let Some(value) = spellings.last_word(text).ok()? {
                    return Some(self.file.keys[index].values[value].name.clone());
                }
            }
        }
        if key == "owner"
            && let Some(mail) = mail_address(raw)
        {
            return Some(mail);
        }
        let value = if has_code_marks(raw) { lower(raw) } else { slug };
        Some(value).filter(|value| !value.is_empty() && !self.is_junk(value, takes_codes))
    }

    /// True if the key may have this canonical value: a listed one, or any other where the key is open and the value
    /// matches its pattern. Keys that are not in the vocabulary may have any.
    pub fn is_valid(&self, key: &str, value: &str) -> bool {
        let Some(index) = self.position(key) else {
            return true;
        };
        let listed = self.file.keys[index]
            .values
            .iter()
            .any(|known| known.name == value);
        let matches = || {
            self.patterns[index]
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(value))
        };
        listed || self.file.keys[index].open && matches()
    }

    /// True for what deploys resources: tools (`terraform`, `SAM`) and roles that programs assume. They own nothing.
    fn is_tool(&self, value: &str) -> bool {
        let folded = lower(value);
        let is_role = folded.starts_with("assumedrole:") || folded.contains(":assumed-role/");
        is_role && mail_address(value).is_none()
            || TOOLS.contains(&folded.as_str())
            || self.known_value("managed-by", value).is_some()
    }

    fn is_junk(&self, value: &str, takes_codes: bool) -> bool {
        let placeholder =
            value.starts_with(['<', '{', '$', '[', '%']) || value.contains("${") || value.contains("{{");
        placeholder || !value.chars().any(char::is_alphanumeric) || {
            let folded = lower(value);
            let word = folded.trim_matches(|c: char| matches!(c, '"' | '\'' | '.' | '(' | ')' | ' '));
            self.junk.contains(word) || !takes_codes && self.codes.contains(word)
        }
    }
}
