//! Canonical values of raw ones.

use super::Vocabulary;
use super::file::MAX_VALUE_CHARS;
use super::fold::{mail_address, slug};

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
        if let Some(known) = self.known_value(key, raw) {
            return Some(known.to_owned());
        }
        if self.is_junk(raw) {
            return None;
        }
        let slug = slug(raw);
        if let Some(index) = self.position(key)
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
        Some(slug).filter(|value| !value.is_empty() && !self.is_junk(value))
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

    fn is_junk(&self, value: &str) -> bool {
        let placeholder =
            value.starts_with(['<', '{', '$', '[', '%']) || value.contains("${") || value.contains("{{");
        placeholder
            || !value.chars().any(char::is_alphanumeric)
            || self.junk.contains(
                value
                    .to_lowercase()
                    .trim_matches(|c: char| c == '"' || c == '\'' || c == '.'),
            )
    }
}
