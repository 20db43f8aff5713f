//! Execution of operations for an actor, with the loaders of one request.

use crate::auth::{AccountScope, Actor, with_account_scope};
use crate::graphql::error::Code;
use crate::graphql::loaders::Loaders;
use crate::graphql::loaders::batch_driver::{BatchBarrier, BatchDriver};
use crate::graphql::schema::Schema;
use crate::graphql::state::{RequestId, Services};
use crate::graphql::subscriptions::progress::SubscriptionProgress;
use async_graphql::{Request, Response};
use futures::Stream;
use std::sync::Arc;

/// Executes a query or a mutation for an actor. Without an actor every field fails with `UNAUTHENTICATED`.
pub async fn execute(
    schema: &Schema,
    services: &Services,
    request: Request,
    actor: Option<Actor>,
    id: RequestId,
) -> Response {
    let barrier = BatchBarrier::default();
    let scope = scope(actor.as_ref());
    let request = prepare(request, services, actor, id, barrier.clone());
    with_account_scope(&scope, BatchDriver::new(schema.execute(request), barrier)).await
}

/// Executes a subscription for an actor: one response per event.
pub fn subscribe(
    schema: &Schema,
    services: &Services,
    request: Request,
    actor: Option<Actor>,
    id: RequestId,
    progress: Arc<SubscriptionProgress>,
) -> impl Stream<Item = Response> + Send + Unpin + use<> {
    let barrier = BatchBarrier::default();
    let scope = scope(actor.as_ref());
    let request = prepare(request.data(progress), services, actor, id, barrier.clone());
    with_account_scope(&scope, BatchDriver::new(schema.execute_stream(request), barrier))
}

/// Account scope of an actor; no accounts without an actor.
fn scope(actor: Option<&Actor>) -> AccountScope {
    actor.map_or(AccountScope::Only(Vec::new()), |actor| actor.scope.clone())
}

/// Adds the request's id, the actor and the actor's loaders to a request.
fn prepare(
    request: Request,
    services: &Services,
    actor: Option<Actor>,
    id: RequestId,
    barrier: BatchBarrier,
) -> Request {
    let request = request.data(id);
    match actor {
        None => request,
        Some(actor) => {
            let (db, scope) = (services.reads(&actor.scope).clone(), actor.scope.clone());
            request
                .data(Loaders::new(db, scope, services.page_limits, barrier))
                .data(actor)
        }
    }
}

/// Adds a code and the id of the request to every error of a response.
///
/// Errors of resolvers have a code; an error without one comes from the library: with a path, an argument that did not
/// convert; without one, a document that did not validate.
pub fn annotate_errors(response: &mut Response, request_id: &RequestId) {
    for error in &mut response.errors {
        let code = if error.path.is_empty() {
            Code::GraphqlValidationFailed
        } else {
            Code::BadUserInput
        };
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code.as_str());
        }
        extensions.set("requestId", request_id.0.as_str());
    }
}
