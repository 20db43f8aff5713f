//! CEL conditions: compiling with limits, and matching against one resource.
//!
//! The language is CEL over one variable, `resource`, cut down to what rules need: comparison, logic, `in`, `has`,
//! indexing, `size`, `startsWith`, `endsWith`, `contains`, `matches`, `lowerAscii`, and the macros `all`,
//! `exists`, `exists_one` (not nested). What a condition takes at most on any resource is counted when it is compiled, and
//! bounded. `matches` takes a literal pattern, compiled once with the condition; how long patterns take is bounded when
//! they are evaluated, see [`allowance`].

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::IdedExpr;
use cel::common::types::{CelBool, CelString, STRING_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Value};

use super::condition_error::ConditionError;
use super::condition_input::{ConditionInput, FIELDS, FieldSet};
use super::doubts::{self, ConditionDoubt};
use super::necessary::Derivation;
use super::pattern_value::{MATCHES, PATTERN_NAME, PatternValue};
use super::requirement::Requirement;
use super::shared_by_text::SharedByText;
use super::type_check::TypeChecker;
use super::{allowance, azure_types, complexity_limits};

/// Stack for parsing and checking, in bytes; reserved, not used, by ordinary conditions.
const COMPILE_STACK: usize = 64 << 20;

/// Compiled condition. Cloning is cheap.
#[derive(Clone)]
pub struct Condition(Arc<CompiledCondition>);

struct CompiledCondition {
    text: String,
    expression: IdedExpr,
    /// Lists and patterns that do not depend on the resource, referred to as `@0`, `@1`, ...
    constants: Vec<Box<dyn Val>>,
    requirement: Requirement,
    doubts: Vec<ConditionDoubt>,
    reads: FieldSet,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.0.text).finish()
    }
}

/// Conditions in use: an engine that is loaded anew shares those of rules that did not change.
static IN_USE: LazyLock<SharedByText<CompiledCondition>> = LazyLock::new(SharedByText::default);

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib().with_optional_support(false);
    // Neither can fail: the names are declared nowhere else. If one did, calls to it would fail and match nothing.
    let pattern = vec![Type::new_opaque_type(PATTERN_NAME)];
    let _ = env.add_member_overload(
        MATCHES,
        "string_matches_pattern",
        STRING_TYPE,
        pattern,
        matches_pattern,
    );
    let _ = env.add_member_overload(
        "lowerAscii",
        "string_lower_ascii",
        STRING_TYPE,
        Vec::new(),
        lower_ascii,
    );
    Arc::new(env)
});

impl Condition {
    /// Compiles and type-checks `text`. Refuses with position and reason: text beyond the limits (4096 bytes, 1024
    /// tokens, 24 levels of brackets), syntax errors, unknown variables, fields and functions, operands of wrong
    /// types, patterns that are not literal or not valid, nested macros, and anything that is not boolean. A text that is
    /// compiled already, and in use, is not compiled again.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        complexity_limits::check(text)?;
        if let Some(known) = IN_USE.find(text) {
            return Ok(Self(known));
        }
        let owned = text.to_owned();
        let compiled = std::thread::Builder::new()
            .name("rule-compiler".to_owned())
            .stack_size(COMPILE_STACK)
            .spawn(move || compile(owned))
            .map_err(|error| fault(&format!("no thread to compile on: {error}")))?
            .join();
        let compiled = compiled.map_err(|_| fault("the parser failed on this text"))??;
        Ok(Self(IN_USE.add(text, compiled)))
    }

    /// The text that it was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Requirement that a resource meets if the condition holds.
    pub fn requirement(&self) -> &Requirement {
        &self.0.requirement
    }

    /// Parts of the condition that are probably not meant as they are.
    pub fn doubts(&self) -> &[ConditionDoubt] {
        &self.0.doubts
    }

    /// Fields of the resource that the condition reads.
    pub fn reads(&self) -> FieldSet {
        self.0.reads
    }

    /// True when the condition holds for this resource. A run-time failure (a tag that is not there) is no match.
    pub fn matches(&self, input: &ConditionInput) -> bool {
        let scope = ConditionScope {
            input,
            constants: &self.0.constants,
        };
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.set_variable_resolver(&scope);
        let result = Value::resolve_val(&self.0.expression, &context);
        result.is_ok_and(|value| value.downcast_ref::<CelBool>().is_some_and(|held| *held.inner()))
    }
}

fn fault(reason: &str) -> ConditionError {
    ConditionError {
        position: None,
        length: 0,
        reason: reason.to_owned(),
    }
}

/// Runs on the compiler's own large stack; what is refused is dropped there too.
fn compile(text: String) -> Result<CompiledCondition, ConditionError> {
    let parsed = ENV.parser().parse_with_source_info(&text);
    let (mut expression, source) = parsed.map_err(|errors| {
        // "Incomplete ..." only follows from the error that the author made.
        let mut errors = errors.errors;
        let cause = errors
            .iter()
            .position(|error| !error.msg.starts_with("Incomplete"))
            .unwrap_or_default();
        let first = (!errors.is_empty()).then(|| errors.swap_remove(cause));
        first.map_or_else(
            || fault("not a valid expression"),
            |error| ConditionError {
                position: byte_offset(&text, error.pos),
                length: 0,
                reason: one_line(&error.msg),
            },
        )
    })?;
    azure_types::lower_types(&mut expression);
    let written = expression.clone();
    let mut checker = TypeChecker::new(&source);
    checker.check_condition(&mut expression)?;
    let (constants, reads) = checker.into_parts();
    Ok(CompiledCondition {
        requirement: Derivation::default().holds(&written),
        doubts: doubts::of(&written, &source),
        text,
        expression,
        constants,
        reads,
    })
}

fn one_line(message: &str) -> String {
    message
        .lines()
        .next()
        .unwrap_or("not a valid expression")
        .to_owned()
}

/// The byte offset of a line and column, both from 1, the column in characters.
fn byte_offset(text: &str, (line, column): (isize, isize)) -> Option<usize> {
    let line_index = usize::try_from(line).ok()?.checked_sub(1)?;
    let column_index = usize::try_from(column).ok()?.saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line_index).map(str::len).sum();
    let rest = text.get(start..)?;
    Some(
        start
            + rest
                .char_indices()
                .nth(column_index)
                .map_or(rest.len(), |(at, _)| at),
    )
}

/// Resolves the names that the checker put into the expression.
struct ConditionScope<'a> {
    input: &'a ConditionInput,
    constants: &'a [Box<dyn Val>],
}

impl VariableResolver for ConditionScope<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let name = variable.strip_prefix('@')?;
        let value = match FIELDS.iter().position(|field| *field == name) {
            Some(field) => &self.input.fields[field],
            None => self.constants.get(name.parse::<usize>().ok()?)?,
        };
        Some(CowVal::Borrowed(value.as_ref()))
    }
}

fn matches_pattern<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let found = match arguments.as_slice() {
        [text, pattern] => text
            .downcast_ref::<CelString>()
            .zip(pattern.downcast_ref::<PatternValue>()),
        _ => None,
    };
    let (text, pattern) = found.ok_or_else(ExecutionError::missing_argument_or_target)?;
    if !allowance::allows(text.inner().len()) {
        return Err(ExecutionError::function_error(
            "matches",
            "the rule takes too long",
        ));
    }
    Ok(CowVal::owned(CelBool::from(pattern.0.is_match(text.inner()))))
}

fn lower_ascii<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = arguments
        .first()
        .and_then(|text| text.downcast_ref::<CelString>());
    let text = text.ok_or_else(ExecutionError::missing_argument_or_target)?;
    Ok(CowVal::owned(CelString::from(text.inner().to_ascii_lowercase())))
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
