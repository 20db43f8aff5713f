//! Tag values: literal text, or text with placeholders for what the resource says.
//!
//! `{{ name | capture('^([a-z]+)-') }}` stands for the first group of the pattern in the resource's name, and
//! `{{ native_tags['team'] | lower }}` for the value of a tag in lower case. A placeholder names a text (`name`, `account_id`,
//! `region`, `resource_type`, `resource_id`, `cloud`, `native_tags['...']`), then filters, each on what the one before it
//! gives: `capture('pattern')`, `lower`. A value may hold several of them and text between.

use regex::Regex;
use std::sync::LazyLock;

use super::condition_input::{FieldSet, cut};
use super::requirement::TextField;
use super::{allowance, complexity_limits};
use crate::Subject;

/// Longest value, in characters; no cloud allows more.
const MAX_VALUE_CHARS: usize = 256;
/// Longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 2048;
/// Most placeholders in one template.
const MAX_PLACEHOLDERS: usize = 8;
/// Most filters of one placeholder.
const MAX_FILTERS: usize = 4;

/// Reason for which a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (at byte {position})")]
pub struct TemplateError {
    /// Byte offset into the template's text.
    pub position: usize,
    /// One sentence for the rule's author.
    pub reason: String,
}

impl TemplateError {
    fn new(position: usize, reason: impl Into<String>) -> Self {
        Self {
            position,
            reason: reason.into(),
        }
    }
}

/// Text of the resource that a placeholder stands for.
#[derive(Clone, Debug)]
enum PlaceholderSource {
    Field(TextField),
    NativeTag(String),
}

/// Change of a placeholder's text.
#[derive(Clone, Debug)]
enum PlaceholderFilter {
    /// The first group of the pattern.
    Capture(Regex),
    Lower,
}

#[derive(Clone, Debug)]
enum TemplatePart {
    Text(String),
    Placeholder(PlaceholderSource, Vec<PlaceholderFilter>),
}

/// A compiled tag value.
#[derive(Clone, Debug)]
pub struct ValueTemplate {
    parts: Vec<TemplatePart>,
}

/// Placeholders of other languages, which here are text.
static FOREIGN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\$\{[^{}]*\}|\$\(\w+\)|\$\d|\{%.*?%\}|\{\s*[A-Za-z_][\w.\[\]']*\s*\}|%\w%|\\\d").ok()
});

impl ValueTemplate {
    /// Compiles `text`. Refuses empty and overlong values, control characters, malformed `{{ }}`, patterns that are
    /// not valid or too large, and patterns without a group.
    pub fn compile(text: &str) -> Result<Self, TemplateError> {
        let refuse = |position, reason: &str| Err(TemplateError::new(position, reason));
        if text.trim().is_empty() {
            return refuse(0, "the value is empty");
        }
        if text.len() > MAX_TEMPLATE_BYTES {
            return refuse(MAX_TEMPLATE_BYTES, "the value is longer than 2048 bytes");
        }
        if let Some(at) = text.find(char::is_control) {
            return refuse(at, "control characters are not allowed");
        }
        let mut parts = Vec::new();
        let mut placeholders = 0;
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|offset| at + offset) {
            push_text(&mut parts, &text[at..open]);
            let mut placeholder = PlaceholderParser { text, at: open + 2 };
            parts.push(placeholder.parse()?);
            placeholders += 1;
            if placeholders > MAX_PLACEHOLDERS {
                return refuse(open, "more than 8 placeholders");
            }
            at = placeholder.at;
        }
        push_text(&mut parts, &text[at..]);
        if placeholders == 0 && text.chars().nth(MAX_VALUE_CHARS).is_some() {
            return refuse(0, "the value is longer than 256 characters");
        }
        Ok(Self { parts })
    }

    /// The value for a resource. `None` when a tag is not there, a pattern is not in the text, its group is empty, or the
    /// value would be empty or longer than 256 characters.
    pub fn render(&self, subject: &Subject) -> Option<String> {
        let mut value = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => value.push_str(text),
                TemplatePart::Placeholder(source, filters) => {
                    value.push_str(&filled(source, filters, subject)?);
                }
            }
        }
        let value = value.trim();
        let fits = !value.is_empty() && value.chars().nth(MAX_VALUE_CHARS).is_none();
        fits.then(|| value.to_owned())
    }

    /// The value, if it is the same on every resource.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Fields of the resource that the value reads.
    pub fn reads(&self) -> FieldSet {
        let mut fields = FieldSet::default();
        for part in &self.parts {
            match part {
                TemplatePart::Text(_) => {}
                TemplatePart::Placeholder(PlaceholderSource::Field(field), _) => fields.insert(field.name()),
                TemplatePart::Placeholder(PlaceholderSource::NativeTag(_), _) => fields.insert("native_tags"),
            }
        }
        fields
    }
}

/// Placeholders of other languages in a template's text, as ranges of bytes: they are not filled in.
pub fn foreign_placeholders(text: &str) -> Vec<std::ops::Range<usize>> {
    let Some(foreign) = FOREIGN.as_ref() else {
        return Vec::new();
    };
    let mut placeholders = Vec::new();
    let mut at = 0;
    // Text between the placeholders of this language.
    for part in text.split("{{") {
        let literal_at = if at == 0 {
            0
        } else {
            part.find("}}").map_or(part.len(), |close| close + 2)
        };
        let found = foreign.find_iter(&part[literal_at..]);
        placeholders.extend(found.map(|found| {
            let start = at + literal_at;
            start + found.start()..start + found.end()
        }));
        at += part.len() + 2;
    }
    placeholders
}

/// Text of a placeholder on a resource; `None` when it has none.
fn filled(source: &PlaceholderSource, filters: &[PlaceholderFilter], subject: &Subject) -> Option<String> {
    let text = match source {
        PlaceholderSource::Field(field) => field.of(subject),
        PlaceholderSource::NativeTag(key) => cut(subject.native_tags.get(key)?),
    };
    let mut text = text.to_owned();
    for filter in filters {
        text = match filter {
            PlaceholderFilter::Lower => text.to_lowercase(),
            PlaceholderFilter::Capture(pattern) => {
                if !allowance::allows(text.len()) {
                    return None;
                }
                pattern.captures(&text)?.get(1)?.as_str().to_owned()
            }
        };
    }
    (!text.is_empty()).then_some(text)
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    if !text.is_empty() {
        parts.push(TemplatePart::Text(text.to_owned()));
    }
}

/// Parser of the text between `{{` and `}}`.
struct PlaceholderParser<'a> {
    text: &'a str,
    /// Byte that comes next.
    at: usize,
}

/// Form of a placeholder, for errors.
const EXPECTED: &str = "expected {{ name | capture('pattern') }}, {{ native_tags['key'] | lower }} or another field of the resource";

impl PlaceholderParser<'_> {
    fn parse(&mut self) -> Result<TemplatePart, TemplateError> {
        let source = self.source()?;
        let mut filters = Vec::new();
        while self.accepts("|") {
            if filters.len() == MAX_FILTERS {
                return Err(TemplateError::new(self.at, "more than 4 filters"));
            }
            filters.push(self.filter()?);
        }
        if !self.accepts("}}") {
            return Err(TemplateError::new(self.at, EXPECTED));
        }
        Ok(TemplatePart::Placeholder(source, filters))
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn accepts(&mut self, token: &str) -> bool {
        self.skip_blanks();
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// The word that comes next.
    fn word(&mut self) -> &str {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        self.at += length;
        &rest[..length]
    }

    fn source(&mut self) -> Result<PlaceholderSource, TemplateError> {
        self.skip_blanks();
        let start = self.at;
        let word = self.word().to_owned();
        if word == "native_tags" {
            return self.tag_key().map(PlaceholderSource::NativeTag);
        }
        let field = TextField::named(&word).ok_or_else(|| TemplateError::new(start, EXPECTED))?;
        Ok(PlaceholderSource::Field(field))
    }

    fn tag_key(&mut self) -> Result<String, TemplateError> {
        if !self.accepts("[") || !self.accepts("'") {
            return Err(TemplateError::new(self.at, EXPECTED));
        }
        let rest = &self.text[self.at..];
        let length = rest.find('\'').filter(|length| *length > 0);
        let Some(length) = length else {
            return Err(TemplateError::new(self.at, "expected a tag key in quotes"));
        };
        self.at += length + 1;
        if self.accepts("]") {
            Ok(rest[..length].to_owned())
        } else {
            Err(TemplateError::new(self.at, EXPECTED))
        }
    }

    fn filter(&mut self) -> Result<PlaceholderFilter, TemplateError> {
        self.skip_blanks();
        let start = self.at;
        match self.word() {
            "lower" => Ok(PlaceholderFilter::Lower),
            "capture" => {
                if !self.accepts("(") || !self.accepts("'") {
                    return Err(TemplateError::new(self.at, EXPECTED));
                }
                self.pattern().map(PlaceholderFilter::Capture)
            }
            _ => Err(TemplateError::new(
                start,
                "expected the filter `capture('pattern')` or `lower`",
            )),
        }
    }

    /// The pattern up to `')`, which ends it where the placeholder ends or another filter follows.
    fn pattern(&mut self) -> Result<Regex, TemplateError> {
        let start = self.at;
        let mut search = start;
        let end = loop {
            let Some(close) = self.text[search..].find("')").map(|offset| search + offset) else {
                return Err(TemplateError::new(start, EXPECTED));
            };
            let rest = self.text[close + 2..].trim_start();
            let next = rest.strip_prefix('|').map(str::trim_start);
            let is_filter = next.is_some_and(|next| next.starts_with("lower") || next.starts_with("capture"));
            if rest.starts_with("}}") || is_filter {
                break close;
            }
            search = close + 2;
        };
        self.at = end + 2;
        let pattern = complexity_limits::pattern(&self.text[start..end])
            .map_err(|reason| TemplateError::new(start, reason))?;
        if pattern.captures_len() < 2 {
            return Err(TemplateError::new(start, "the pattern has no group to capture"));
        }
        Ok(pattern)
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
