//! Normal form of an operation: two operations with the same normal form have the same responses, byte by byte.
//!
//! It has no blanks, comments, names of operations, fragments or variables, and no order among arguments. Aliases and
//! the order of fields stay, for responses have them, too.

use super::document::Document;
use async_graphql::parser::types::{
    Directive, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value as ConstValue, Variables};
use async_graphql_value::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes the operation, of which the first root field's argument of the name `without` is left out, if one is named.
///
/// The document must be within the limits that keep fragments from spreading themselves, and from growing too long.
pub fn write(
    document: &Document,
    operation: &OperationDefinition,
    variables: &Variables,
    without: Option<&str>,
) -> String {
    let mut writer = NormalFormWriter {
        document,
        operation,
        variables,
        text: String::new(),
        without,
    };
    writer.directives(&operation.directives);
    writer.selection_set(&operation.selection_set.node);
    writer.text
}

/// Value of a variable: as given, or its default.
pub fn variable<'a>(
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    name: &Name,
) -> Option<&'a ConstValue> {
    let definitions = operation.variable_definitions.iter().map(|each| &each.node);
    let default = || {
        let definition = definitions.clone().find(|each| each.name.node == *name)?;
        definition.default_value.as_ref().map(|value| &value.node)
    };
    variables.get(name).or_else(default)
}

struct NormalFormWriter<'a> {
    document: &'a Document,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    text: String,
    /// Until the root field is written.
    without: Option<&'a str>,
}

impl NormalFormWriter<'_> {
    fn selection_set(&mut self, set: &SelectionSet) {
        if set.items.is_empty() {
            return;
        }
        self.text.push('{');
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let on = inline.type_condition.as_ref().map(|on| &on.node.on.node);
                    self.fragment(on, &inline.directives, &inline.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let spread = &spread.node;
                    // Validation refuses spreads of fragments that do not exist.
                    if let Some(fragment) = self.document.parsed.fragments.get(&spread.fragment_name.node) {
                        let FragmentDefinition {
                            type_condition,
                            selection_set,
                            ..
                        } = &fragment.node;
                        let on = &type_condition.node.on.node;
                        self.fragment(Some(on), &spread.directives, &selection_set.node);
                    }
                }
            }
        }
        self.text.push('}');
    }

    fn fragment(&mut self, on: Option<&Name>, directives: &[Positioned<Directive>], set: &SelectionSet) {
        self.text.push_str("...");
        if let Some(on) = on {
            self.text.push_str("on ");
            self.text.push_str(on);
        }
        self.directives(directives);
        self.selection_set(set);
    }

    fn field(&mut self, field: &Field) {
        let (name, key) = (&field.name.node, &field.response_key().node);
        if key != name {
            self.text.push_str(key);
            self.text.push(':');
        }
        self.text.push_str(name);
        let without = self.without.take();
        let arguments = field.arguments.iter();
        self.arguments(arguments.filter(|(name, _)| without.is_none_or(|without| name.node != without)));
        self.directives(&field.directives);
        self.selection_set(&field.selection_set.node);
        self.text.push(' ');
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            self.text.push('@');
            self.text.push_str(&directive.node.name.node);
            self.arguments(directive.node.arguments.iter());
        }
    }

    fn arguments<'a>(&mut self, arguments: impl Iterator<Item = &'a (Positioned<Name>, Positioned<Value>)>) {
        let sorted: BTreeMap<_, _> = arguments.map(|(name, value)| (&name.node, &value.node)).collect();
        self.text.push('(');
        self.entries(sorted);
        self.text.push(')');
    }

    /// Leaves out entries whose value is a variable without value.
    fn entries(&mut self, entries: BTreeMap<&Name, &Value>) {
        for (name, value) in entries {
            if let Value::Variable(variable) = value
                && self.variable(variable).is_none()
            {
                continue;
            }
            self.text.push_str(name);
            self.text.push(':');
            self.value(value);
            self.text.push(',');
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                let value = self.variable(name).unwrap_or(ConstValue::Null);
                self.value(&value.into_value());
            }
            Value::List(items) => {
                self.text.push('[');
                for item in items {
                    self.value(item);
                    self.text.push(',');
                }
                self.text.push(']');
            }
            Value::Object(fields) => {
                self.text.push('{');
                self.entries(fields.iter().collect());
                self.text.push('}');
            }
            // Enums, numbers, quoted texts.
            other => {
                let _never_fails = write!(self.text, "{other}");
            }
        }
    }

    fn variable(&self, name: &Name) -> Option<ConstValue> {
        variable(self.operation, self.variables, name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use serde_json::json;

    fn normal(text: &str, variables: serde_json::Value) -> String {
        let document = Document::parse(text, &Limits::default()).unwrap();
        let operation = document.operation(None).unwrap();
        write(
            &document,
            operation,
            &Variables::from_json(variables),
            Some("after"),
        )
    }

    #[test]
    fn operations_with_the_same_response_have_the_same_normal_form() {
        let plain = normal(
            "subscription{a(filter:{cloud:AWS,accountId:\"1\"},n:2){x...on T{y}}}",
            json!({}),
        );
        for (text, variables) in [
            (
                "subscription Named($id:String,$n:Int=2,$none:String) { # text\n
                   a(n: $n, after: \"c\", other: $none, filter: {accountId: $id, cloud: AWS, none: $none}) { x ...f } }
                 fragment f on T { y }",
                json!({"id": "1", "unused": 7}),
            ),
            (
                "subscription($m:Int,$f:F,$c:String){a:a(filter:$f,after:$c,n:$m){x,...on T{y}}}",
                json!({"m": 2, "f": {"accountId": "1"}, "c": "d"}),
            ),
        ] {
            let same = text.contains("cloud") == normal(text, variables.clone()).eq(&plain);
            assert!(same, "{} {plain}", normal(text, variables));
        }
    }

    #[test]
    fn operations_with_different_responses_have_different_normal_forms() {
        let texts = [
            "subscription{a{x y}}",
            "subscription{a{y x}}",
            "subscription{a{x:y y}}",
            "subscription{b:a{x y}}",
            "subscription{a{x{y}}}",
            "subscription{a{x y@include(if:true)}}",
            "subscription{a{x y@include(if:false)}}",
            "subscription{a(n:1){x y}}",
            "subscription{a(n:\"1\"){x y}}",
            "subscription{a(n:A){x y}}",
            "subscription{a(n:\"A\"){x y}}",
            "subscription{a(n:[1,2]){x y}}",
            "subscription{a(n:[[1],2]){x y}}",
            "subscription{a(n:null){x y}}",
            "subscription{a(n:{}){x y}}",
            "subscription{a{x ...on T{y}}}",
            "subscription{a{x ...{y}}}",
            "subscription{a{x(after:1) y}}",
        ];
        let written: std::collections::HashSet<_> = texts.map(|text| normal(text, json!({}))).into();
        assert_eq!(written.len(), texts.len(), "{written:?}");
    }
}
