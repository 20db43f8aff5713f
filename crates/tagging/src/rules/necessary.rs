//! Derivation of the requirement from a parsed condition.
//!
//! A condition holds, fails, or has no value (a tag that is not there). For each expression it is known what must be true
//! of the resource if it holds ([`Derivation::holds`]), if it fails ([`Derivation::fails`]), and if it has a value at
//! all ([`Derivation::has_value`]). What is not understood requires nothing.

use std::cell::{Cell, RefCell};

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::necessary_pattern;
use super::requirement::{Comparison, Requirement, ResourceTest, TagMap, TestedText, TextField, TextTest};

/// Expressions that are looked at; what is beyond requires nothing. Macros over lists are unrolled.
const MAX_EXPRESSIONS: usize = 2_048;

/// Text that an expression gives.
#[derive(Clone)]
struct TextOperand {
    text: TestedText,
    lower: bool,
}

/// Constant of the condition that no resource has, with the expression that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImpossibleConstant {
    pub expression: u64,
    pub test: TextTest,
}

/// A derivation, with the variables of the macros that it is in.
#[derive(Default)]
pub(crate) struct Derivation {
    variables: RefCell<Vec<(String, LiteralValue)>>,
    looked_at: Cell<usize>,
    impossible: RefCell<Vec<ImpossibleConstant>>,
}

impl Derivation {
    /// Constants that no resource has, as far as they were met.
    pub(crate) fn into_impossible(self) -> Vec<ImpossibleConstant> {
        self.impossible.into_inner()
    }

    /// Requirement of the expression being true.
    pub(crate) fn holds(&self, expression: &IdedExpr) -> Requirement {
        self.bool(expression, true)
    }

    /// Requirement of the expression being false.
    pub(crate) fn fails(&self, expression: &IdedExpr) -> Requirement {
        self.bool(expression, false)
    }

    fn is_exhausted(&self) -> bool {
        self.looked_at.set(self.looked_at.get() + 1);
        self.looked_at.get() > MAX_EXPRESSIONS
    }

    fn bool(&self, expression: &IdedExpr, wanted: bool) -> Requirement {
        if self.is_exhausted() {
            return Requirement::Nothing;
        }
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) if *value.inner() == wanted => Requirement::Nothing,
            Expr::Literal(LiteralValue::Boolean(_)) => Requirement::Impossible,
            Expr::Select(select) if select.test => match self.tag_map(&select.operand) {
                Some(map) => outcome(ResourceTest::HasTag(map, select.field.clone()), wanted),
                None => Requirement::Nothing,
            },
            Expr::Call(call) => self.call(call, wanted),
            Expr::Comprehension(comprehension) => self.unrolled(comprehension, wanted),
            _ => Requirement::Nothing,
        }
    }

    fn call(&self, call: &CallExpr, wanted: bool) -> Requirement {
        match (
            call.func_name.as_str(),
            call.target.as_deref(),
            call.args.as_slice(),
        ) {
            (operators::LOGICAL_NOT, None, [value]) => self.bool(value, !wanted),
            (operators::LOGICAL_AND, None, [left, right]) => {
                join(wanted, vec![self.bool(left, wanted), self.bool(right, wanted)])
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                join(!wanted, vec![self.bool(left, wanted), self.bool(right, wanted)])
            }
            (operators::CONDITIONAL, None, [test, yes, no]) => Requirement::any(vec![
                Requirement::all(vec![self.holds(test), self.bool(yes, wanted)]),
                Requirement::all(vec![self.fails(test), self.bool(no, wanted)]),
            ]),
            (operators::EQUALS, None, [left, right]) => self.equality(left, right, wanted),
            (operators::NOT_EQUALS, None, [left, right]) => self.equality(left, right, !wanted),
            (operators::IN, None, [element, container]) => self.membership(element, container, wanted),
            (name, Some(target), [argument]) => self.text_function(name, target, argument, wanted),
            _ => self.call_has_value(call),
        }
    }

    fn text_function(&self, name: &str, target: &IdedExpr, argument: &IdedExpr, wanted: bool) -> Requirement {
        let there = Requirement::all(vec![self.has_value(target), self.has_value(argument)]);
        let (Some(operand), Some(literal)) = (self.text(target), self.literal(argument)) else {
            return there;
        };
        let comparison = match name {
            "startsWith" => Comparison::StartsWith,
            "endsWith" => Comparison::EndsWith,
            "contains" => Comparison::Contains,
            "matches" if wanted => {
                let test = |comparison, literal| operand.test(comparison, literal);
                return Requirement::all(vec![there, necessary_pattern::requirement(&literal, test)]);
            }
            _ => return there,
        };
        let test = self.seen(argument, operand.text_test(comparison, literal));
        Requirement::all(vec![there, outcome(test, wanted)])
    }

    fn equality(&self, left: &IdedExpr, right: &IdedExpr, wanted: bool) -> Requirement {
        let there = Requirement::all(vec![self.has_value(left), self.has_value(right)]);
        let pair = match (self.text(left), self.text(right)) {
            (Some(operand), None) => self.literal(right).map(|literal| (operand, literal, right)),
            (None, Some(operand)) => self.literal(left).map(|literal| (operand, literal, left)),
            (None, None) => {
                return match (self.literal(left), self.literal(right)) {
                    (Some(a), Some(b)) if (a == b) != wanted => Requirement::Impossible,
                    _ => there,
                };
            }
            _ => None,
        };
        let Some((operand, literal, place)) = pair else {
            return there;
        };
        let test = self.seen(place, operand.text_test(Comparison::Equals, literal));
        Requirement::all(vec![there, outcome(test, wanted)])
    }

    fn membership(&self, element: &IdedExpr, container: &IdedExpr, wanted: bool) -> Requirement {
        let there = self.has_value(element);
        if let Some(map) = self.tag_map(container) {
            return match self.literal(element) {
                Some(key) => Requirement::all(vec![there, outcome(ResourceTest::HasTag(map, key), wanted)]),
                None => there,
            };
        }
        let (Some(operand), Expr::List(list)) = (self.text(element), &container.expr) else {
            return there;
        };
        let mut parts = Vec::with_capacity(list.elements.len());
        for listed in &list.elements {
            let Some(literal) = self.literal(listed).filter(|_| !self.is_exhausted()) else {
                return there;
            };
            let test = self.seen(listed, operand.text_test(Comparison::Equals, literal));
            parts.push(outcome(test, wanted));
        }
        Requirement::all(vec![there, join(!wanted, parts)])
    }

    /// Requirement of a macro over a list of literals, which stands for as many expressions.
    fn unrolled(&self, comprehension: &ComprehensionExpr, wanted: bool) -> Requirement {
        let Expr::Call(step) = &comprehension.loop_step.expr else {
            return Requirement::Nothing;
        };
        let Expr::List(list) = &comprehension.iter_range.expr else {
            return Requirement::Nothing;
        };
        let (predicate, is_all) = match (step.func_name.as_str(), step.args.as_slice()) {
            (operators::LOGICAL_OR, [_, predicate]) => (predicate, !wanted),
            (operators::LOGICAL_AND, [_, predicate]) => (predicate, wanted),
            // Exactly one: at least one.
            (operators::CONDITIONAL, [predicate, ..]) if wanted => (predicate, false),
            _ => return Requirement::Nothing,
        };
        let mut parts = Vec::with_capacity(list.elements.len());
        for element in &list.elements {
            let Expr::Literal(literal) = &element.expr else {
                return Requirement::Nothing;
            };
            let variable = (comprehension.iter_var.clone(), literal.clone());
            self.variables.borrow_mut().push(variable);
            parts.push(self.bool(predicate, wanted));
            self.variables.borrow_mut().pop();
        }
        join(is_all, parts)
    }

    /// Requirement of the expression having a value.
    fn has_value(&self, expression: &IdedExpr) -> Requirement {
        if self.is_exhausted() {
            return Requirement::Nothing;
        }
        if let Some(operand) = self.text(expression) {
            return match operand.text {
                TestedText::Tag(map, key) => Requirement::passes(ResourceTest::HasTag(map, key)),
                TestedText::Field(_) => Requirement::Nothing,
            };
        }
        match &expression.expr {
            Expr::Call(call) => self.call_has_value(call),
            _ => Requirement::Nothing,
        }
    }

    /// Requirement of a call having a value: of all its arguments, unless it can do without some.
    fn call_has_value(&self, call: &CallExpr) -> Requirement {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, _) => Requirement::Nothing,
            (operators::CONDITIONAL, [test, ..]) => self.has_value(test),
            (_, arguments) => {
                let parts = call.target.as_deref().into_iter().chain(arguments);
                Requirement::all(parts.map(|part| self.has_value(part)).collect())
            }
        }
    }

    /// Notes a constant that no resource has.
    fn seen(&self, place: &IdedExpr, test: TextTest) -> ResourceTest {
        let test_of_resource = ResourceTest::Text(test.clone());
        if Requirement::passes(test_of_resource.clone()) == Requirement::Impossible {
            let mut impossible = self.impossible.borrow_mut();
            if impossible.iter().all(|known| known.expression != place.id) {
                impossible.push(ImpossibleConstant {
                    expression: place.id,
                    test,
                });
            }
        }
        test_of_resource
    }

    /// The text that an expression takes from the resource.
    fn text(&self, expression: &IdedExpr) -> Option<TextOperand> {
        match &expression.expr {
            Expr::Select(select) if !select.test => self.selected(select),
            Expr::Call(call) => match (
                call.func_name.as_str(),
                call.target.as_deref(),
                call.args.as_slice(),
            ) {
                (operators::INDEX, None, [tags, key]) => {
                    let text = TestedText::Tag(self.tag_map(tags)?, self.literal(key)?);
                    Some(TextOperand { text, lower: false })
                }
                ("lowerAscii", Some(target), []) => self.text(target).map(|operand| TextOperand {
                    lower: true,
                    ..operand
                }),
                _ => None,
            },
            _ => None,
        }
    }

    fn selected(&self, select: &SelectExpr) -> Option<TextOperand> {
        let text = if self.is_resource(&select.operand) {
            TestedText::Field(TextField::named(&select.field)?)
        } else {
            TestedText::Tag(self.tag_map(&select.operand)?, select.field.clone())
        };
        Some(TextOperand { text, lower: false })
    }

    fn tag_map(&self, expression: &IdedExpr) -> Option<TagMap> {
        let Expr::Select(select) = &expression.expr else {
            return None;
        };
        match select.field.as_str() {
            _ if select.test || !self.is_resource(&select.operand) => None,
            "native_tags" => Some(TagMap::Native),
            "tags" => Some(TagMap::Effective),
            _ => None,
        }
    }

    fn is_resource(&self, expression: &IdedExpr) -> bool {
        let variables = self.variables.borrow();
        matches!(&expression.expr, Expr::Ident(name) if name == "resource"
            && variables.iter().all(|(variable, _)| variable != name))
    }

    /// The text that an expression is, whatever the resource.
    fn literal(&self, expression: &IdedExpr) -> Option<String> {
        let of = |literal: &LiteralValue| match literal {
            LiteralValue::String(text) => Some(text.inner().to_owned()),
            _ => None,
        };
        match &expression.expr {
            Expr::Literal(literal) => of(literal),
            Expr::Ident(name) => {
                let variables = self.variables.borrow();
                let found = variables.iter().rev().find(|(variable, _)| variable == name);
                found.and_then(|(_, literal)| of(literal))
            }
            _ => None,
        }
    }
}

impl TextOperand {
    fn text_test(&self, comparison: Comparison, literal: String) -> TextTest {
        TextTest {
            text: self.text.clone(),
            lower: self.lower,
            comparison,
            literal,
        }
    }

    fn test(&self, comparison: Comparison, literal: String) -> Requirement {
        Requirement::passes(ResourceTest::Text(self.text_test(comparison, literal)))
    }
}

fn outcome(test: ResourceTest, wanted: bool) -> Requirement {
    if wanted {
        Requirement::passes(test)
    } else {
        Requirement::fails(test)
    }
}

fn join(is_all: bool, parts: Vec<Requirement>) -> Requirement {
    if is_all {
        Requirement::all(parts)
    } else {
        Requirement::any(parts)
    }
}
