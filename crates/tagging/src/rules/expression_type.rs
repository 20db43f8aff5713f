//! Types of expressions in conditions.

/// Type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpressionType {
    Bool,
    Int,
    Text,
    Tags,
    TextList,
    IntList,
}

impl ExpressionType {
    /// Name for the rule's author, with its article.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Int => "a number",
            Self::Text => "text",
            Self::Tags => "a map of tags",
            Self::TextList => "a list of texts",
            Self::IntList => "a list of numbers",
        }
    }
}
