//! The rule language as a table: what editors show, and what the documentation is checked against.

/// Name in the language, with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageItem {
    pub name: &'static str,
    /// Type of a field; signature of a function or an operator; form of a placeholder or a filter.
    pub signature: &'static str,
    /// One sentence.
    pub description: &'static str,
}

/// Rule as an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExampleRule {
    pub description: &'static str,
    pub condition: &'static str,
    pub tag_key: &'static str,
    pub tag_value: &'static str,
}

const fn item(name: &'static str, signature: &'static str, description: &'static str) -> LanguageItem {
    LanguageItem {
        name,
        signature,
        description,
    }
}

/// Fields of `resource`.
pub const FIELDS: &[LanguageItem] = &[
    item(
        "resource.cloud",
        "string",
        "Cloud provider: 'aws', 'gcp' or 'azure'.",
    ),
    item(
        "resource.account_id",
        "string",
        "Account, subscription or project.",
    ),
    item(
        "resource.resource_type",
        "string",
        "Type as the provider names it, for example 'rds/db'; types of Azure are lower-case.",
    ),
    item(
        "resource.region",
        "string",
        "Region; '' for a resource without one.",
    ),
    item("resource.name", "string", "Name; '' for a resource without one."),
    item(
        "resource.resource_id",
        "string",
        "Identifier of the provider, for example the ARN.",
    ),
    item(
        "resource.service_category",
        "string",
        "Service category of the type, as FOCUS names it; '' if it is not known.",
    ),
    item(
        "resource.native_tags",
        "map<string, string>",
        "Tags on the resource itself, as they are spelled there.",
    ),
    item(
        "resource.tags",
        "map<string, string>",
        "Tags in effect, with canonical keys and values.",
    ),
];

/// Functions and macros.
pub const FUNCTIONS: &[LanguageItem] = &[
    item(
        "startsWith",
        "string.startsWith(string) -> bool",
        "True if the text begins with the other.",
    ),
    item(
        "endsWith",
        "string.endsWith(string) -> bool",
        "True if the text ends with the other.",
    ),
    item(
        "contains",
        "string.contains(string) -> bool",
        "True if the other occurs in the text.",
    ),
    item(
        "matches",
        "string.matches(pattern) -> bool",
        "True if the pattern, a literal regular expression, matches a part of the text.",
    ),
    item(
        "lowerAscii",
        "string.lowerAscii() -> string",
        "The text with its ASCII letters in lower case.",
    ),
    item(
        "size",
        "size(string | map | list) -> int",
        "Number of characters, tags or elements.",
    ),
    item(
        "has",
        "has(resource.native_tags.KEY) -> bool",
        "True if there is a tag with the key.",
    ),
    item(
        "exists",
        "(map | list).exists(x, bool) -> bool",
        "True if the test is true for a key or an element.",
    ),
    item(
        "all",
        "(map | list).all(x, bool) -> bool",
        "True if the test is true for each key or element.",
    ),
    item(
        "exists_one",
        "(map | list).exists_one(x, bool) -> bool",
        "True if the test is true for exactly one key or element.",
    ),
];

/// Operators.
pub const OPERATORS: &[LanguageItem] = &[
    item("==", "T == T -> bool", "True if both are equal; case matters."),
    item("!=", "T != T -> bool", "True if both differ."),
    item(
        "<",
        "T < T -> bool",
        "True if the left is smaller; also <=, > and >=.",
    ),
    item(
        "in",
        "string in (map | list) -> bool",
        "True if the key is in the map, or the element in the list.",
    ),
    item(
        "[]",
        "map[string] -> string",
        "Value of a tag; without the tag the condition is not true.",
    ),
    item("&&", "bool && bool -> bool", "True if both are true."),
    item("||", "bool || bool -> bool", "True if one of both is true."),
    item("!", "!bool -> bool", "True if the other is false."),
    item(
        "?:",
        "bool ? T : T -> T",
        "The second if the first is true, otherwise the third.",
    ),
];

/// Placeholders in tag values, and their filters.
pub const TEMPLATES: &[LanguageItem] = &[
    item("name", "{{ name }}", "Name of the resource."),
    item(
        "account_id",
        "{{ account_id }}",
        "Account, subscription or project.",
    ),
    item("region", "{{ region }}", "Region of the resource."),
    item(
        "resource_type",
        "{{ resource_type }}",
        "Type as the provider names it.",
    ),
    item("resource_id", "{{ resource_id }}", "Identifier of the provider."),
    item("cloud", "{{ cloud }}", "Cloud provider."),
    item(
        "native_tags",
        "{{ native_tags['KEY'] }}",
        "Value of a tag on the resource itself.",
    ),
    item(
        "capture",
        "{{ name | capture('PATTERN') }}",
        "First group of the pattern in the text before it.",
    ),
    item("lower", "{{ name | lower }}", "Text before it in lower case."),
];

/// Rules as examples; each compiles, and none raises a doubt.
pub const EXAMPLES: &[ExampleRule] = &[
    ExampleRule {
        description: "Everything whose name begins with prod- in AWS",
        condition: "resource.cloud == 'aws' && resource.name.startsWith('prod-')",
        tag_key: "environment",
        tag_value: "production",
    },
    ExampleRule {
        description: "The team is the first word of the name",
        condition: "resource.name.matches('^[a-z]+-(api|db|worker)-')",
        tag_key: "team",
        tag_value: "{{ name | capture('^([a-z]+)-') }}",
    },
    ExampleRule {
        description: "The owner is in another tag of the resource",
        condition: "'CreatedBy' in resource.native_tags && !('owner' in resource.tags)",
        tag_key: "owner",
        tag_value: "{{ native_tags['CreatedBy'] | lower }}",
    },
    ExampleRule {
        description: "Two accounts of one cost center",
        condition: "resource.account_id in ['111122223333', '444455556666']",
        tag_key: "cost-center",
        tag_value: "cc-1042",
    },
    ExampleRule {
        description: "Databases in production",
        condition: "resource.resource_type.contains('rds') && resource.tags['environment'] == 'production'",
        tag_key: "criticality",
        tag_value: "high",
    },
    ExampleRule {
        description: "Any of several beginnings, in whatever case",
        condition: "['pay-', 'bill-', 'ledger-'].exists(p, resource.name.lowerAscii().startsWith(p))",
        tag_key: "business-unit",
        tag_value: "finance",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::condition_input;
    use crate::rules::{Condition, ValueTemplate, foreign_placeholders};

    #[test]
    fn the_table_has_the_fields_that_conditions_see() {
        let names: Vec<&str> = FIELDS
            .iter()
            .map(|field| field.name.trim_start_matches("resource."))
            .collect();
        assert_eq!(names, condition_input::FIELDS);
    }

    #[test]
    fn every_function_operator_and_placeholder_of_the_table_is_understood() {
        let texts = [
            "resource.name.startsWith('a')",
            "resource.name.endsWith('a')",
            "resource.name.contains('a')",
            "resource.name.matches('a')",
            "resource.name.lowerAscii() == 'a'",
            "size(resource.name) < 3 && resource.tags.size() >= 1",
            "has(resource.native_tags.team)",
            "resource.native_tags.exists(k, k == 'a')",
            "resource.native_tags.all(k, k != 'a')",
            "resource.native_tags.exists_one(k, k == 'a')",
            "'a' in resource.tags || resource.tags['b'] == 'c'",
            "!(resource.region == '' ? true : false)",
        ];
        for text in texts {
            Condition::compile(text).unwrap();
        }
        for item in FUNCTIONS.iter().chain(OPERATORS) {
            // `a[b]`, `a ? b : c`
            let parts = item
                .name
                .strip_prefix(['[', '?'])
                .map(|end| (&item.name[..1], end));
            let (begin, end) = parts.unwrap_or((item.name, ""));
            let is_used = |text: &&str| text.find(begin).is_some_and(|at| text[at..].contains(end));
            assert!(texts.iter().any(is_used), "{} is not tried", item.name);
        }
        for placeholder in TEMPLATES {
            let text = placeholder.signature.replace("PATTERN", "^([a-z]+)");
            ValueTemplate::compile(&text).unwrap();
            assert!(text.contains(placeholder.name));
        }
    }

    #[test]
    fn the_examples_compile_without_a_doubt() {
        for example in EXAMPLES {
            let condition = Condition::compile(example.condition).unwrap();
            assert_eq!(condition.doubts(), [], "{}", example.condition);
            ValueTemplate::compile(example.tag_value).unwrap();
            assert!(foreign_placeholders(example.tag_value).is_empty());
        }
    }
}
