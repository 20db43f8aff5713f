//! The operations that run on one socket.

use super::protocol::ServerMessage;
use super::queue::Queue;
use crate::auth::Actor;
use crate::gateway::caller_limit::Permit;
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use crate::http::SharedHttpState;
use crate::http::error::HttpError;
use crate::http::fanout::{SharedSubscriptions, Step, Subscriber};
use crate::http::graphql::executor::{Executor, GraphqlResponse, Operation, RequestError};
use crate::telemetry::names;
use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use futures::StreamExt;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The running operations of a socket by their ids. Dropping it ends them.
pub struct Operations {
    state: SharedHttpState,
    outgoing: Queue,
    request_id: RequestId,
    running: HashMap<String, Running>,
    started: u64,
    ended_sender: mpsc::UnboundedSender<Ended>,
    ended: mpsc::UnboundedReceiver<Ended>,
}

/// Names a finished operation; the number tells it from a later one with the same id.
pub struct Ended {
    id: String,
    number: u64,
}

/// A task that ends when this is dropped.
struct Running {
    number: u64,
    task: JoinHandle<()>,
    _permit: Option<Permit>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        metrics::gauge!(names::SOCKET_OPERATIONS).decrement(1);
    }
}

impl Operations {
    /// No operations yet. Their messages go to `outgoing`; their errors carry the socket's request id.
    pub fn new(state: SharedHttpState, outgoing: Queue, request_id: RequestId) -> Self {
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

    /// Whether an operation with this id runs.
    pub fn contains(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Waits for an operation to end by itself. Never ends when none does.
    pub async fn next_ended(&mut self) -> Ended {
        match self.ended.recv().await {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    /// Forgets an operation that has ended by itself.
    pub fn forget(&mut self, ended: &Ended) {
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

    /// Starts an operation, or says why not in an `error` message.
    pub async fn start(&mut self, id: String, request: Result<Request, HttpError>, actor: Actor) {
        let (operation, permit) = match self.admit(request, &actor) {
            Ok(admitted) => admitted,
            Err(request_error) => return refuse(&self.outgoing, &id, request_error, &self.request_id).await,
        };
        self.started += 1;
        let number = self.started;
        let job = Job {
            state: self.state.clone(),
            outgoing: self.outgoing.clone(),
            request_id: self.request_id.clone(),
            id: id.as_str().into(),
        };
        let (ended, ended_id) = (self.ended_sender.clone(), id.clone());
        let task = tokio::spawn(async move {
            job.run(operation, actor).await;
            // The socket may be gone, and nobody left to tell.
            let _gone = ended.send(Ended { id: ended_id, number });
        });
        metrics::gauge!(names::SOCKET_OPERATIONS).increment(1);
        let running = Running {
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
    ) -> Result<(Operation, Option<Permit>), RequestError> {
        let (request, executor) = (request?, &self.state.executor);
        let most = executor.config().socket_operations;
        if self.running.len() >= most {
            let message = format!("a socket runs {most} operations at most");
            return Err(Code::RateLimited.server_error(message).into());
        }
        let operation = executor.admit(request, actor)?;
        let permit = match operation.kind() {
            OperationType::Subscription => {
                Some(executor.concurrency().try_acquire_subscription(&actor.subject)?)
            }
            OperationType::Query | OperationType::Mutation => None,
        };
        Ok((operation, permit))
    }
}

/// One operation on its way.
struct Job {
    state: SharedHttpState,
    outgoing: Queue,
    request_id: RequestId,
    id: Arc<str>,
}

impl Job {
    /// Sends every answer, then `complete`; or `error`, when the operation was not executed.
    async fn run(self, operation: Operation, actor: Actor) {
        // What each of many thousand subscriptions keeps is small; what the others need is put aside.
        let ended = if operation.kind() == OperationType::Subscription {
            let executor = &self.state.executor;
            let (name, id) = (operation.name(), Some(&self.request_id));
            let mut entry = executor.access(&actor, "subscription", name, operation.cost(), id);
            let operation = Arc::new(operation);
            let ended = match SharedSubscriptions::join(&self.state, &operation, &actor, &self.request_id) {
                Ok(Some(mut subscriber)) => {
                    drop((operation, actor));
                    self.follow(&mut subscriber).await
                }
                Ok(None) => Box::pin(self.subscribe(&operation, actor)).await,
                Err(http_error) => {
                    refuse(&self.outgoing, &self.id, http_error.into(), &self.request_id).await;
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

    /// Sends what a member of a group is told; gives whether it is complete.
    async fn follow(&self, subscriber: &mut Subscriber) -> bool {
        loop {
            let sent = match subscriber.next().await {
                Step::Next(payload) => self.outgoing.send_next(&self.id, payload).await,
                Step::Complete => return true,
                Step::Failed(answer) => return self.refuse(&answer).await,
            };
            if sent.is_err() {
                return false;
            }
        }
    }

    /// Sends the answer; gives whether it is complete.
    async fn execute(&self, operation: Operation, actor: Actor) -> bool {
        let executor = &self.state.executor;
        let mut answer = match executor.execute(operation, actor, &self.request_id).await {
            Ok(answer) => answer,
            Err(full) => {
                refuse(&self.outgoing, &self.id, full.into(), &self.request_id).await;
                return false;
            }
        };
        if !answer.was_executed() {
            return self.refuse(&answer).await;
        }
        let reservation = answer.take_reservation();
        let next = ServerMessage::Next {
            id: &self.id,
            payload: &answer,
        };
        let message = next.into();
        drop(answer);
        self.outgoing.send_reserved(message, reservation).await.is_ok()
    }

    /// Sends the answers of a subscription that nobody shares; gives whether it is complete.
    async fn subscribe(&self, operation: &Arc<Operation>, actor: Actor) -> bool {
        let executor = &self.state.executor;
        let _permit = match executor.concurrency().acquire_execution(&actor.subject) {
            Ok(permit) => permit,
            Err(http_error) => {
                refuse(&self.outgoing, &self.id, http_error.into(), &self.request_id).await;
                return false;
            }
        };
        let mut answers = executor.subscribe(operation, actor, self.request_id.clone(), None);
        while let Some(answer) = answers.next().await {
            match answer {
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

    async fn refuse(&self, answer: &GraphqlResponse) -> bool {
        send_error(&self.outgoing, &self.id, answer).await;
        false
    }
}

/// Says why an operation is not executed.
async fn refuse(outgoing: &Queue, id: &str, request_error: RequestError, request_id: &RequestId) {
    let answer = GraphqlResponse::refused(request_error.into_error(), request_id);
    Executor::count_refused(answer.code());
    send_error(outgoing, id, &answer).await;
}

async fn send_error(outgoing: &Queue, id: &str, answer: &GraphqlResponse) {
    let error = ServerMessage::Error {
        id,
        payload: answer.errors(),
    };
    let _gone = outgoing.send(error.into()).await;
}
