//! What waits until a socket's client reads it: bounded in messages and in bytes. Who has more to say waits.

use crate::graphql::response_budget::Reservation;
use crate::http::graphql::executor::payload::Payload;
use crate::http::limits;
use axum::extract::ws::Message;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The end of the queue where messages go in.
#[derive(Clone)]
pub struct Queue {
    sender: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

/// A message that waits, and the room that it takes.
pub struct Waiting {
    outgoing: Outgoing,
    _room: Option<OwnedSemaphorePermit>,
    _reservation: Reservation,
}

/// What is to be sent.
enum Outgoing {
    Message(Message),
    /// An answer for the operation with this id; the text is shared with others until it is sent.
    Next(Arc<str>, Arc<Payload>),
}

/// The socket is gone.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

/// An empty queue, and where its messages come out.
pub fn new() -> (Queue, mpsc::Receiver<Waiting>) {
    let (sender, receiver) = mpsc::channel(limits::SOCKET_QUEUE);
    let room = Arc::new(Semaphore::new(limits::SOCKET_QUEUE_BYTES));
    (Queue { sender, room }, receiver)
}

impl Queue {
    /// Queues a message as soon as there is room.
    pub async fn send(&self, message: Message) -> Result<(), Gone> {
        self.send_reserved(message, Reservation::default()).await
    }

    /// Queues a message, for which memory is set aside until it has been sent.
    pub async fn send_reserved(&self, message: Message, reservation: Reservation) -> Result<(), Gone> {
        let bytes = match &message {
            Message::Text(text) => text.len(),
            _ => 0,
        };
        self.push(Outgoing::Message(message), bytes, reservation).await
    }

    /// Queues an answer for the operation with this id.
    pub async fn send_next(&self, id: &Arc<str>, payload: Arc<Payload>) -> Result<(), Gone> {
        let bytes = payload.json().len();
        let outgoing = Outgoing::Next(id.clone(), payload);
        self.push(outgoing, bytes, Reservation::default()).await
    }

    /// Queues a message if there is room for another one; gives whether there was.
    pub fn try_send(&self, message: Message) -> bool {
        let waiting = Waiting {
            outgoing: Outgoing::Message(message),
            _room: None,
            _reservation: Reservation::default(),
        };
        self.sender.try_send(waiting).is_ok()
    }

    async fn push(&self, outgoing: Outgoing, bytes: usize, reservation: Reservation) -> Result<(), Gone> {
        // One that is larger than all the room waits until it is alone.
        let bytes = bytes.min(limits::SOCKET_QUEUE_BYTES) as u32;
        let room = self.room.clone().acquire_many_owned(bytes).await;
        let waiting = Waiting {
            outgoing,
            _room: Some(room.map_err(|_| Gone)?),
            _reservation: reservation,
        };
        self.sender.send(waiting).await.map_err(|_| Gone)
    }
}

impl Waiting {
    /// The message as it goes over the wire.
    pub fn message(&self) -> Message {
        match &self.outgoing {
            Outgoing::Message(message) => message.clone(),
            Outgoing::Next(id, payload) => {
                let id = serde_json::Value::from(&**id).to_string();
                let json = payload.json();
                let parts = [r#"{"type":"next","id":"#, &id, r#","payload":"#, json, "}"];
                Message::Text(parts.concat().into())
            }
        }
    }

    /// It was handed to the network.
    pub fn mark_sent(&self) {
        if let Outgoing::Next(_, payload) = &self.outgoing {
            payload.mark_delivered();
        }
    }
}
