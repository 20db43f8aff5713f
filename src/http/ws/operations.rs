//! Running operations of one websocket.

use super::protocol::ServerMessage;
use super::send_queue::SendQueue;
use crate::auth::Actor;
use crate::gateway::AdmittedOperation;
use crate::gateway::caller_limit::Permit;
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use crate::http::error::{HttpError, RequestError};
use crate::http::fanout::{Subscriber, SubscriberStep};
use crate::http::graphql::executor::{Executor, GraphqlResponse};
use crate::http::state::SharedHttpState;
use crate::telemetry::names;
use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use futures::StreamExt;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Running operations of a websocket by their ids. Dropping it ends them.
pub struct SocketOperations {
    state: SharedHttpState,
    outgoing: SendQueue,
    request_id: RequestId,
    running: HashMap<String, RunningOperation>,
    started: u64,
    ended_sender: mpsc::UnboundedSender<EndedOperation>,
    ended: mpsc::UnboundedReceiver<EndedOperation>,
}

/// Operation that has ended by itself. The number distinguishes it from a later one with the same id.
pub struct EndedOperation {
    id: String,
    number: u64,
}

/// Running operation. Its task is aborted when this is dropped.
struct RunningOperation {
    number: u64,
    task: JoinHandle<()>,
    _permit: Option<Permit>,
}

impl Drop for RunningOperation {
    fn drop(&mut self) {
        self.task.abort();
        metrics::gauge!(names::SOCKET_OPERATIONS).decrement(1);
    }
}

impl SocketOperations {
    /// No operations yet. Their messages go to `outgoing`; their errors carry the websocket's request id.
    pub fn new(state: SharedHttpState, outgoing: SendQueue, request_id: RequestId) -> Self {
        let (ended_sender, ended) = mpsc::unbounded_channel();
        Self {
            state,
            outgoing,
            request_id,
            running: HashMap::new(),
            started: 0,
            ended_sender,
            ended,
        }
    }

    /// An operation with this id runs.
    pub fn contains(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Waits for an operation to end by itself, for ever if none does.
    pub async fn next_ended(&mut self) -> EndedOperation {
        match self.ended.recv().await {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    /// Forgets an operation that has ended by itself.
    pub fn forget(&mut self, ended: &EndedOperation) {
        let is_same = self
            .running
            .get(&ended.id)
            .is_some_and(|running| running.number == ended.number);
        if is_same {
            self.running.remove(&ended.id);
        }
    }

    /// Ends an operation, if it runs.
    pub fn cancel(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// Starts an operation, or sends an `error` message.
    pub async fn start(&mut self, id: String, request: Result<Request, HttpError>, actor: Actor) {
        let (operation, permit) = match self.admit(request, &actor) {
            Ok(admitted) => admitted,
            Err(request_error) => return refuse(&self.outgoing, &id, request_error, &self.request_id).await,
        };
        self.started += 1;
        let number = self.started;
        let task = OperationTask {
            state: self.state.clone(),
            outgoing: self.outgoing.clone(),
            request_id: self.request_id.clone(),
            id: id.as_str().into(),
        };
        let (ended, ended_id) = (self.ended_sender.clone(), id.clone());
        let task = tokio::spawn(async move {
            task.run(operation, actor).await;
            // The websocket may have gone.
            let _gone = ended.send(EndedOperation { id: ended_id, number });
        });
        metrics::gauge!(names::SOCKET_OPERATIONS).increment(1);
        let running = RunningOperation {
            number,
            task,
            _permit: permit,
        };
        self.running.insert(id, running);
    }

    fn admit(
        &self,
        request: Result<Request, HttpError>,
        actor: &Actor,
    ) -> Result<(AdmittedOperation, Option<Permit>), RequestError> {
        let (request, executor) = (request?, &self.state.executor);
        let gateway = executor.gateway();
        let most = gateway.config().socket_operations;
        if self.running.len() >= most {
            let message = format!("a socket runs {most} operations at most");
            return Err(Code::RateLimited.server_error(message).into());
        }
        let operation = executor.admit(request, actor)?;
        let permit = match operation.kind() {
            OperationType::Subscription => {
                Some(gateway.concurrency().try_acquire_subscription(&actor.subject)?)
            }
            OperationType::Query | OperationType::Mutation => None,
        };
        Ok((operation, permit))
    }
}

/// Task of one operation.
struct OperationTask {
    state: SharedHttpState,
    outgoing: SendQueue,
    request_id: RequestId,
    id: Arc<str>,
}

impl OperationTask {
    /// Sends every response, then `complete`; or `error`, when the operation was not executed.
    async fn run(self, operation: AdmittedOperation, actor: Actor) {
        // The futures of queries are boxed: many thousand subscriptions must not each take their size.
        let ended = if operation.kind() == OperationType::Subscription {
            let executor = &self.state.executor;
            let (name, id) = (operation.name(), Some(&self.request_id));
            let mut entry = executor.access(&actor, "subscription", name, operation.cost(), id);
            let operation = Arc::new(operation);
            let ended =
                match Subscriber::join(&self.state.subscriptions, &operation, &actor, &self.request_id) {
                    Ok(Some(mut subscriber)) => {
                        drop((operation, actor));
                        self.follow(&mut subscriber).await
                    }
                    Ok(None) => Box::pin(self.subscribe(&operation, actor)).await,
                    Err(limit) => {
                        refuse(&self.outgoing, &self.id, limit.into(), &self.request_id).await;
                        false
                    }
                };
            entry.end(if ended { "OK" } else { "REFUSED" });
            ended
        } else {
            Box::pin(self.execute(operation, actor)).await
        };
        if ended {
            let complete = ServerMessage::Complete { id: &self.id };
            let _gone = self.outgoing.send(complete.into()).await;
        }
    }

    /// Sends the payloads of a shared subscription; gives whether it is complete.
    async fn follow(&self, subscriber: &mut Subscriber) -> bool {
        loop {
            let sent = match subscriber.next().await {
                SubscriberStep::Next(payload) => self.outgoing.send_next(&self.id, payload).await,
                SubscriberStep::Complete => return true,
                SubscriberStep::Failed(response) => return self.refuse(&response).await,
            };
            if sent.is_err() {
                return false;
            }
        }
    }

    /// Sends the response; gives whether it is complete.
    async fn execute(&self, operation: AdmittedOperation, actor: Actor) -> bool {
        let executor = &self.state.executor;
        let mut response = match executor.execute(operation, actor, &self.request_id).await {
            Ok(response) => response,
            Err(http_error) => {
                refuse(&self.outgoing, &self.id, http_error.into(), &self.request_id).await;
                return false;
            }
        };
        if !response.was_executed() {
            return self.refuse(&response).await;
        }
        let reservation = response.take_reservation();
        let next = ServerMessage::Next {
            id: &self.id,
            payload: &response,
        };
        let message = next.into();
        drop(response);
        self.outgoing.send_reserved(message, reservation).await.is_ok()
    }

    /// Sends the payloads of a subscription that cannot be shared; gives whether it is complete.
    async fn subscribe(&self, operation: &Arc<AdmittedOperation>, actor: Actor) -> bool {
        let executor = &self.state.executor;
        let _permit = match executor.gateway().concurrency().acquire_execution(&actor.subject) {
            Ok(permit) => permit,
            Err(limit) => {
                refuse(&self.outgoing, &self.id, limit.into(), &self.request_id).await;
                return false;
            }
        };
        let mut payloads = executor.subscribe(operation, actor, self.request_id.clone(), None);
        while let Some(payload) = payloads.next().await {
            match payload {
                Ok(payload) => {
                    if self
                        .outgoing
                        .send_next(&self.id, Arc::new(payload))
                        .await
                        .is_err()
                    {
                        return false;
                    }
                }
                Err(refused) => return self.refuse(&refused).await,
            }
        }
        true
    }

    async fn refuse(&self, response: &GraphqlResponse) -> bool {
        send_error(&self.outgoing, &self.id, response).await;
        false
    }
}

/// Sends the reason why an operation is not executed.
async fn refuse(outgoing: &SendQueue, id: &str, request_error: RequestError, request_id: &RequestId) {
    let response = GraphqlResponse::refused(request_error.into_error(), request_id);
    Executor::count_refused(response.code());
    send_error(outgoing, id, &response).await;
}

async fn send_error(outgoing: &SendQueue, id: &str, response: &GraphqlResponse) {
    let error = ServerMessage::Error {
        id,
        payload: response.errors(),
    };
    let _gone = outgoing.send(error.into()).await;
}
