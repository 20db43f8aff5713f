//! Tag values: literal text, or text with captures of the resource's name.
//!
//! `{{ name | capture('^([a-z]+)-') }}` stands for the first group of the pattern in the resource's name. A value
//! may hold several of them and text between: `team-{{ name | capture('^([a-z]+)-') }}`.

use regex::Regex;

use super::{allowance, complexity_limits};

/// Longest value, in characters; no cloud allows more.
const MAX_VALUE_CHARS: usize = 256;
/// Longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 2048;
/// Most captures in one template.
const MAX_CAPTURES: usize = 8;

/// Why a template was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (at byte {position})")]
pub struct TemplateError {
    /// Byte offset into the template's text.
    pub position: usize,
    /// One sentence for the rule's author.
    pub reason: String,
}

#[derive(Clone, Debug)]
enum TemplatePart {
    Text(String),
    Capture(Regex),
}

/// A compiled tag value.
#[derive(Clone, Debug)]
pub struct ValueTemplate {
    parts: Vec<TemplatePart>,
}

impl ValueTemplate {
    /// Compiles `text`. Refuses empty and overlong values, control characters, malformed `{{ }}`, patterns that are
    /// not valid or too large, and patterns without a group.
    pub fn compile(text: &str) -> Result<Self, TemplateError> {
        let refuse = |position, reason: &str| {
            Err(TemplateError {
                position,
                reason: reason.to_owned(),
            })
        };
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
        let mut captures = 0;
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|offset| at + offset) {
            push_text(&mut parts, &text[at..open]);
            let (pattern, end) = capture(text, open)?;
            captures += 1;
            if captures > MAX_CAPTURES {
                return refuse(open, "more than 8 captures");
            }
            parts.push(TemplatePart::Capture(pattern));
            at = end;
        }
        push_text(&mut parts, &text[at..]);
        if captures == 0 && text.chars().nth(MAX_VALUE_CHARS).is_some() {
            return refuse(0, "the value is longer than 256 characters");
        }
        Ok(Self { parts })
    }

    /// The value for a resource of that name. `None` when a pattern is not in the name, its group is empty, or the
    /// value would be empty or longer than 256 characters.
    pub fn render(&self, name: &str) -> Option<String> {
        let mut value = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => value.push_str(text),
                TemplatePart::Capture(pattern) => {
                    if !allowance::allows(name.len()) {
                        return None;
                    }
                    let group = pattern.captures(name)?.get(1)?.as_str();
                    value.push_str(Some(group).filter(|group| !group.is_empty())?);
                }
            }
        }
        let value = value.trim();
        let fits = !value.is_empty() && value.chars().nth(MAX_VALUE_CHARS).is_none();
        fits.then(|| value.to_owned())
    }
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    if !text.is_empty() {
        parts.push(TemplatePart::Text(text.to_owned()));
    }
}

/// The capture that opens at `open`, and the byte after its `}}`.
fn capture(text: &str, open: usize) -> Result<(Regex, usize), TemplateError> {
    let refuse = |position, reason: String| Err(TemplateError { position, reason });
    let expected = "expected {{ name | capture('pattern') }}";
    let mut at = open + 2;
    for word in ["name", "|", "capture", "(", "'"] {
        at += text[at..].len() - text[at..].trim_start().len();
        if !text[at..].starts_with(word) {
            return refuse(at, expected.to_owned());
        }
        at += word.len();
    }
    let mut search = at;
    let (end, after) = loop {
        let Some(close) = text[search..].find("')").map(|offset| search + offset) else {
            return refuse(at, expected.to_owned());
        };
        let rest = text[close + 2..].trim_start();
        if rest.starts_with("}}") {
            break (close, text.len() - rest.len() + 2);
        }
        search = close + 2;
    };
    let pattern = match complexity_limits::pattern(&text[at..end]) {
        Ok(pattern) => pattern,
        Err(reason) => return refuse(at, reason),
    };
    if pattern.captures_len() < 2 {
        return refuse(at, "the pattern has no group to capture".to_owned());
    }
    Ok((pattern, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn render(template: &str, name: &str) -> Option<String> {
        ValueTemplate::compile(template).unwrap().render(name)
    }

    #[test]
    fn literal_text_is_itself() {
        assert_eq!(
            render("Payments Platform", "x").as_deref(),
            Some("Payments Platform")
        );
        assert_eq!(render("a { b } c", "x").as_deref(), Some("a { b } c"));
    }

    #[test]
    fn captures_are_filled_from_the_name() {
        let template = "team-{{ name | capture('^([a-z]+)-') }}";
        assert_eq!(render(template, "pay-db").as_deref(), Some("team-pay"));
        assert_eq!(render(template, "42"), None);
        assert_eq!(
            render("{{name|capture('(x*)')}}", "pay"),
            None,
            "an empty group gives no value"
        );
        assert_eq!(
            render(
                "{{ name | capture('^([a-z]{2})') }}/{{ name | capture('(\\d+)$') }}",
                "pay-7"
            ),
            Some("pa/7".into())
        );
        assert_eq!(render(template, &format!("{}-x", "a".repeat(300))), None);
    }

    #[test]
    fn malformed_templates_are_refused_with_their_position() {
        let position = |text: &str| ValueTemplate::compile(text).unwrap_err().position;
        assert_eq!(position("  "), 0);
        assert_eq!(position("a {{ nmae }}"), 5);
        assert_eq!(position("a {{ name | capture('(x)' }}"), 21);
        assert_eq!(position("{{ name | capture('(') }}"), 19);
        assert_eq!(position("{{ name | capture('x') }}"), 19);
        assert_eq!(position("a\u{7}"), 1);
        assert!(ValueTemplate::compile(&"a".repeat(257)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_compiles_or_is_refused_inside_it(text in "(\\{\\{|\\}\\}|name|\\||capture|\\('|'\\)|\\(|\\)|[a-z ]|\\PC){0,24}", name in "\\PC{0,20}") {
            match ValueTemplate::compile(&text) {
                Ok(template) => {
                    if let Some(value) = template.render(&name) {
                        prop_assert!(!value.is_empty() && value.chars().count() <= 256);
                    }
                }
                Err(error) => prop_assert!(error.position <= text.len()),
            }
        }
    }
}
