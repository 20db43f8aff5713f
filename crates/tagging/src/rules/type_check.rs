//! The type check of a parsed condition. It also rewrites: a field `resource.name` becomes the variable `@name`,
//! a list of literals and the pattern of `matches` become constants `@0`, `@1`, ... built once.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::common::value::Val;
use cel::{Context, Value};

use super::complexity_limits;
use super::condition_error::ConditionError;
use super::condition_input::{FIELDS, FieldSet, MAX_TAGS};
use super::expression_type::ExpressionType;
use super::pattern_value::{MATCHES, PatternValue};

/// Deepest expression. Evaluating takes some 40 KiB of stack per level in debug builds, so this fits the 2 MiB that
/// worker threads have twice over. Chains of `&&` and `||` are balanced by the parser: 500 terms are 10 levels.
const MAX_DEPTH: usize = 24;

/// Most patterns of a condition; each takes memory of its own on each thread that evaluates it.
const MAX_PATTERNS: usize = 16;
/// Most steps that evaluating a condition may take, whatever the resource: some milliseconds.
const MAX_STEPS: usize = 20_000;
/// Steps that a pattern counts for.
const PATTERN_STEPS: usize = 10;

type TypeResult = Result<ExpressionType, ConditionError>;

pub(crate) struct TypeChecker<'a> {
    source: &'a SourceInfo,
    /// The variable of the macro that we are in.
    variable: Option<(String, ExpressionType)>,
    constants: Vec<Box<dyn Val>>,
    reads: FieldSet,
    depth: usize,
    patterns: usize,
    /// Steps that evaluating takes at most, as far as it was checked.
    steps: usize,
    /// Times that what is checked is evaluated, at most.
    times: usize,
}

impl<'a> TypeChecker<'a> {
    pub(crate) fn new(source: &'a SourceInfo) -> Self {
        Self {
            source,
            variable: None,
            constants: Vec::new(),
            reads: FieldSet::default(),
            depth: 0,
            patterns: 0,
            steps: 0,
            times: 1,
        }
    }

    /// Constants that the expression refers to, and the fields that it reads.
    pub(crate) fn into_parts(self) -> (Vec<Box<dyn Val>>, FieldSet) {
        (self.constants, self.reads)
    }

    /// Checks that the expression is boolean, and rewrites it for evaluation.
    pub(crate) fn check_condition(&mut self, expression: &mut IdedExpr) -> Result<(), ConditionError> {
        self.expect(expression, ExpressionType::Bool, "the condition")
    }

    fn refuse<T>(&self, id: u64, reason: impl Into<String>) -> Result<T, ConditionError> {
        let span = self.source.offset_for(id);
        Err(ConditionError {
            position: span.map(|(start, _)| start as usize),
            length: span.map_or(0, |(start, stop)| (stop + 1).saturating_sub(start) as usize),
            reason: reason.into(),
        })
    }

    /// Refuses a field where its name stands: the expression begins at the dot.
    fn refuse_field<T>(&self, id: u64, field: &str, reason: String) -> Result<T, ConditionError> {
        let dot = self.source.offset_for(id).map(|(start, _)| start as usize);
        let name = dot.and_then(|dot| Some(dot + self.source.source.get(dot..)?.find(field)?));
        Err(ConditionError {
            position: name.or(dot),
            length: field.len(),
            reason,
        })
    }

    fn expect(
        &mut self,
        expression: &mut IdedExpr,
        wanted: ExpressionType,
        what: &str,
    ) -> Result<(), ConditionError> {
        let found = self.kind(expression)?;
        if found == wanted {
            return Ok(());
        }
        self.refuse(
            expression.id,
            format!("{what} must be {}, this is {}", wanted.name(), found.name()),
        )
    }

    fn kind(&mut self, expression: &mut IdedExpr) -> TypeResult {
        if self.depth == MAX_DEPTH {
            return self.refuse(
                expression.id,
                format!("the expression is deeper than {MAX_DEPTH} levels"),
            );
        }
        self.take(expression.id, 1)?;
        self.depth += 1;
        let kind = self.kind_here(expression);
        self.depth -= 1;
        kind
    }

    /// Counts steps, each as often as it may be taken.
    fn take(&mut self, id: u64, steps: usize) -> Result<(), ConditionError> {
        self.steps += steps * self.times;
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        let reason =
            format!("the condition may take more than {MAX_STEPS} steps on a resource with {MAX_TAGS} tags");
        self.refuse(id, reason)
    }

    fn kind_here(&mut self, expression: &mut IdedExpr) -> TypeResult {
        let id = expression.id;
        match &mut expression.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Ok(ExpressionType::Bool),
                LiteralValue::Int(_) => Ok(ExpressionType::Int),
                LiteralValue::String(_) => Ok(ExpressionType::Text),
                _ => self.refuse(
                    id,
                    "only texts, whole numbers, true and false can be written here",
                ),
            },
            Expr::Ident(name) => self.variable(id, name),
            Expr::Select(_) => self.select(expression),
            Expr::Call(call) => self.call(id, call),
            Expr::List(_) => self.list(expression),
            Expr::Comprehension(comprehension) => self.comprehension(id, comprehension),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.refuse(id, "this is not available in conditions")
            }
        }
    }

    fn variable(&self, id: u64, name: &str) -> TypeResult {
        match &self.variable {
            Some((variable, kind)) if variable == name => Ok(*kind),
            _ if name == "resource" => {
                self.refuse(id, format!("`resource` needs a field: {}", FIELDS.join(", ")))
            }
            _ => self.refuse(
                id,
                format!("unknown variable `{name}`; conditions see only `resource`"),
            ),
        }
    }

    fn select(&mut self, expression: &mut IdedExpr) -> TypeResult {
        let id = expression.id;
        let Expr::Select(select) = &mut expression.expr else {
            return self.refuse(id, "not a field");
        };
        let shadowed = self
            .variable
            .as_ref()
            .is_some_and(|(variable, _)| variable == "resource");
        if matches!(&select.operand.expr, Expr::Ident(name) if name == "resource") && !shadowed {
            let Some(field) = FIELDS.iter().position(|field| *field == select.field) else {
                let reason = format!(
                    "`resource` has no field `{}`; it has {}",
                    select.field,
                    FIELDS.join(", ")
                );
                return self.refuse_field(id, &select.field, reason);
            };
            if select.test {
                return self.refuse(
                    id,
                    format!("`resource.{}` is always there; compare it with ''", select.field),
                );
            }
            self.reads.insert(FIELDS[field]);
            expression.expr = Expr::Ident(format!("@{}", FIELDS[field]));
            return Ok(if field >= FIELDS.len() - 2 {
                ExpressionType::Tags
            } else {
                ExpressionType::Text
            });
        }
        let test = select.test;
        self.expect(
            &mut select.operand,
            ExpressionType::Tags,
            "what a tag is taken from",
        )?;
        Ok(if test {
            ExpressionType::Bool
        } else {
            ExpressionType::Text
        })
    }

    fn list(&mut self, expression: &mut IdedExpr) -> TypeResult {
        let id = expression.id;
        let Expr::List(list) = &mut expression.expr else {
            return self.refuse(id, "not a list");
        };
        let mut element_kind = None;
        for element in &mut list.elements {
            if !matches!(element.expr, Expr::Literal(_)) {
                return self.refuse(element.id, "lists hold literals only");
            }
            let kind = self.kind(element)?;
            if *element_kind.get_or_insert(kind) != kind {
                return self.refuse(element.id, "all elements of a list must be of one type");
            }
        }
        let kind = match element_kind {
            Some(ExpressionType::Int) => ExpressionType::IntList,
            Some(ExpressionType::Text) => ExpressionType::TextList,
            Some(_) => return self.refuse(id, "lists hold texts or numbers"),
            None => return self.refuse(id, "the list is empty"),
        };
        let context = Context::default();
        let built = Value::resolve_val(expression, &context)
            .ok()
            .and_then(|list| Value::try_from(list.as_ref()).ok());
        let Some(built) = built.and_then(|list| Box::<dyn Val>::try_from(list).ok()) else {
            return self.refuse(id, "the list cannot be built");
        };
        expression.expr = self.constant(built);
        Ok(kind)
    }

    fn constant(&mut self, value: Box<dyn Val>) -> Expr {
        self.constants.push(value);
        Expr::Ident(format!("@{}", self.constants.len() - 1))
    }

    fn comprehension(&mut self, id: u64, comprehension: &mut ComprehensionExpr) -> TypeResult {
        if self.variable.is_some() {
            return self.refuse(id, "macros cannot be nested");
        }
        if comprehension.iter_var2.is_some() || matches!(comprehension.accu_init.expr, Expr::List(_)) {
            return self.refuse(id, "only the macros all, exists and exists_one are available");
        }
        let times = match &comprehension.iter_range.expr {
            Expr::List(list) => list.elements.len(),
            _ => MAX_TAGS,
        };
        let element = match self.kind(&mut comprehension.iter_range)? {
            ExpressionType::Tags | ExpressionType::TextList => ExpressionType::Text,
            ExpressionType::IntList => ExpressionType::Int,
            other => {
                return self.refuse(
                    id,
                    format!("a macro runs over tags or a list, this is {}", other.name()),
                );
            }
        };
        // The expansions: `@result || p`, `@result && p`, `p ? @result + 1 : @result`.
        let Expr::Call(step) = &mut comprehension.loop_step.expr else {
            return self.refuse(id, "unknown macro");
        };
        let predicate = usize::from(step.func_name != operators::CONDITIONAL);
        let Some(predicate) = step.args.get_mut(predicate) else {
            return self.refuse(id, "unknown macro");
        };
        self.variable = Some((comprehension.iter_var.clone(), element));
        self.times = times;
        let checked = self.expect(predicate, ExpressionType::Bool, "the test of a macro");
        self.times = 1;
        self.variable = None;
        checked.map(|()| ExpressionType::Bool)
    }

    fn call(&mut self, id: u64, call: &mut CallExpr) -> TypeResult {
        let name = call.func_name.clone();
        if let Some(target) = call.target.as_deref_mut() {
            return match (name.as_str(), call.args.len()) {
                ("startsWith" | "endsWith" | "contains", 1) => {
                    self.expect(target, ExpressionType::Text, "what a text function is called on")?;
                    self.expect(&mut call.args[0], ExpressionType::Text, "the argument")?;
                    Ok(ExpressionType::Bool)
                }
                ("lowerAscii", 0) => {
                    self.expect(target, ExpressionType::Text, "what a text function is called on")?;
                    Ok(ExpressionType::Text)
                }
                ("size", 0) => self.sized(target),
                ("matches", 1) => self.matches(call),
                _ => self.refuse(
                    id,
                    format!(
                        "there is no function `{name}` with {} arguments here",
                        call.args.len()
                    ),
                ),
            };
        }
        match (name.as_str(), call.args.as_mut_slice()) {
            ("size", [value]) => self.sized(value),
            (operators::LOGICAL_NOT, [value]) => {
                self.expect(value, ExpressionType::Bool, "what `!` negates")?;
                Ok(ExpressionType::Bool)
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [left, right]) => {
                self.expect(left, ExpressionType::Bool, "each side of `&&` and `||`")?;
                self.expect(right, ExpressionType::Bool, "each side of `&&` and `||`")?;
                Ok(ExpressionType::Bool)
            }
            (operators::CONDITIONAL, [test, yes, no]) => {
                self.expect(test, ExpressionType::Bool, "the test of `?`")?;
                let kind = self.kind(yes)?;
                self.expect(no, kind, "the other branch of `?`")?;
                Ok(kind)
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => self.compare(id, left, right, true),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                [left, right],
            ) => self.compare(id, left, right, false),
            (operators::IN, [element, container]) => self.membership(id, element, container),
            (operators::INDEX, [tags, key]) => {
                self.expect(tags, ExpressionType::Tags, "what is indexed")?;
                self.expect(key, ExpressionType::Text, "a tag key")?;
                Ok(ExpressionType::Text)
            }
            (name, _) if name.contains('_') => {
                self.refuse(id, "this operator is not available in conditions")
            }
            (name, _) => self.refuse(id, format!("unknown function `{name}`")),
        }
    }

    fn sized(&mut self, value: &mut IdedExpr) -> TypeResult {
        match self.kind(value)? {
            ExpressionType::Bool | ExpressionType::Int => {
                self.refuse(value.id, "only texts, tags and lists have a size")
            }
            _ => Ok(ExpressionType::Int),
        }
    }

    fn compare(&mut self, id: u64, left: &mut IdedExpr, right: &mut IdedExpr, equality: bool) -> TypeResult {
        let (a, b) = (self.kind(left)?, self.kind(right)?);
        let comparable = matches!(a, ExpressionType::Text | ExpressionType::Int)
            || (equality && a == ExpressionType::Bool);
        if a == b && comparable {
            return Ok(ExpressionType::Bool);
        }
        self.refuse(id, format!("{} cannot be compared with {}", a.name(), b.name()))
    }

    fn membership(&mut self, id: u64, element: &mut IdedExpr, container: &mut IdedExpr) -> TypeResult {
        match (self.kind(element)?, self.kind(container)?) {
            (ExpressionType::Text, ExpressionType::Tags | ExpressionType::TextList)
            | (ExpressionType::Int, ExpressionType::IntList) => Ok(ExpressionType::Bool),
            (a, b) => self.refuse(id, format!("{} cannot be in {}", a.name(), b.name())),
        }
    }

    fn matches(&mut self, call: &mut CallExpr) -> TypeResult {
        if let Some(target) = call.target.as_deref_mut() {
            self.expect(target, ExpressionType::Text, "what a text function is called on")?;
        }
        let argument = &mut call.args[0];
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return self.refuse(argument.id, format!("more than {MAX_PATTERNS} patterns"));
        }
        self.take(argument.id, PATTERN_STEPS)?;
        let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
            return self.refuse(argument.id, "the pattern of `matches` must be a literal text");
        };
        let pattern = match complexity_limits::pattern(text.inner()) {
            Ok(pattern) => pattern,
            Err(reason) => return self.refuse(argument.id, reason),
        };
        argument.expr = self.constant(Box::new(PatternValue(pattern)));
        MATCHES.clone_into(&mut call.func_name);
        Ok(ExpressionType::Bool)
    }
}
