//! Patterns of conditions, as values of CEL.

use std::sync::LazyLock;

use cel::common::types::Type;
use cel::common::value::{StaticVal, Val};
use regex::Regex;

/// The function that `x.matches('...')` is compiled to; no condition can spell it.
pub(crate) const MATCHES: &str = "@matches";

/// Compiled pattern as a CEL value.
#[derive(Clone, Debug)]
pub(crate) struct PatternValue(pub Regex);

pub(super) const PATTERN_NAME: &str = "pattern";
static PATTERN_TYPE: LazyLock<Type> = LazyLock::new(|| Type::new_opaque_type(PATTERN_NAME));

impl Val for PatternValue {
    fn get_type(&self) -> &Type {
        &PATTERN_TYPE
    }

    fn cel_type() -> &'static Type {
        &PATTERN_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

impl StaticVal for PatternValue {}
