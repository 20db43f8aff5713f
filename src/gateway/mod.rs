//! GraphQL gateway: the checks between a transport and the execution of an operation.
//!
//! GraphQL over HTTP, uploads and websockets (and with them the shared subscriptions) send each request through one
//! [`Gateway`], in this order. What refuses a request ends its way; later steps see only what earlier ones passed.
//!
//! While the request comes in:
//!
//! 1. [`Gateway::charge_requests`] takes the fixed cost of a request from its caller's bucket ([`rate_limit`]), before
//!    its body is read.
//! 2. [`Gateway::text_meter`] takes the cost of its bytes as they come.
//!
//! In [`Gateway::admit`]:
//!
//! 3. [`persisted`] finds the document that a hash or an id names, or takes the text.
//! 4. [`document_cache`] finds the text parsed, or has it parsed and checked, steps 5 to 8.
//! 5. [`lexical_limits`] counts bytes, tokens and nesting before the parser sees the text.
//! 6. [`document`] parses it.
//! 7. [`operation_limits`] counts depth, selections, root fields, aliases and directives with fragments spread.
//! 8. [`values`] refuses literals with NUL and forged names of files; a subscription must select one field.
//! 9. The operation is chosen by its name.
//! 10. Introspection needs an administrator, or a service that is open to developers.
//! 11. [`validation`] refuses what the specification forbids and async-graphql would execute. What it checks itself, it
//!     checks when it executes. [`redact`] hides the schema's names from callers who may not read it.
//! 12. [`values`] refuses variables that are not declared, lack a required value, or have NUL.
//! 13. [`cost`] computes the cost with the values of the variables; an operation must not cost more than the limit.
//! 14. The caller's bucket pays the cost.
//!
//! Before it is executed:
//!
//! 15. [`concurrency`] gives a permit: at once for a subscription, which lasts; after a short wait for others.
//!
//! The gateway is to become a crate. It depends on `config` (limits), on `graphql` for the text of the schema
//! ([`schema_index`]), its builder ([`validation`]), the error codes and the response budget, and on `domain::keyset` for
//! the default size of a page ([`cost`]); on nothing of `http`, and on no table.

pub mod caller_limit;
pub mod concurrency;
pub mod cost;
pub mod document;
pub mod document_cache;
pub mod error;
pub mod lexical_limits;
mod limits;
pub mod normal_form;
mod operation;
mod operation_limits;
mod persisted;
pub mod rate_limit;
mod redact;
pub mod schema_index;
mod validation;
pub mod values;

pub use operation::{AdmittedOperation, ErrorContext};
pub use persisted::{EXTENSION, TrustedDocumentsError};

use crate::config::{GraphqlConfig, Limits};
use crate::graphql::error::Code;
use async_graphql::{Request, ServerError};
use concurrency::ConcurrencyLimiter;
use document::Document;
use error::{AdmissionError, LimitError};
use persisted::PersistedDocuments;
use rate_limit::{Meter, REQUEST_COST, RateLimiter, TEXT_BYTES};
use std::sync::Arc;

/// Caller of a request, as far as the gateway needs to know.
#[derive(Clone, Copy, Debug)]
pub struct GatewayCaller<'a> {
    /// Name of the caller's bucket and shares.
    pub subject: &'a str,
    /// Permission to read the schema wherever the service runs.
    pub is_admin: bool,
}

/// Checks that each request passes, and the state that they keep.
pub struct Gateway {
    documents: PersistedDocuments,
    rate_limiter: Arc<RateLimiter>,
    concurrency: ConcurrencyLimiter,
    config: GraphqlConfig,
}

impl Gateway {
    /// Builds a gateway as configured. Reads the trusted documents.
    pub fn new(config: &GraphqlConfig) -> Result<Self, TrustedDocumentsError> {
        Ok(Self {
            documents: PersistedDocuments::open(config)?,
            rate_limiter: Arc::new(RateLimiter::new(config.rate)),
            concurrency: ConcurrencyLimiter::new(config),
            config: config.clone(),
        })
    }

    /// Refuses a configuration that [`Gateway::new`] would refuse.
    pub fn check_config(config: &GraphqlConfig) -> Result<(), TrustedDocumentsError> {
        PersistedDocuments::open(config).map(drop)
    }

    /// Configuration of GraphQL.
    pub fn config(&self) -> &GraphqlConfig {
        &self.config
    }

    /// Limits of one operation.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Buckets of the callers.
    pub fn rate_limiter(&self) -> &Arc<RateLimiter> {
        &self.rate_limiter
    }

    /// Permits for operations, subscriptions, exports and the memory of responses.
    pub fn concurrency(&self) -> &ConcurrencyLimiter {
        &self.concurrency
    }

    /// Takes the fixed cost of so many requests from a caller's bucket.
    pub fn charge_requests(&self, subject: &str, requests: usize) -> Result<(), LimitError> {
        let cost = REQUEST_COST * requests as u64;
        self.rate_limiter.try_acquire(subject, cost)
    }

    /// Meter for the bytes of a caller's request, without those of files.
    pub fn text_meter<'a>(&'a self, subject: &'a str) -> Meter<'a> {
        self.rate_limiter.meter(subject, TEXT_BYTES)
    }

    /// Admits a request that was charged, or refuses it: steps 3 to 14 of the list above.
    pub fn admit(
        &self,
        caller: GatewayCaller<'_>,
        mut request: Request,
    ) -> Result<AdmittedOperation, AdmissionError> {
        let document = self.documents.find(&request)?;
        if request.operation_name.as_deref() == Some("") {
            request.operation_name = None;
        }
        let operation = document.operation(request.operation_name.as_deref())?;
        let may_read_schema = self.config.is_open || caller.is_admin;
        check_introspection(&document, may_read_schema)?;
        check_validity(&document, &request, may_read_schema)?;
        Document::check_variables(operation, &request.variables)?;
        values::check_variables(&request.variables)?;
        let cost = cost::of(&document.parsed, operation, &request.variables);
        self.check_cost(cost)?;
        self.rate_limiter.try_acquire(caller.subject, cost)?;
        Ok(AdmittedOperation::new(
            document.clone(),
            operation,
            request,
            cost,
            !may_read_schema,
        ))
    }

    fn check_cost(&self, cost: u64) -> Result<(), ServerError> {
        let most = u64::from(self.limits().cost);
        if cost <= most {
            return Ok(());
        }
        let message = format!(
            "the operation costs {cost}, and may cost {most}: ask for smaller pages, or for fewer lists within lists"
        );
        Err(Code::GraphqlValidationFailed.server_error(message))
    }
}

fn check_introspection(document: &Document, may_read_schema: bool) -> Result<(), ServerError> {
    if may_read_schema || !document.asks_for_schema {
        return Ok(());
    }
    let message = "the schema can be read by admins, or in development";
    Err(Code::IntrospectionDisabled.server_error(message))
}

fn check_validity(document: &Document, request: &Request, may_read_schema: bool) -> Result<(), ServerError> {
    let Some(mut invalid) = document.invalid.clone() else {
        return Ok(());
    };
    if !may_read_schema {
        let errors = std::slice::from_mut(&mut invalid);
        redact::hide_names(errors, &document.text, &request.variables);
    }
    Err(invalid)
}
