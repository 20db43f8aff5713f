//! Validation of trusted documents against the schema, without executing them.

use crate::graphql::schema::{Schema, builder};
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{Request, ServerError, ValidationResult};
use futures::FutureExt;
use std::sync::Arc;

/// Validator of documents by the rules of async-graphql.
pub struct DocumentValidator(Schema);

impl Default for DocumentValidator {
    /// Validator with the schema that requests are executed with.
    fn default() -> Self {
        Self(builder().extension(StopAfterValidation).finish())
    }
}

impl DocumentValidator {
    /// Errors of a document; none when it can be executed, given variables that fit.
    pub fn faults(&self, document: &str) -> Vec<String> {
        // Validation waits for nothing.
        let answer = self.0.execute(Request::new(document)).now_or_never();
        let errors = answer.map(|answer| answer.errors).unwrap_or_default();
        let found: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        match found.as_slice() {
            [only] if only == VALID => Vec::new(),
            [] => vec!["it could not be validated".to_owned()],
            _ => found,
        }
    }
}

/// Error that ends the execution of a valid document.
const VALID: &str = "valid";

/// Extension that ends each execution after validation.
struct StopAfterValidation;

impl ExtensionFactory for StopAfterValidation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StopAfterValidation {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        Err(vec![ServerError::new(VALID, None)])
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentValidator;

    #[test]
    fn documents_are_checked_and_not_executed() {
        let validator = DocumentValidator::default();
        for valid in [
            "{ viewer { subject } }",
            "query A { viewer { role } } query B($n: Int) { approvals(first: $n) { totalCount } }",
            "mutation($ids: [ID!]!) { approveTags(input: {ids: $ids}) { decided } }",
            "subscription { approvalStats { pending } }",
        ] {
            assert_eq!(validator.faults(valid), [""; 0], "{valid}");
        }
        for (invalid, why) in [
            ("{ viewer { subjcet } }", "subjcet"),
            ("{ approvals(first: \"many\") { totalCount } }", "first"),
            ("{ viewer }", "viewer"),
            ("query($x: Nothing) { viewer { subject } }", "Nothing"),
        ] {
            let faults = validator.faults(invalid);
            assert!(
                !faults.is_empty() && faults[0].contains(why),
                "{invalid}: {faults:?}"
            );
        }
    }
}
