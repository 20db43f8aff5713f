//! The query `ruleLanguage`.

use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use async_graphql::{Context, Object, SimpleObject};
use tagging::rules::language::{self, ExampleRule, LanguageItem};

/// Field of `resource` in conditions.
#[derive(SimpleObject)]
pub struct RuleLanguageField {
    /// Name, with `resource.` before it.
    name: &'static str,
    /// Type.
    #[graphql(name = "type")]
    kind: &'static str,
    /// Meaning, one sentence.
    description: &'static str,
}

/// Function, operator or part of a template.
#[derive(SimpleObject)]
pub struct RuleLanguageFunction {
    /// Name.
    name: &'static str,
    /// Signature, or form.
    signature: &'static str,
    /// Meaning, one sentence.
    description: &'static str,
}

/// Rule as an example.
#[derive(SimpleObject)]
pub struct RuleLanguageExample {
    /// Purpose of the rule.
    description: &'static str,
    /// Condition.
    condition: &'static str,
    /// Tag key.
    tag_key: &'static str,
    /// Tag value.
    tag_value: &'static str,
}

/// Language of conditions and tag values of rules, for editors.
#[derive(SimpleObject)]
pub struct RuleLanguage {
    /// Fields of `resource`.
    fields: Vec<RuleLanguageField>,
    /// Functions and macros of conditions.
    functions: Vec<RuleLanguageFunction>,
    /// Operators of conditions.
    operators: Vec<RuleLanguageFunction>,
    /// Placeholders of tag values between `{{` and `}}`, and their filters.
    templates: Vec<RuleLanguageFunction>,
    /// Examples.
    examples: Vec<RuleLanguageExample>,
}

impl From<&LanguageItem> for RuleLanguageField {
    fn from(item: &LanguageItem) -> Self {
        Self {
            name: item.name,
            kind: item.signature,
            description: item.description,
        }
    }
}

impl From<&LanguageItem> for RuleLanguageFunction {
    fn from(item: &LanguageItem) -> Self {
        Self {
            name: item.name,
            signature: item.signature,
            description: item.description,
        }
    }
}

impl From<&ExampleRule> for RuleLanguageExample {
    fn from(example: &ExampleRule) -> Self {
        Self {
            description: example.description,
            condition: example.condition,
            tag_key: example.tag_key,
            tag_value: example.tag_value,
        }
    }
}

/// Queries on the rule language.
#[derive(Default)]
pub struct RuleLanguageQuery;

#[Object]
impl RuleLanguageQuery {
    /// Language of conditions and tag values of rules.
    async fn rule_language(&self, ctx: &Context<'_>) -> FieldResult<RuleLanguage> {
        ctx.actor()?;
        Ok(RuleLanguage {
            fields: language::FIELDS.iter().map(Into::into).collect(),
            functions: language::FUNCTIONS.iter().map(Into::into).collect(),
            operators: language::OPERATORS.iter().map(Into::into).collect(),
            templates: language::TEMPLATES.iter().map(Into::into).collect(),
            examples: language::EXAMPLES.iter().map(Into::into).collect(),
        })
    }
}
