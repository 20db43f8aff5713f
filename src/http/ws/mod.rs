//! GraphQL over websockets: the protocol `graphql-transport-ws`, with the same gateway and executor as over HTTP.

mod handshake;
mod operations;
mod protocol;
mod send_queue;
mod socket_limits;

pub use socket_limits::SocketLimits;

use crate::gateway::caller_limit::Permit;
use crate::gateway::rate_limit::message_cost;
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use crate::http::auth::{AuthError, Caller, Credentials, peer_of};
use crate::http::error::HttpError;
use crate::http::graphql::body::check_json;
use crate::http::graphql::request;
use crate::http::limits;
use crate::http::state::SharedHttpState;
use crate::telemetry::names;
use async_graphql::Request;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use handshake::Handshake;
use operations::SocketOperations;
use protocol::{ClientMessage, Close, MessageHead, SUBPROTOCOL, ServerMessage};
use send_queue::{QueuedMessage, SendQueue, send_queue};
use std::future::pending;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tracing::Instrument;

/// GET is the handshake of a websocket.
pub fn is_handshake(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens a websocket, for pages of allowed origins and for programs, which name no origin.
pub async fn open(
    state: SharedHttpState,
    upgrade: WebSocketUpgrade,
    parts: &Parts,
    id: RequestId,
) -> Result<Response, HttpError> {
    if !is_allowed_origin(&state.config.cors_origins, &parts.headers) {
        return Err(HttpError::new(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "pages of this origin may not call",
        ));
    }
    if state.draining.is_cancelled() {
        return Err(HttpError::unavailable("the service is stopping"));
    }
    let (shown, peer) = (Credentials::of(&parts.headers), peer_of(&parts.extensions));
    // Other schemes may be for a proxy; the credentials for the service come with `connection_init`.
    if state.authenticator.is_required() && shown.bearer_token().is_some() {
        state.authenticator.check(&shown, peer).await?;
    }
    let handshake = Handshake::begin(&state.socket_limits, shown, peer, &parts.extensions)?;
    let span = tracing::info_span!("websocket", request_id = %id.0);
    let message_bytes = state.executor.gateway().limits().body_bytes;
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(message_bytes)
        .max_frame_size(message_bytes)
        .read_buffer_size(limits::SOCKET_BUFFER)
        .write_buffer_size(limits::SOCKET_BUFFER)
        .on_upgrade(move |socket| {
            let sockets = state.sockets.clone();
            sockets.track_future(serve(state, socket, handshake, id).instrument(span))
        }))
}

/// Origin is this service, a configured one, or none.
fn is_allowed_origin(configured: &[String], headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    (origin_host.is_some() && origin_host == host) || configured.iter().any(|allowed| allowed == origin)
}

/// Serves a socket until one side closes it.
async fn serve(state: SharedHttpState, socket: WebSocket, handshake: Handshake, id: RequestId) {
    let speaks_protocol = socket
        .protocol()
        .is_some_and(|protocol| protocol.as_bytes() == SUBPROTOCOL.as_bytes());
    let gauge = metrics::gauge!(names::SOCKETS);
    gauge.increment(1);
    let (mut sink, stream) = socket.split();
    let close = if speaks_protocol {
        let (outgoing, waiting) = send_queue();
        let mut connection = SocketConnection {
            operations: SocketOperations::new(state.clone(), outgoing.clone(), id),
            state,
            outgoing,
            stream,
            handshake: Some(handshake),
            caller: None,
            permit: None,
        };
        // Reading must not wait for a client that does not read.
        tokio::select! {
            close = connection.run() => close,
            close = write(&mut sink, waiting) => Some(close),
        }
    } else {
        Some(Close::Subprotocol)
    };
    gauge.decrement(1);
    let farewell = async {
        let Some(close) = close else {
            // The reply to the client's close frame waits to be written.
            return sink.flush().await;
        };
        tracing::debug!(code = close.code(), "closing: {}", close.reason());
        let frame = CloseFrame {
            code: close.code(),
            reason: close.reason().into(),
        };
        sink.send(Message::Close(Some(frame))).await
    };
    // A client that has gone, or does not read, learns of it from its network.
    let _gone = tokio::time::timeout(limits::SOCKET_FAREWELL_TIME, farewell).await;
}

/// Sends queued messages. Ends only when the client has gone or does not read.
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<QueuedMessage>,
) -> Close {
    while let Some(first) = waiting.recv().await {
        let mut next = Some(first);
        // Memory of messages is released when they are sent, and not while they are in the socket's buffer.
        let mut fed = Vec::new();
        // Messages that have gathered go out together.
        while let Some(message) = next {
            if !in_time(sink.feed(message.message())).await {
                return Close::Unread;
            }
            message.mark_sent();
            fed.push(message);
            next = waiting.try_recv().ok();
        }
        if !in_time(sink.flush()).await {
            return Close::Unread;
        }
    }
    pending().await
}

/// Waits for a send; gives whether it ended in time.
async fn in_time(sending: impl Future<Output = Result<(), axum::Error>>) -> bool {
    let sent = tokio::time::timeout(limits::SOCKET_SEND_TIME, sending).await;
    matches!(sent, Ok(Ok(())))
}

/// Error of a message that is too long. Its type is not exported.
fn is_too_long(error: &axum::Error) -> bool {
    error.to_string().starts_with("Space limit exceeded")
}

/// State of one websocket.
struct SocketConnection {
    state: SharedHttpState,
    operations: SocketOperations,
    outgoing: SendQueue,
    stream: SplitStream<WebSocket>,
    /// Taken by `connection_init`.
    handshake: Option<Handshake>,
    /// Set by `connection_init`.
    caller: Option<Caller>,
    /// Permit for one of the caller's websockets.
    permit: Option<Permit>,
}

impl SocketConnection {
    /// Runs until the websocket ends. Gives how to close it, or nothing when the client closed it.
    async fn run(&mut self) -> Option<Close> {
        let init_end = Instant::now() + limits::SOCKET_INIT_TIME;
        let mut pings = tokio::time::interval_at(
            Instant::now() + limits::SOCKET_PING_EVERY,
            limits::SOCKET_PING_EVERY,
        );
        let mut checks = tokio::time::interval(limits::SOCKET_CHECK_EVERY);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let draining = self.state.draining.clone();
        loop {
            let remaining = self.caller.as_ref().and_then(Caller::remaining);
            let expiry = async {
                match remaining {
                    Some(remaining) => tokio::time::sleep(remaining).await,
                    None => pending().await,
                }
            };
            let is_initialised = self.caller.is_some();
            let is_revocable = self
                .caller
                .as_ref()
                .is_some_and(|caller| caller.api_token.is_some());
            tokio::select! {
                biased;
                () = draining.cancelled() => return Some(Close::Draining),
                () = expiry => return Some(Close::Forbidden),
                () = sleep_until(init_end), if !is_initialised => return Some(Close::InitTimeout),
                _ = checks.tick(), if is_revocable => {
                    if !self.is_still_accepted().await {
                        return Some(Close::Forbidden);
                    }
                }
                _ = pings.tick(), if is_initialised => {
                    // With a full queue a ping is of no use: `write` finds out whether the client reads.
                    let _full = self.outgoing.try_send(ServerMessage::Ping.into());
                }
                ended = self.operations.next_ended() => self.operations.forget(&ended),
                message = self.stream.next() => {
                    let message = match message? {
                        Ok(message) => message,
                        Err(error) if is_too_long(&error) || self.is_handshake_too_long() => {
                            return Some(Close::TooLong);
                        }
                        Err(_) => return None,
                    };
                    if let Err(close) = self.receive(message).await {
                        return close;
                    }
                }
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), Option<Close>> {
        let (message, bytes) = match message {
            Message::Text(text) => match self.check_text(text.as_str())? {
                Ok(()) => {
                    let message = ClientMessage::parse(text.as_str());
                    (message.map_err(|why| Some(Close::Invalid(why)))?, text.len())
                }
                Err((id, http_error)) => return self.start(id, Err(http_error)).await,
            },
            Message::Binary(_) => return Err(Some(Close::Invalid("messages are text".into()))),
            Message::Ping(_) | Message::Pong(_) => return self.charge_message(0).map_err(Some),
            Message::Close(_) => return Err(None),
        };
        match message {
            ClientMessage::ConnectionInit { payload } => self.initialise(payload.as_ref()).await?,
            ClientMessage::Ping { payload } => {
                self.charge_message(bytes)?;
                // Nothing is sent back to clients that are not authenticated.
                let payload = payload.filter(|_| self.caller.is_some());
                self.send(&ServerMessage::Pong { payload }).await;
            }
            ClientMessage::Pong => self.charge_message(bytes)?,
            ClientMessage::Subscribe { id, payload } => {
                self.start(id, request::from_payload(payload)).await?;
            }
            ClientMessage::Complete { id } => {
                self.charge_message(bytes)?;
                self.operations.cancel(&id);
            }
        }
        Ok(())
    }

    /// Charges a message, before it is parsed. A refused message that starts an operation has an error for its id; others
    /// close the websocket.
    fn check_text(&self, text: &str) -> Result<Result<(), (String, HttpError)>, Close> {
        if self.caller.is_none() && text.len() > limits::SOCKET_HANDSHAKE_BYTES {
            return Err(Close::TooLong);
        }
        let head = MessageHead::parse(text).map_err(Close::Invalid)?;
        let (Some(id), Some(caller)) = (head.subscribes(), &self.caller) else {
            let is_control = !head.carries_credentials();
            return match text.len() {
                length if is_control && length > limits::SOCKET_CONTROL_BYTES => Err(Close::TooLong),
                _ => Ok(Ok(())),
            };
        };
        let charged = self.charge_operation(&caller.actor.subject, text);
        Ok(charged.map_err(|http_error| (id, http_error)))
    }

    /// Charges a message that starts an operation, as a request over HTTP is charged.
    fn charge_operation(&self, subject: &str, text: &str) -> Result<(), HttpError> {
        let gateway = self.state.executor.gateway();
        gateway.charge_requests(subject, 1)?;
        gateway.text_meter(subject).try_acquire(text.len())?;
        check_json(text.as_bytes())
    }

    async fn start(&mut self, id: String, request: Result<Request, HttpError>) -> Result<(), Option<Close>> {
        let caller = self.caller.as_ref().ok_or(Close::Unauthorized)?;
        if id.is_empty() {
            return Err(Some(Close::Invalid("an operation's id must not be empty".into())));
        }
        if self.operations.contains(&id) {
            return Err(Some(Close::DuplicateOperation(id)));
        }
        let actor = caller.actor.clone();
        self.operations.start(id, request, actor).await;
        Ok(())
    }

    fn is_handshake_too_long(&self) -> bool {
        let handshake = self.handshake.as_ref();
        handshake.is_some_and(|handshake| handshake.allowance.is_spent())
    }

    /// Charges a message that starts no operation.
    fn charge_message(&self, bytes: usize) -> Result<(), Close> {
        let Some(caller) = &self.caller else {
            return Ok(());
        };
        let rate_limiter = self.state.executor.gateway().rate_limiter();
        let charged = rate_limiter.try_acquire(&caller.actor.subject, message_cost(bytes));
        charged.map_err(|_limit| Close::TooMany("messages"))
    }

    async fn is_still_accepted(&self) -> bool {
        match &self.caller {
            Some(caller) => self.state.authenticator.still_accepts(caller).await,
            None => true,
        }
    }

    async fn initialise(&mut self, payload: Option<&serde_json::Value>) -> Result<(), Close> {
        let handshake = self
            .handshake
            .take()
            .ok_or(Close::TooManyInits)?
            .or_payload(payload);
        let checked = self
            .state
            .authenticator
            .check(&handshake.shown, handshake.peer)
            .await;
        let caller = checked.map_err(|refused| match refused {
            AuthError::Invalid => Close::Forbidden,
            AuthError::Exhausted(_) | AuthError::Unavailable => Close::Unavailable,
        })?;
        let permit = self.state.socket_limits.acquire_open(&caller.actor.subject);
        self.permit = Some(permit.map_err(|_limit| Close::TooMany("websockets"))?);
        handshake.allowance.lift();
        self.caller = Some(caller);
        let _first_in_an_empty_queue = self.outgoing.try_send(ServerMessage::ConnectionAck.into());
        Ok(())
    }

    async fn send(&self, message: &ServerMessage<'_>) {
        // The queue ends only with the connection.
        let _ended = self.outgoing.send(message.into()).await;
    }
}
