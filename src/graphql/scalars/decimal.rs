//! Exact decimal numbers in answers.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// Exact decimal number, as PostgreSQL gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

/// Exact decimal number as text, such as `"1234.5678"`: amounts of money, which floating-point numbers would round.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
