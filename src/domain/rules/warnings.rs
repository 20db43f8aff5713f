//! Doubts about a rule that its author should know of.

use super::draft::RuleDraft;
use crate::error::TextPosition;
use tagging::Vocabulary;
use tagging::rules::{Condition, DoubtKind, foreign_placeholders};

/// Kind of a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleWarningCode {
    /// The vocabulary does not know the tag key.
    UnknownKey,
    /// The vocabulary lists the values of the key, and not this one.
    UnknownValue,
    /// A placeholder of another language, which is taken as text.
    UnknownTemplate,
    /// A constant that the field of no resource has.
    ImpossibleConstant,
    /// The condition, or a part of it, holds for every resource.
    AlwaysTrue,
    /// The condition, or a part of it, holds for no resource.
    NeverTrue,
}

/// Doubt about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWarning {
    pub code: RuleWarningCode,
    /// One sentence for the author.
    pub message: String,
    /// Input field, by its name in the API.
    pub field: &'static str,
    /// Position in the field's text, where one is known.
    pub position: Option<TextPosition>,
}

/// Doubts about a rule that compiles; none about one that does not.
pub fn warnings(draft: &RuleDraft, vocabulary: &Vocabulary) -> Vec<RuleWarning> {
    let mut warnings = Vec::new();
    warnings.extend(key_and_value(draft, vocabulary));
    for place in foreign_placeholders(&draft.tag_value) {
        let text = &draft.tag_value[place.clone()];
        warnings.push(RuleWarning {
            code: RuleWarningCode::UnknownTemplate,
            message: format!(
                "`{text}` is taken as text; a placeholder is written {{{{ name | capture('...') }}}} or {{{{ native_tags['...'] }}}}"
            ),
            field: "tagValue",
            position: Some(TextPosition::of_bytes(&draft.tag_value, place.start, place.len())),
        });
    }
    if let Ok(condition) = Condition::compile(&draft.condition) {
        warnings.extend(condition.doubts().iter().map(|doubt| {
            RuleWarning {
                code: match doubt.kind {
                    DoubtKind::ImpossibleConstant => RuleWarningCode::ImpossibleConstant,
                    DoubtKind::AlwaysTrue => RuleWarningCode::AlwaysTrue,
                    DoubtKind::NeverTrue => RuleWarningCode::NeverTrue,
                },
                message: doubt.message.clone(),
                field: "condition",
                position: doubt
                    .span
                    .as_ref()
                    .map(|span| TextPosition::of_bytes(&draft.condition, span.start, span.len())),
            }
        }));
    }
    warnings
}

/// Doubt about the words of the tag.
fn key_and_value(draft: &RuleDraft, vocabulary: &Vocabulary) -> Option<RuleWarning> {
    let tag = vocabulary.canonical(&draft.tag_key, &draft.tag_value);
    let Some(key) = vocabulary.key(&tag.key) else {
        let near = vocabulary.canonical_key(&draft.tag_key);
        let hint = near.map_or_else(String::new, |near| format!("; `{near}` is near"));
        return Some(RuleWarning {
            code: RuleWarningCode::UnknownKey,
            message: format!("the vocabulary has no key `{}`{hint}", draft.tag_key),
            field: "tagKey",
            position: None,
        });
    };
    if draft.is_template() || vocabulary.is_valid(&key.name, &tag.value) {
        return None;
    }
    let listed: Vec<&str> = key
        .values
        .iter()
        .map(|value| value.name.as_str())
        .take(20)
        .collect();
    Some(RuleWarning {
        code: RuleWarningCode::UnknownValue,
        message: format!(
            "`{}` is no value of `{}`; values are {}",
            draft.tag_value,
            key.name,
            listed.join(", ")
        ),
        field: "tagValue",
        position: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(condition: &str, key: &str, value: &str) -> RuleDraft {
        RuleDraft {
            rule_name: "r".into(),
            description: String::new(),
            condition: condition.into(),
            tag_key: key.into(),
            tag_value: value.into(),
            priority: 1,
            confidence: 0.9,
            enabled: true,
            corrects: false,
            effective_from: None,
            effective_to: None,
        }
    }

    /// Code, field, and line, column and length.
    type LocatedWarning = (RuleWarningCode, &'static str, Option<(u32, u32, u32)>);

    fn found(draft: &RuleDraft) -> Vec<LocatedWarning> {
        let place = |at: TextPosition| (at.line, at.column, at.length);
        warnings(draft, &Vocabulary::default())
            .into_iter()
            .map(|warning| (warning.code, warning.field, warning.position.map(place)))
            .collect()
    }

    #[test]
    fn doubts_say_where_they_are() {
        use RuleWarningCode::{
            AlwaysTrue, ImpossibleConstant, NeverTrue, UnknownKey, UnknownTemplate, UnknownValue,
        };
        let name = "resource.name == 'x'";
        assert_eq!(found(&draft(name, "Environment", "Prod")), []);
        assert_eq!(
            found(&draft(name, "colour", "red")),
            [(UnknownKey, "tagKey", None)]
        );
        assert_eq!(
            found(&draft(name, "environment", "mars")),
            [(UnknownValue, "tagValue", None)]
        );
        assert_eq!(
            found(&draft(name, "team", "team-${name}")),
            [(UnknownTemplate, "tagValue", Some((1, 6, 7)))]
        );
        assert_eq!(
            found(&draft("true", "team", "x")),
            [(AlwaysTrue, "condition", Some((1, 1, 4)))]
        );
        assert_eq!(
            found(&draft(
                "resource.name == 'ß' ||\n  resource.cloud == 'AWS'",
                "team",
                "x"
            )),
            [
                (ImpossibleConstant, "condition", Some((2, 21, 5))),
                (NeverTrue, "condition", Some((2, 3, 23)))
            ],
        );
        let never = found(&draft("resource.cloud == 'AWS'", "team", "x"));
        assert_eq!(never[1].0, NeverTrue);
        assert_eq!(found(&draft("resource.", "team", "x")), []);
    }
}
