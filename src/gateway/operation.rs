//! Operations that the gateway admitted, and what their errors may say.

use super::document::Document;
use super::rate_limit::REQUEST_COST;
use super::{redact, values};
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, ServerError, UploadValue, Variables};
use std::sync::Arc;

/// Operation that passed every check, ready to be executed.
pub struct AdmittedOperation {
    request: Request,
    kind: OperationType,
    document: Arc<Document>,
    cost: u64,
    hides_names: bool,
}

impl AdmittedOperation {
    /// `operation` is the one of the document that the request names, and `cost` what its caller paid for it.
    pub(super) fn new(
        document: Arc<Document>,
        operation: &OperationDefinition,
        mut request: Request,
        cost: u64,
        hides_names: bool,
    ) -> Self {
        request.set_parsed_query(executable(&document, operation, &request.variables));
        Self {
            kind: operation.ty,
            request,
            document,
            cost,
            hides_names,
        }
    }

    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationType {
        self.kind
    }

    /// Document of which this is an operation.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Name of the operation, if the request gives one.
    pub fn name(&self) -> Option<&str> {
        self.request.operation_name.as_deref()
    }

    /// Cost of the operation, see [`super::cost`].
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// Units that the caller's bucket paid for the operation and its request.
    pub fn charged(&self) -> u64 {
        REQUEST_COST + self.cost
    }

    /// Values of the variables.
    pub fn variables(&self) -> &Variables {
        &self.request.variables
    }

    /// Attaches the files that the variables name, in their order.
    pub fn attach_files(&mut self, files: Vec<UploadValue>) {
        self.request.uploads = files;
    }

    /// Request as the schema executes it.
    pub fn into_request(self) -> Request {
        self.request
    }

    /// Request for executing the operation once more, without files.
    pub fn new_request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables().clone());
        request.operation_name.clone_from(&self.request.operation_name);
        // The operation was found when it was admitted.
        if let Ok(operation) = self.document.operation(self.name()) {
            request.set_parsed_query(executable(&self.document, operation, self.variables()));
        }
        request
    }
}

/// Document as it is executed with these variables.
fn executable(
    document: &Document,
    operation: &OperationDefinition,
    variables: &Variables,
) -> ExecutableDocument {
    let mut parsed = document.parsed.clone();
    values::omit_unset_variables(&mut parsed, operation, variables);
    parsed
}

/// Context of an operation's errors: the document and variables that they are about, and whether the caller may read
/// the schema's names in them.
pub struct ErrorContext {
    document: Arc<Document>,
    /// Empty where no names are hidden.
    variables: Variables,
    hides_names: bool,
}

impl ErrorContext {
    /// Rewrites the errors of async-graphql for the caller. `was_executed` says whether they are errors of execution, and
    /// not of validation.
    pub fn rewrite(&self, errors: &mut [ServerError], was_executed: bool) {
        if self.hides_names {
            redact::hide_names(errors, &self.document.text, &self.variables);
        }
        if !was_executed {
            values::attribute_errors_to_variables(&self.document.parsed, errors);
        }
    }
}

impl From<&AdmittedOperation> for ErrorContext {
    fn from(operation: &AdmittedOperation) -> Self {
        let hides_names = operation.hides_names;
        Self {
            document: operation.document.clone(),
            variables: if hides_names {
                operation.variables().clone()
            } else {
                Variables::default()
            },
            hides_names,
        }
    }
}
