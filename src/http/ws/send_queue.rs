//! Send queue of a websocket, bounded in messages and in bytes. Senders wait while it is full.

use crate::graphql::response_budget::Reservation;
use crate::http::graphql::executor::Payload;
use crate::http::limits;
use axum::extract::ws::Message;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Sending end of the queue.
#[derive(Clone)]
pub struct SendQueue {
    sender: mpsc::Sender<QueuedMessage>,
    bytes: Arc<Semaphore>,
}

/// Message in the queue, with its share of the bytes.
pub struct QueuedMessage {
    content: MessageContent,
    _bytes: Option<OwnedSemaphorePermit>,
    _reservation: Reservation,
}

/// Content of a message.
enum MessageContent {
    Message(Message),
    /// Payload for the operation with this id; its text is shared with other websockets until it is sent.
    Next(Arc<str>, Arc<Payload>),
}

/// Error of a queue whose websocket has closed.
#[derive(Clone, Copy, Debug)]
pub struct SocketClosed;

/// Builds an empty queue, and its receiving end.
pub fn send_queue() -> (SendQueue, mpsc::Receiver<QueuedMessage>) {
    let (sender, receiver) = mpsc::channel(limits::SOCKET_QUEUE);
    let bytes = Arc::new(Semaphore::new(limits::SOCKET_QUEUE_BYTES));
    (SendQueue { sender, bytes }, receiver)
}

impl SendQueue {
    /// Queues a message as soon as the queue has room.
    pub async fn send(&self, message: Message) -> Result<(), SocketClosed> {
        self.send_reserved(message, Reservation::default()).await
    }

    /// Queues a message, with memory that is reserved until it has been sent.
    pub async fn send_reserved(
        &self,
        message: Message,
        reservation: Reservation,
    ) -> Result<(), SocketClosed> {
        let bytes = match &message {
            Message::Text(text) => text.len(),
            _ => 0,
        };
        self.push(MessageContent::Message(message), bytes, reservation)
            .await
    }

    /// Queues a payload for the operation with this id.
    pub async fn send_next(&self, id: &Arc<str>, payload: Arc<Payload>) -> Result<(), SocketClosed> {
        let bytes = payload.json().len();
        let content = MessageContent::Next(id.clone(), payload);
        self.push(content, bytes, Reservation::default()).await
    }

    /// Queues a message if the queue has room; gives whether it had.
    pub fn try_send(&self, message: Message) -> bool {
        let message = QueuedMessage {
            content: MessageContent::Message(message),
            _bytes: None,
            _reservation: Reservation::default(),
        };
        self.sender.try_send(message).is_ok()
    }

    async fn push(
        &self,
        content: MessageContent,
        bytes: usize,
        reservation: Reservation,
    ) -> Result<(), SocketClosed> {
        // A message that is larger than the queue waits until it is alone.
        let bytes = bytes.min(limits::SOCKET_QUEUE_BYTES) as u32;
        let bytes = self.bytes.clone().acquire_many_owned(bytes).await;
        let message = QueuedMessage {
            content,
            _bytes: Some(bytes.map_err(|_| SocketClosed)?),
            _reservation: reservation,
        };
        self.sender.send(message).await.map_err(|_| SocketClosed)
    }
}

impl QueuedMessage {
    /// Message as it goes over the wire.
    pub fn message(&self) -> Message {
        match &self.content {
            MessageContent::Message(message) => message.clone(),
            MessageContent::Next(id, payload) => {
                let id = serde_json::Value::from(&**id).to_string();
                let json = payload.json();
                let parts = [r#"{"type":"next","id":"#, &id, r#","payload":"#, json, "}"];
                Message::Text(parts.concat().into())
            }
        }
    }

    /// Marks its payload as delivered to the network.
    pub fn mark_sent(&self) {
        if let MessageContent::Next(_, payload) = &self.content {
            payload.mark_delivered();
        }
    }
}
