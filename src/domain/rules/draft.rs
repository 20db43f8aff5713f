//! Definitions of rules: their checks, and their normal form.

use crate::auth::Actor;
use crate::entities::rule::{self, ActiveModel};
use crate::error::{Error, Problem, ProblemCode, Result, TextPosition};
use chrono::{DateTime, Utc};
use sea_orm::Set;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use tagging::Vocabulary;
use tagging::rules::{CompiledRule, Condition, ValueTemplate};

/// Definition of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDraft {
    /// 1 to 200 characters, unique.
    pub rule_name: String,
    /// At most 4000 characters.
    pub description: String,
    /// CEL expression over `resource`, see [`Condition`].
    pub condition: String,
    /// 1 to 128 characters.
    pub tag_key: String,
    /// Text or a template, see [`ValueTemplate`]; 1 to 1024 characters.
    pub tag_value: String,
    /// Rank of the rule: smaller first, equal ones in the order in which they were created.
    pub priority: i32,
    /// Confidence of its tags, 0 to 1.
    pub confidence: f64,
    pub enabled: bool,
    /// The value overrides what a resource's own tags state.
    pub corrects: bool,
    /// The rule matches nothing before this time.
    pub effective_from: Option<DateTime<Utc>>,
    /// The rule matches nothing from this time on.
    pub effective_to: Option<DateTime<Utc>>,
}

impl RuleDraft {
    /// The same rule with key and value in the words of the vocabulary: `Environment` and `Prod` are `environment` and
    /// `production`. A template stays; what it gives is normalised on each resource.
    #[must_use]
    pub fn normalised(mut self, vocabulary: &Vocabulary) -> Self {
        if self.is_template() {
            self.tag_key = vocabulary.canonical(&self.tag_key, "").key;
        } else {
            let tag = vocabulary.canonical(&self.tag_key, &self.tag_value);
            (self.tag_key, self.tag_value) = (tag.key, tag.value);
        }
        self
    }

    /// True when the value depends on the resource.
    pub fn is_template(&self) -> bool {
        self.tag_value.contains("{{")
    }

    /// True when the rule matches at this time.
    pub fn is_in_effect(&self, now: DateTime<Utc>) -> bool {
        self.effective_from.is_none_or(|from| from <= now) && self.effective_to.is_none_or(|to| now < to)
    }

    /// Compiles the rule; the error has all its problems, with positions.
    /// `id` and `version` are those of the stored rule.
    pub fn compile(&self, id: i64, version: i32) -> Result<CompiledRule> {
        let mut problems = Vec::new();
        let mut refuse_at = |field: &str, message: String, position: Option<TextPosition>| {
            problems.push(Problem::field(ProblemCode::Invalid, field, message).at(position));
        };
        let mut refuse = |field: &str, message: String| refuse_at(field, message, None);
        check_text("ruleName", &self.rule_name, 1, 200, &mut refuse);
        check_text("tagKey", &self.tag_key, 1, 128, &mut refuse);
        check_text("tagValue", &self.tag_value, 1, 1024, &mut refuse);
        if self.description.chars().count() > 4000 || self.description.contains('\0') {
            refuse(
                "description",
                "must have at most 4000 characters, none of them NUL".into(),
            );
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            refuse(
                "confidence",
                format!("must be from 0 to 1; it is {}", self.confidence),
            );
        }
        if let (Some(from), Some(to)) = (self.effective_from, self.effective_to)
            && from >= to
        {
            refuse("effectiveTo", "must be after effectiveFrom".into());
        }
        let condition = Condition::compile(&self.condition).map_err(|error| {
            let at = |start| TextPosition::of_bytes(&self.condition, start, error.length);
            refuse_at("condition", error.to_string(), error.position.map(at));
        });
        let value = ValueTemplate::compile(&self.tag_value).map_err(|error| {
            let at = TextPosition::of_bytes(&self.tag_value, error.position, 0);
            refuse_at("tagValue", error.to_string(), Some(at));
        });
        match (condition, value) {
            (Ok(condition), Ok(value)) if problems.is_empty() => Ok(CompiledRule {
                id,
                name: self.rule_name.clone(),
                priority: self.priority,
                digest: self.digest(),
                condition,
                key: self.tag_key.clone(),
                value,
                confidence: self.confidence,
                approves: false,
                corrects: self.corrects,
                version,
            }),
            _ => {
                // One problem per field: an empty value is no valid template either.
                let mut seen = HashSet::new();
                problems.retain(|problem| seen.insert(problem.field.clone()));
                Err(Error::Validation(problems))
            }
        }
    }

    fn digest(&self) -> String {
        let parts = (&self.condition, &self.tag_key, &self.tag_value);
        let digest = Sha256::digest(format!("{parts:?}"));
        hex::encode(&digest[..3])
    }

    pub(super) fn write_to(self, row: &mut ActiveModel, actor: &Actor) {
        row.in_effect = Set(self.is_in_effect(Utc::now()));
        row.rule_name = Set(self.rule_name);
        row.description = Set(self.description);
        row.condition = Set(self.condition);
        row.tag_key = Set(self.tag_key);
        row.tag_value = Set(self.tag_value);
        row.priority = Set(self.priority);
        row.confidence = Set(self.confidence);
        row.enabled = Set(self.enabled);
        row.corrects = Set(self.corrects);
        row.effective_from = Set(self.effective_from);
        row.effective_to = Set(self.effective_to);
        row.updated_by = Set(actor.subject.clone());
    }
}

impl From<rule::Model> for RuleDraft {
    fn from(row: rule::Model) -> Self {
        Self {
            rule_name: row.rule_name,
            description: row.description,
            condition: row.condition,
            tag_key: row.tag_key,
            tag_value: row.tag_value,
            priority: row.priority,
            confidence: row.confidence,
            enabled: row.enabled,
            corrects: row.corrects,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
        }
    }
}

fn check_text(field: &str, text: &str, least: usize, most: usize, refuse: &mut impl FnMut(&str, String)) {
    let length = text.chars().count();
    if length < least || length > most || text.trim() != text || text.chars().any(char::is_control) {
        refuse(
            field,
            format!("must have {least} to {most} characters, no blanks around and no control characters"),
        );
    }
}
