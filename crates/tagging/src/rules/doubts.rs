//! Doubts about conditions that compile: constants that no resource has, parts that hold always or never.

use std::ops::Range;

use cel::common::ast::{Expr, IdedExpr, SourceInfo, operators};

use super::necessary::{Derivation, ImpossibleConstant};
use super::requirement::{CLOUDS, Requirement, TestedText, TextField};

/// Kind of a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubtKind {
    /// A constant that the field of no resource has.
    ImpossibleConstant,
    /// The condition, or a part of it, holds for every resource.
    AlwaysTrue,
    /// The condition, or a part of it, holds for no resource.
    NeverTrue,
}

/// Part of a condition that is probably not meant as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionDoubt {
    pub kind: DoubtKind,
    /// One sentence for the rule's author.
    pub message: String,
    /// Bytes of the condition, where they are known.
    pub span: Option<Range<usize>>,
}

/// Doubts about a condition that passed the type check.
pub(super) fn of(condition: &IdedExpr, source: &SourceInfo) -> Vec<ConditionDoubt> {
    let derivation = Derivation::default();
    let holds = derivation.holds(condition);
    let mut doubts: Vec<ConditionDoubt> = derivation
        .into_impossible()
        .into_iter()
        .map(|constant| impossible(&constant, source))
        .collect();
    let mut say = |kind, message: &str, span| {
        doubts.push(ConditionDoubt {
            kind,
            message: message.to_owned(),
            span,
        });
    };
    if holds == Requirement::Impossible {
        let message = "the condition is true for no resource";
        say(DoubtKind::NeverTrue, message, whole(condition, source));
    } else if is_certain(condition) {
        let message = "the condition is true for every resource";
        say(DoubtKind::AlwaysTrue, message, whole(condition, source));
    } else {
        for part in operands(condition) {
            let span = || whole(part, source);
            if Derivation::default().holds(part) == Requirement::Impossible {
                say(DoubtKind::NeverTrue, "this part is true for no resource", span());
            } else if is_certain(part) {
                say(
                    DoubtKind::AlwaysTrue,
                    "this part is true for every resource",
                    span(),
                );
            }
        }
    }
    doubts
}

/// True when an expression is true whatever the resource.
fn is_certain(expression: &IdedExpr) -> bool {
    Derivation::default().fails(expression) == Requirement::Impossible && !may_lack_value(expression)
}

/// True when an expression may have no value on some resource, because a tag is not there.
fn may_lack_value(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Literal(_) | Expr::Ident(_) => false,
        Expr::List(list) => list.elements.iter().any(may_lack_value),
        Expr::Select(select) => {
            !select.test && !matches!(&select.operand.expr, Expr::Ident(name) if name == "resource")
        }
        Expr::Call(call) if call.func_name != operators::INDEX => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .any(may_lack_value),
        _ => true,
    }
}

/// Operands of `&&` and `||`, without these themselves.
fn operands(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call)
            if matches!(
                call.func_name.as_str(),
                operators::LOGICAL_AND | operators::LOGICAL_OR
            ) =>
        {
            call.args.iter().flat_map(operands).collect()
        }
        _ => vec![expression],
    }
}

fn impossible(constant: &ImpossibleConstant, source: &SourceInfo) -> ConditionDoubt {
    let test = &constant.test;
    let message = if test.text == TestedText::Field(TextField::Cloud) {
        let literal = test.literal.to_ascii_lowercase();
        let meant = CLOUDS.iter().find(|cloud| **cloud == literal);
        let hint = meant.map_or_else(
            || format!("a cloud is one of {}", CLOUDS.join(", ")),
            |cloud| format!("it is written '{cloud}'"),
        );
        format!("no resource has the cloud '{}'; {hint}", test.literal)
    } else {
        format!(
            "'{}' has upper-case letters, and is compared with text in lower case",
            test.literal
        )
    };
    ConditionDoubt {
        kind: DoubtKind::ImpossibleConstant,
        message,
        span: span(constant.expression, source),
    }
}

fn span(id: u64, source: &SourceInfo) -> Option<Range<usize>> {
    let (start, stop) = source.offset_for(id)?;
    // The last byte is part of it.
    Some(start as usize..stop as usize + 1)
}

/// Bytes of an expression with all its parts, and the brackets that close it.
fn whole(expression: &IdedExpr, source: &SourceInfo) -> Option<Range<usize>> {
    let mut span = parts(expression, source)?;
    while let Some(text) = source.source.get(span.clone()) {
        let is_open = |open, close| text.matches(open).count() > text.matches(close).count();
        let rest = source.source.get(span.end..).unwrap_or_default();
        let next = rest.trim_start();
        let closes =
            (next.starts_with(')') && is_open('(', ')')) || (next.starts_with(']') && is_open('[', ']'));
        if !closes {
            break;
        }
        span.end += rest.len() - next.len() + 1;
    }
    Some(span)
}

/// Bytes of an expression with all its parts.
fn parts(expression: &IdedExpr, source: &SourceInfo) -> Option<Range<usize>> {
    let mut own = span(expression.id, source);
    // A field's own span is its dot.
    if let (Expr::Select(select), Some(dot)) = (&expression.expr, &mut own) {
        let field = source
            .source
            .get(dot.end..)
            .and_then(|rest| rest.find(&select.field));
        dot.end += field.map_or(0, |at| at + select.field.len());
    }
    let inner: Vec<&IdedExpr> = match &expression.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        _ => Vec::new(),
    };
    let spans = inner
        .into_iter()
        .filter_map(|part| parts(part, source))
        .chain(own);
    spans.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Condition;

    /// Kinds of doubts, and the text that each is about.
    fn doubts(text: &str) -> Vec<(DoubtKind, &str)> {
        let condition = Condition::compile(text).unwrap();
        let doubts = condition.doubts().iter();
        doubts
            .map(|doubt| (doubt.kind, &text[doubt.span.clone().unwrap()]))
            .collect()
    }

    #[test]
    fn constants_that_no_resource_has_are_found_where_they_stand() {
        use DoubtKind::{ImpossibleConstant, NeverTrue};
        let text = "resource.cloud == 'AWS'";
        assert_eq!(doubts(text), [(ImpossibleConstant, "'AWS'"), (NeverTrue, text)]);
        assert_eq!(
            doubts("resource.name == 'x' || resource.cloud in ['aws', 'oracle']"),
            [(ImpossibleConstant, "'oracle'")]
        );
        let text = "resource.name.lowerAscii().startsWith('Prod')";
        assert_eq!(doubts(text), [(ImpossibleConstant, "'Prod'"), (NeverTrue, text)]);
        let condition = Condition::compile("resource.cloud == 'AWS'").unwrap();
        assert!(condition.doubts()[0].message.contains("'aws'"));
    }

    #[test]
    fn conditions_that_hold_always_or_never_are_found() {
        use DoubtKind::{AlwaysTrue, NeverTrue};
        for text in [
            "true",
            "resource.name == 'a' || resource.name != 'a'",
            "resource.name.startsWith('')",
            "resource.cloud in ['aws', 'gcp', 'azure']",
            "!('x' in resource.tags && !('x' in resource.tags))",
        ] {
            assert_eq!(doubts(text), [(AlwaysTrue, text)]);
        }
        for text in [
            "false",
            "resource.name == 'a' && resource.name == 'b'",
            "resource.account_id == '1' && resource.account_id.startsWith('2')",
            "'x' in resource.tags && !('x' in resource.tags)",
            "'a' == 'b' && resource.name == 'x'",
        ] {
            assert!(
                doubts(text).contains(&(NeverTrue, text)),
                "{text}: {:?}",
                doubts(text)
            );
        }
        assert_eq!(
            doubts("resource.name == 'x' && resource.cloud != 'AWS '").len(),
            2,
            "the constant, and the part that is always true"
        );
    }

    #[test]
    fn ordinary_conditions_raise_no_doubt() {
        for text in [
            "resource.cloud == 'aws' && resource.name.startsWith('prod-') && 'team' in resource.native_tags",
            "resource.native_tags['env'] != 'x'",
            "resource.region in ['eu-west-1', 'us-east-1'] ? resource.name.matches('^a') : resource.name != 'b'",
            "resource.native_tags['env'] == 'a' || resource.native_tags['env'] != 'a'",
        ] {
            assert_eq!(doubts(text), [], "{text}");
        }
    }
}
